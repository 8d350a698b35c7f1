"""How unlike a record and a class are: the scores that conformal sets are cut by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from primum.evidence.predictions import FloatArray, IntArray
from primum.registry import Registry
from primum.safety.calibration.scores import BoolArray

_CHUNK = 8192
_ROUNDING = 1e-12
"""Sums of the same probabilities in another order differ by less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One way to score classes; the lower, the more like the record."""

    name: str
    of_true: Callable[[FloatArray, IntArray], FloatArray]
    """Probabilities (m, k) and the true class of each row (m,) -> scores (m,)."""
    included: Callable[[FloatArray, FloatArray], BoolArray]
    """Probabilities (n, k) and thresholds that broadcast against them -> which classes are in the set, (n, k)."""
    labels: bool = False
    """Whether it fits labels that do not exclude each other."""


SCORES: Registry[Score] = Registry("conformal score")
"""Every score by name."""
PENALTY = 0.01
FREE = 2
"""RAPS: what each class beyond the first FREE adds to the score; it keeps sets of many classes short."""


def _lac(probabilities: FloatArray, true: IntArray) -> FloatArray:
    return np.asarray(1.0 - probabilities[np.arange(len(true)), true])


def _lac_included(probabilities: FloatArray, thresholds: FloatArray) -> BoolArray:
    return np.asarray(probabilities >= 1.0 - thresholds - 1e-15)


def _aps(probabilities: FloatArray, true: IntArray) -> FloatArray:
    """Return the probability of all classes that are more probable than the true one."""
    found = np.empty(len(true))
    for start in range(0, len(true), _CHUNK):
        block = np.ascontiguousarray(probabilities[start : start + _CHUNK].T)
        own = block[true[start : start + _CHUNK], np.arange(block.shape[1])]
        found[start : start + _CHUNK] = np.where(block > own, block, 0.0).sum(0)
    return found


def _ahead(probabilities: FloatArray, *, penalty: float) -> FloatArray:
    """Return for every class the probability (and the penalty) of those that are more probable, shape (n, k)."""
    order = np.argsort(-probabilities, axis=1, kind="stable")
    falling = np.take_along_axis(probabilities, order, 1)
    before = np.cumsum(falling, 1) - falling + penalty * np.maximum(np.arange(falling.shape[1]) + 1 - FREE, 0)
    before[:, 1:][falling[:, 1:] == falling[:, :-1]] = (
        0.0  # equally probable classes stand where the first of them does
    )
    ahead = np.empty_like(before)
    np.put_along_axis(ahead, order, np.maximum.accumulate(before, axis=1), 1)
    return ahead


def _aps_included(probabilities: FloatArray, thresholds: FloatArray) -> BoolArray:
    if np.ndim(thresholds) == 0:
        return _aps_at(probabilities, max(float(thresholds), 0.0))
    return np.asarray(_ahead(probabilities, penalty=0.0) <= np.maximum(thresholds, 0.0) + _ROUNDING)


def _aps_at(probabilities: FloatArray, threshold: float) -> BoolArray:
    """Return the sets for one common threshold: cut each sorted row where its sum passes the threshold."""
    included = np.empty(probabilities.shape, dtype=bool)
    k = probabilities.shape[1]
    for start in range(0, len(probabilities), _CHUNK):
        block = probabilities[start : start + _CHUNK]
        rising = np.ascontiguousarray(np.sort(block, axis=1).T)
        total = np.zeros(len(block))
        kept = np.zeros(len(block), dtype=np.int64)
        for row in rising[::-1]:
            kept += total <= threshold + _ROUNDING
            total += row
        cut = rising[k - kept, np.arange(len(block))]
        included[start : start + _CHUNK] = block >= cut[:, None]
    return included


def _raps(probabilities: FloatArray, true: IntArray) -> FloatArray:
    own = probabilities[np.arange(len(true)), true]
    rank = (probabilities > own[:, None]).sum(1)
    return np.asarray(_aps(probabilities, true) + PENALTY * np.maximum(rank + 1 - FREE, 0))


def _raps_included(probabilities: FloatArray, thresholds: FloatArray) -> BoolArray:
    return np.asarray(_ahead(probabilities, penalty=PENALTY) <= np.maximum(thresholds, 0.0) + _ROUNDING)


for _score in (
    # Sadinle, Lei & Wasserman 2019, JASA 114(525): the shortest sets; may be empty, which says "like no class"
    Score(name="lac", of_true=_lac, included=_lac_included, labels=True),
    # Romano, Sesia & Candes 2020, NeurIPS, without a coin: a class is scored by what is more probable than it, so that
    # the most probable is always in the set; where it alone is right more often than promised, so are the sets
    Score(name="aps", of_true=_aps, included=_aps_included),
    # Angelopoulos et al. 2021, ICLR
    Score(name="raps", of_true=_raps, included=_raps_included),
):
    SCORES.register(_score.name)(_score)
