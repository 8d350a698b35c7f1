"""The stratum of each patient: what of the target should be equally frequent in every split."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from primum.cohort.cohort import Target

BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]

UNSTRATIFIED = -1
"""The stratum of patients without any label."""
_PER_STRATUM = 20
_MOST_STRATA = 10


def memberships(target: Target) -> BoolArray:
    """Return which record has which class or label, shape (n, k); k is 0 for a number."""
    if target.kind == "number":
        return np.zeros((len(target.values), 0), dtype=bool)
    if target.kind == "labels":
        return target.values.astype(bool)
    return np.asarray(target.values[:, None] == np.arange(len(target.classes)), dtype=bool)


def strata(target: Target, patient_of: IntArray, has: BoolArray, outside: BoolArray) -> IntArray:
    """Return each patient's stratum, shape (n_patients,).

    Classes and labels: the one among his that the fewest patients have. Number: the quantile of his median, with
    at most 10 quantiles and at least 20 patients in each.

    Args:
        target: the records' target.
        patient_of: index of each record's patient, shape (n,).
        has: which patient has which class or label, shape (n_patients, k).
        outside: external patients, who do not count, shape (n_patients,).
    """
    if target.kind == "number":
        return _quantiles(_medians(target.values.astype(np.float64), patient_of, len(has)), outside)
    frequency = has[~outside].sum(axis=0)
    by_rarity = np.lexsort((np.arange(len(frequency)), frequency))
    first = by_rarity[np.argmax(has[:, by_rarity], axis=1)] if has.shape[1] else np.zeros(len(has), dtype=np.int64)
    return np.where(has.any(axis=1), first, UNSTRATIFIED).astype(np.int64)


def _medians(values: npt.NDArray[np.float64], patient_of: IntArray, n_patients: int) -> npt.NDArray[np.float64]:
    order = np.lexsort((values, patient_of))
    counts = np.bincount(patient_of, minlength=n_patients)
    starts = np.cumsum(counts) - counts
    ordered = values[order]
    return np.asarray((ordered[starts + (counts - 1) // 2] + ordered[starts + counts // 2]) / 2, dtype=np.float64)


def _quantiles(values: npt.NDArray[np.float64], outside: BoolArray) -> IntArray:
    inside = values[~outside]
    n_strata = max(1, min(_MOST_STRATA, len(inside) // _PER_STRATUM))
    if not len(inside):
        return np.zeros(len(values), dtype=np.int64)
    edges = np.quantile(inside, np.arange(1, n_strata) / n_strata)
    return np.searchsorted(edges, values, side="right").astype(np.int64)
