"""AUROC within every slice and within everybody else, from the slices' own sorted scores.

The number of correctly ranked pairs among all records is the sum of those within the slice, within the others, and
between the two. The first two sums over all pairs are known from one sort of everybody, so the others' AUROC is exact
without sorting the others once more for every slice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from primum.evidence.intervals import wilson_bounds
from primum.evidence.predictions import FloatArray, IntArray
from primum.evidence.slices import Axis, Slices
from primum.fairness.problems import Problem

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Areas:
    """AUROCs of m groups; every array has shape (m,)."""

    value: FloatArray
    """NaN where a class is absent."""
    error: FloatArray
    """DeLong's standard error."""
    positive: FloatArray
    """Records of the class."""
    negative: FloatArray

    def bounds(self, critical: float) -> tuple[FloatArray, FloatArray]:
        """Return intervals on the logit scale (Qin & Hotilovac 2008); of Wilson's kind where there is no spread."""
        inside = (self.value > 0) & (self.value < 1) & (self.error > 0)
        value = np.where(inside, self.value, 0.5)
        half = critical * np.where(inside, self.error, 0.0) / (value * (1 - value))
        logit = np.log(value / (1 - value))
        fewest = np.minimum(self.positive, self.negative)
        low, high = wilson_bounds(np.nan_to_num(self.value) * fewest, fewest, critical=critical)
        return (
            np.where(inside, 1 / (1 + np.exp(half - logit)), low),
            np.where(inside, 1 / (1 + np.exp(-half - logit)), high),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """The records' scores, and what each contributes to the AUROC of all."""

    score: FloatArray
    """Shape (n,)."""
    positive: BoolArray
    of_cells: FloatArray
    """Per cell: positives, negatives, then the sums of pairs won and of their squares by positives and by negatives."""
    pairs: float
    """Correctly ranked pairs among all records, a tie counting half."""
    design_effect: float
    """Of clustered records."""

    def within(self, axis: Axis, slices: Slices) -> tuple[Areas, Areas]:
        """Return the AUROC within each slice of an axis, and within everybody else."""
        group = axis.of_cell[slices.cell]
        inside = areas_by_group(group, len(axis), self.score, self.positive)
        sums = axis.sums(self.of_cells)
        rest = self.of_cells.sum(0) - sums
        with np.errstate(divide="ignore", invalid="ignore"):
            within_slice = np.nan_to_num(inside.value * inside.positive * inside.negative)
            pairs = self.pairs - sums[:, 2] - sums[:, 4] + within_slice
            # Of a class that is all inside the slice nothing is left but what rounding leaves.
            value = np.where(rest[:, :2].min(1) > 0, pairs / (rest[:, 0] * rest[:, 1]), np.nan)
            total = self.of_cells.sum(0)
            error = _error(rest, all_positive=total[0], all_negative=total[1])
        outside = Areas(value=value, error=error * self.design_effect**0.5, positive=rest[:, 0], negative=rest[:, 1])
        clustered = inside.error * self.design_effect**0.5
        return Areas(value=inside.value, error=clustered, positive=inside.positive, negative=inside.negative), outside


AreasByAxis = Mapping[tuple[str, ...], tuple[Areas, Areas]]
"""Within each slice of an axis and within everybody else, by the axis's attributes; empty where none can be had."""


def areas_by_axis(problem: Problem, slices: Slices, units: IntArray | None, *, depth: int) -> AreasByAxis:
    """Return the AUROCs of all axes that combine up to `depth` attributes."""
    if problem.probability is None or problem.truth.all() or not problem.truth.any():
        return {}
    ranking = rank(problem.probability, problem.truth, slices, units)
    return {axis.attributes: ranking.within(axis, slices) for axis in slices.axes if axis.depth <= depth}


def rank(score: FloatArray, positive: BoolArray, slices: Slices, units: IntArray | None) -> Ranking:
    """Return the ranking of records by score.

    Args:
        score: shape (n,).
        positive: whether each record is of the class.
        slices: whose cells are summed over.
        units: each record's patient where patients have several records.
    """
    order = np.argsort(score)
    ordered = score[order]
    step = np.empty(len(score), dtype=np.int64)
    step[0] = 0
    np.cumsum(ordered[1:] != ordered[:-1], out=step[1:])
    level = np.empty_like(step)
    level[order] = step
    n_levels = int(step[-1]) + 1
    ups, downs = np.bincount(level[positive], minlength=n_levels), np.bincount(level[~positive], minlength=n_levels)
    below = np.cumsum(downs) - downs / 2
    above = ups.sum() - np.cumsum(ups) + ups / 2
    won = np.where(positive, below[level], above[level])
    sides = [slices.count(positive.astype(np.int64), 2, weights) for weights in (None, won, won**2)]
    of_cells = np.stack([sides[0][:, 1], sides[0][:, 0], *(s[:, c] for c in (1, 0) for s in sides[1:])], axis=1)
    return Ranking(
        score=score,
        positive=positive,
        of_cells=of_cells,
        pairs=float(below @ ups),
        design_effect=1.0 if units is None else _design_effect(won, positive, units),
    )


def _design_effect(won: FloatArray, positive: BoolArray, units: IntArray) -> float:
    """Return how much the variance of the AUROC grows because records of a patient are alike, at least 1.

    Source: Obuchowski 1997, Biometrics 53(2): sums of the components over patients in place of the components.
    """
    m, n = max(positive.sum(), 1), max((~positive).sum(), 1)
    part = np.where(positive, won / n, won / m)
    influence = np.where(positive, (part - part[positive].mean()) / m, (part - part[~positive].mean()) / n)
    alone = float((influence**2).sum())
    together = float((np.bincount(units, weights=influence) ** 2).sum())
    return max(together / alone, 1.0) if alone > 0 else 1.0


def areas_by_group(group: IntArray, m: int, score: FloatArray, positive: BoolArray) -> Areas:
    """Return each group's AUROC with DeLong's error.

    Records are brought together by group and class, and each part is sorted on its own: two short sorted lists are
    compared much faster than one long list is sorted by several keys.

    Args:
        group: each record's group, shape (n,), below m.
        m: how many groups there are.
        score: shape (n,).
        positive: whether each record is of the class, shape (n,).
    """
    part = group * 2 + positive
    together = score[np.argsort(part.astype(np.min_scalar_type(2 * m)), kind="stable")]
    parts = np.split(together, np.cumsum(np.bincount(part, minlength=2 * m))[:-1])
    sums = np.array([_wins(np.sort(parts[2 * i + 1]), np.sort(parts[2 * i])) for i in range(m)]).reshape(m, 6)
    n_up, n_down = sums[:, 0], sums[:, 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        value = sums[:, 2] / (n_up * n_down)
        error = _error(sums, all_positive=n_up, all_negative=n_down)
    return Areas(value=value, error=error, positive=n_up, negative=n_down)


def _wins(up: FloatArray, down: FloatArray) -> tuple[float, ...]:
    """Return, of sorted scores, both counts, then the sums of pairs won and of their squares by positives and by
    negatives; a tie counts half.
    """
    below = (np.searchsorted(down, up, "left") + np.searchsorted(down, up, "right")) / 2
    above = len(up) - (np.searchsorted(up, down, "left") + np.searchsorted(up, down, "right")) / 2
    sums = (below.sum(), below @ below, above.sum(), above @ above)
    return len(up), len(down), *(float(one) for one in sums)


def _error(sums: FloatArray, *, all_positive: FloatArray | float, all_negative: FloatArray | float) -> FloatArray:
    """Return DeLong's standard error from counts and sums of pairs won and of their squares, shape (m, 6).

    Of everybody else, the pairs won are counted against all records of the other class and not only against the others'
    own: their spread is the same to first order, and a sort for every slice is saved.
    """
    up, down = sums[:, 0], sums[:, 1]
    spread_up = (sums[:, 3] - sums[:, 2] ** 2 / up) / all_negative**2 / np.maximum(up - 1, 1)
    spread_down = (sums[:, 5] - sums[:, 4] ** 2 / down) / all_positive**2 / np.maximum(down - 1, 1)
    error: FloatArray = np.sqrt(np.maximum(spread_up, 0) / up + np.maximum(spread_down, 0) / down)
    return error
