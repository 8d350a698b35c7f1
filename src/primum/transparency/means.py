"""Means over patients, each of whom counts once however many records they have, and their intervals."""

from __future__ import annotations

import numpy as np

from primum.evidence.intervals import LEVEL
from primum.later import stats
from primum.transparency.parts import FloatArray, IntArray


def mean_by(values: FloatArray, patients: IntArray) -> FloatArray:
    """Return the mean of each patient's values, shape (patients,).

    Args:
        values: shape (n,).
        patients: codes from 0, every one of which has a value, shape (n,).
    """
    return np.asarray(np.bincount(patients, weights=values) / np.bincount(patients), dtype=np.float64)


def ends_of_mean(values: FloatArray) -> tuple[float | None, float | None]:
    """Return Student's t interval of a mean; None of a single value."""
    if len(values) < 2:
        return None, None
    half = float(stats.t.ppf((1 + LEVEL) / 2, len(values) - 1)) * float(values.std(ddof=1)) / np.sqrt(len(values))
    return float(values.mean() - half), float(values.mean() + half)
