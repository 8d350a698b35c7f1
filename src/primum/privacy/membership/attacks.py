"""The attacks: from what the answers show of each record to a score that says how likely it was trained on."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from primum.evidence.predictions import FloatArray
from primum.privacy.membership.shadows import DIVISIONS, Shadows

LOSS, CALIBRATED, RATIO = "loss_threshold", "calibrated", "likelihood_ratio"
ATTACKS: tuple[str, ...] = (LOSS, CALIBRATED, RATIO)
"""In order of what they need: the answers alone, then shadow heads as well."""
SOURCES: Mapping[str, str] = {
    LOSS: "Yeom et al. 2018, IEEE CSF",
    CALIBRATED: "Watson et al. 2022, ICLR",
    RATIO: "Carlini et al. 2022, IEEE S&P (offline variant)",
}
_PRIOR = 8
"""Heads' worth of weight that the common spread has beside a record's own: of 16 heads a spread is known to a fifth."""


def scores_of(known: FloatArray, shadows: Shadows | None) -> dict[str, FloatArray]:
    """Return each attack's score of every record, shape (n,); the higher, the more it looks trained on.

    `loss_threshold`: what the answer shows, as it is. `calibrated`: less what heads show that did not see the record,
    brought to the model's scale by least squares over members and non-members together (over one of them alone the fit
    itself would tell them apart). `likelihood_ratio`: that, in deviations of the record over those heads, drawn to the
    deviation that is usual.

    Args:
        known: of the audited model's answers.
        shadows: of the same records; None leaves only the first attack.
    """
    scores = {LOSS: known}
    if shadows is None:
        return scores
    centred = shadows.mean - shadows.mean.mean()
    slope = float(centred @ known) / (float(centred @ centred) or 1.0)
    beyond = known - known.mean() - slope * centred
    common, own = float((shadows.spread**2).mean()), shadows.spread**2
    spread = np.sqrt((_PRIOR * common + DIVISIONS * own) / (_PRIOR + DIVISIONS))
    return {**scores, CALIBRATED: beyond, RATIO: beyond / np.maximum(spread, 1e-12)}
