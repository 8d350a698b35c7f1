"""Whether a mark's score says how often such marks are right."""

from __future__ import annotations

import numpy as np

from primum.evidence.marks.figures import FloatArray
from primum.evidence.marks.matching import Compared

_BINS = 10


def scores_ece(compared: Compared, weights: FloatArray, *, threshold: float) -> FloatArray:
    """Return the mean gap between score and share of hits over ten bins of the marks shown, shape (r,).

    Source: Kueppers et al. 2020, CVPR Workshops, "Multivariate confidence calibration for object detection", eq. 4.
    """
    shown = compared.score >= threshold
    of_marks = weights[compared.image[shown]]
    place = np.clip((compared.score[shown] * _BINS).astype(int), 0, _BINS - 1)
    off = (compared.score[shown] - compared.hit[shown])[:, None] * of_marks
    gaps = np.stack([np.abs(off[place == b].sum(0)) for b in range(_BINS)]).sum(0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(gaps / of_marks.sum(0))
