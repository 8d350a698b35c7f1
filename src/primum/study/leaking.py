"""The step of a run that attacks its own answers: do they give away who the model was trained on?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from primum.cohort import Cohort
from primum.cohort.columns import is_none
from primum.evidence import Finding, Predictions
from primum.evidence.predictions import FloatArray
from primum.evidence.slices import coded
from primum.privacy import membership_findings
from primum.privacy.canaries import canary_findings, draw_canaries
from primum.study.clock import Clock

if TYPE_CHECKING:  # the steps read the study; the study starts the runner, which starts the steps
    from primum.study.study import Study
    from primum.training.fit import Fitted

_MOST_LEVELS = 32
"""Levels of a category that have a feature of their own: the commonest."""


def membership_of(
    study: Study, cohort: Cohort, fitted: Fitted | None, predictions: Predictions, plain: Predictions, clock: Clock
) -> list[Finding]:
    """Return what membership inference finds in the answers in use and before calibration; nothing where switched off.

    Args:
        study: whether it is asked for, and the seed.
        cohort: its records, from which the shadow heads' features come.
        fitted: the model, of which only what its backbone made of the texts before it was tuned is used; None: nothing.
        predictions: in use.
        plain: before calibration.
        clock: is told of the step.
    """
    if not study.spec.assess.privacy:
        return []
    with clock.step("membership"):
        changed = plain.probabilities is not None and not np.array_equal(
            plain.probabilities, np.asarray(predictions.probabilities)
        )
        return membership_findings(
            predictions,
            uncalibrated=plain if changed else None,
            features=shadow_features(cohort, None if fitted is None else fitted.untuned_features),
            seed=study.spec.training.seed,
        )


def canaries_of(
    study: Study, cohort: Cohort, split: npt.NDArray[np.object_], fitted: Fitted, clock: Clock
) -> list[Finding]:
    """Return how well the model remembers the records that were planted in its training; nothing where none were."""
    asked = study.spec.assess.canaries
    if not asked:
        return []
    with clock.step("canaries"):
        canaries = draw_canaries(cohort, split, asked, seed=study.spec.training.seed)
        return canary_findings(fitted.predictor, canaries, cohort.target.values.astype(np.int64))


def shadow_features(cohort: Cohort, of_texts: FloatArray | None) -> FloatArray | None:
    """Return what can be said of each record without having trained on any: shape (n, d), or None for nothing.

    Vitals are numbers (the median where missing, and whether they are) and the commonest levels of categories.

    Args:
        cohort: the records.
        of_texts: the un-tuned backbone's features of the texts, shape (n, width); None where there are none.
    """
    parts = [] if of_texts is None else [np.asarray(of_texts, dtype=np.float64)]
    for vital in cohort.records.vitals.values():
        if vital.kind == "number":
            values = vital.values.astype(np.float64)
            missing = np.isnan(values)
            middle = float(np.median(values[~missing])) if not missing.all() else 0.0
            parts.append(np.column_stack([np.where(missing, middle, values), missing]))
        else:
            names = vital.values.astype(object)
            names[is_none(names)] = ""
            codes, levels = coded(names)
            common = np.argsort(-np.bincount(codes, minlength=len(levels)), kind="stable")[:_MOST_LEVELS]
            parts.append((codes[:, None] == common).astype(np.float64))
    return np.column_stack(parts) if parts else None
