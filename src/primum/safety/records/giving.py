"""How much a yes-or-no sign gives away of each class: its share in the class minus its share elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from primum.evidence.intervals import mover, wilson_bounds

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Giving:
    """Figures of d signs and k classes, each of shape (d, k)."""

    inside: FloatArray
    """Share of the class's records that have the sign."""
    outside: FloatArray
    """Share of all other records that have it."""
    value: FloatArray
    """Inside minus outside: Youden's J of "has the sign, so is of the class", in [-1, 1]."""
    low: FloatArray
    high: FloatArray


def giving_away(signs: Any, wanted: FloatArray, *, critical: float, effective: float = 1.0) -> Giving:
    """Return how much each sign gives away of each class.

    Args:
        signs: 0/1, sparse or dense, shape (n, d).
        wanted: 0/1, shape (n, k).
        critical: normal critical value of the intervals.
        effective: patients per record, which widens the intervals.
    Source: Youden 1950, Cancer 3(1); Newcombe 1998, Statistics in Medicine 17:873 (method 10).
    """
    in_class = wanted.sum(axis=0)
    elsewhere = len(wanted) - in_class
    hits = np.asarray(signs.T @ wanted)
    others = np.asarray(signs.sum(axis=0)).reshape(-1, 1) - hits
    inside = hits / np.maximum(in_class, 1)
    outside = others / np.maximum(elsewhere, 1)
    of_class = np.broadcast_to(in_class * effective, hits.shape)
    of_others = np.broadcast_to(elsewhere * effective, hits.shape)
    low, high = mover(
        inside,
        wilson_bounds(inside * of_class, of_class, critical=critical),
        outside,
        wilson_bounds(outside * of_others, of_others, critical=critical),
    )
    return Giving(inside=inside, outside=outside, value=inside - outside, low=low, high=high)


def best_cut(score: FloatArray, positive: npt.NDArray[np.bool_]) -> float:
    """Return what a score gives away of a class at its best cut: sensitivity plus specificity minus one."""
    order = np.argsort(-score, kind="stable")
    hits, alarms = np.cumsum(positive[order]), np.cumsum(~positive[order])
    if not hits[-1] or not alarms[-1]:
        return 0.0
    new = np.append(score[order][1:] != score[order][:-1], True)
    return float(max((hits / hits[-1] - alarms / alarms[-1])[new].max(), 0.0))
