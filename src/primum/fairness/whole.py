"""Figures about a whole attribute: the largest difference between any two of its groups, and a permutation test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from primum.evidence.comparisons import permutation_p
from primum.evidence.finding import Finding
from primum.evidence.intervals import exact_bounds, mover, wilson_bounds
from primum.evidence.metrics import METRICS
from primum.evidence.predictions import FloatArray
from primum.evidence.slices import Axis
from primum.evidence.sufficiency import ENOUGH_FOR_A_SHARE
from primum.fairness.families import Level
from primum.fairness.problems import Audited, Problem
from primum.fairness.shares import FN, FP, TN, TP, hits_and_n

_DIFFERENCES: Mapping[str, tuple[str, ...]] = {
    "demographic_parity_difference": ("selection_rate",),
    "equal_opportunity_difference": ("tpr",),
    "equalised_odds_difference": ("tpr", "fpr"),
    "average_odds_difference": ("tpr", "fpr"),
    "predictive_parity_difference": ("ppv",),
}
_METHOD = (
    "largest over all pairs of groups; the ends are the largest ends of the pairs' MOVER intervals, which hold "
    "together (max-t, z = {z:.2f})"
)
_RATIO_METHOD = "smallest over largest share; ends from Wilson's intervals of both (z = {z:.2f})"
_PERMUTATION_METHOD = "groups permuted among records of the same outcome, {n} permutations of the counts"
PERMUTATIONS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pairs:
    """The differences of all pairs of groups in some shares, without sign; arrays of shape (pairs,)."""

    first: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
    second: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
    value: FloatArray
    low: FloatArray
    high: FloatArray
    fewest: FloatArray


def whole_findings(
    audited: Audited, problem: Problem, of_cells: FloatArray, level: Level, *, binary: bool
) -> list[Finding]:
    """Return the whole-attribute findings of one problem.

    Args:
        audited: the split.
        problem: one class against the rest.
        of_cells: its outcomes by cell, (n_cells, 4).
        level: the single attributes, with the critical value that covers pairs.
        binary: whether the problem is the only one; else only the difference in true positive rate is given.
    """
    findings = []
    for axis in level.axes:
        outcomes = axis.sums(of_cells)
        for metric, shares in _DIFFERENCES.items():
            if binary or metric == "equal_opportunity_difference":
                findings.append(_difference(audited, problem, axis, outcomes, metric, shares, level.critical))
        if binary:
            findings.append(_ratio(audited, problem, axis, outcomes, level.critical))
            findings.append(_permutation(audited, problem, axis, outcomes))
    return findings


def _difference(
    audited: Audited,
    problem: Problem,
    axis: Axis,
    outcomes: FloatArray,
    metric: str,
    shares: tuple[str, ...],
    critical: float,
) -> Finding:
    parts = [_pairs(share, outcomes, critical) for share in shares]
    if metric == "average_odds_difference":
        parts = [_average(parts)]
    pairs = max(parts, key=lambda part: _largest(part)[1])
    chosen, _ = _largest(pairs)
    if chosen < 0:
        return _undefined(audited, problem, axis, metric)
    known = [part for part in parts if _largest(part)[0] >= 0]
    value = float(pairs.value[chosen])
    counted = [part.fewest >= ENOUGH_FOR_A_SHARE for part in known]
    lows = [float(np.max(part.low[mask], initial=0.0)) for part, mask in zip(known, counted, strict=True)]
    highs = [float(np.max(part.high[mask], initial=value)) for part, mask in zip(known, counted, strict=True)]
    worst, best = int(pairs.first[chosen]), int(pairs.second[chosen])
    return Finding(
        pillar="fairness",
        metric=metric,
        class_=problem.class_,
        value=value,
        low=min(max(lows), value),
        high=max(highs),
        n=int(outcomes.sum()),
        slice=axis.slice_of(worst),
        versus=axis.slice_of(best),
        split=audited.split,
        enough=bool(pairs.fewest[chosen] >= ENOUGH_FOR_A_SHARE),
        method=_METHOD.format(z=critical),
        reference=METRICS.get(metric).reference,
        detail={"attribute": axis.attributes[0], "groups": len(axis), "fewest": int(pairs.fewest[chosen])},
    )


def _pairs(share: str, outcomes: FloatArray, critical: float) -> _Pairs:
    """Return the absolute differences of all pairs; the worse-served group stands first."""
    hits, n = hits_and_n(share, outcomes)
    i, j = np.triu_indices(len(n), k=1)
    low, high = exact_bounds(hits, n, critical=critical)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = hits / n
    below, above = mover(p[i], (low[i], high[i]), p[j], (low[j], high[j]))
    more = p[i] > p[j]
    worse_first = more if share == "fpr" else ~more
    return _Pairs(
        first=np.where(worse_first, i, j),
        second=np.where(worse_first, j, i),
        value=np.abs(p[i] - p[j]),
        low=np.maximum(np.maximum(below, -above), 0.0),
        high=np.maximum(above, -below),
        fewest=np.minimum(n[i], n[j]),
    )


def _average(parts: list[_Pairs]) -> _Pairs:
    first, second = parts
    return _Pairs(
        first=first.first,
        second=first.second,
        value=(first.value + second.value) / 2,
        low=(first.low + second.low) / 2,
        high=(first.high + second.high) / 2,
        fewest=np.minimum(first.fewest, second.fewest),
    )


def _largest(pairs: _Pairs) -> tuple[int, float]:
    """Return the pair with the largest difference among those with patients enough, else among all; -1 for none."""
    for usable in (pairs.fewest >= ENOUGH_FOR_A_SHARE, pairs.fewest > 0):
        if usable.any():
            value = np.where(usable, pairs.value, -1.0)
            return int(value.argmax()), float(value.max())
    return -1, -1.0


def _undefined(audited: Audited, problem: Problem, axis: Axis, metric: str) -> Finding:
    return Finding(
        pillar="fairness",
        metric=metric,
        class_=problem.class_,
        value=None,
        level=None,
        n=0,
        slice={axis.attributes[0]: axis.levels[0][0]},
        split=audited.split,
        enough=False,
        method="not defined: fewer than two groups have records in the denominator",
        reference=METRICS.get(metric).reference,
        detail={"attribute": axis.attributes[0], "groups": len(axis), "fewest": 0},
    )


def _ratio(audited: Audited, problem: Problem, axis: Axis, outcomes: FloatArray, critical: float) -> Finding:
    metric = "demographic_parity_ratio"
    hits, n = hits_and_n("selection_rate", outcomes)
    low, high = wilson_bounds(hits, n, critical=critical)
    usable = n >= min(ENOUGH_FOR_A_SHARE, float(n.max()))
    share = np.where(usable, hits / np.maximum(n, 1), np.nan)
    least, most = int(np.nanargmin(share)), int(np.nanargmax(share))
    known = share[most] > 0
    value = float(share[least] / share[most]) if known else None
    return Finding(
        pillar="fairness",
        metric=metric,
        class_=problem.class_,
        value=value,
        low=float(low[least] / high[most]) if known else None,
        high=float(min(high[least] / max(low[most], 1e-12), 1.0)) if known else None,
        level=0.95 if known else None,
        n=int(n.sum()),
        slice=axis.slice_of(least),
        versus=axis.slice_of(most),
        split=audited.split,
        enough=bool(known and usable.sum() > 1),
        method=_RATIO_METHOD.format(z=critical),
        reference=METRICS.get(metric).reference,
        detail={"attribute": axis.attributes[0], "groups": len(axis)},
    )


def _permutation(audited: Audited, problem: Problem, axis: Axis, outcomes: FloatArray) -> Finding:
    tables = [outcomes[:, [TP, FN]], outcomes[:, [FP, TN]]]
    p = permutation_p(tables, n_permutations=PERMUTATIONS, seed=audited.seed)
    return Finding(
        pillar="fairness",
        metric="slice_differs_p",
        class_=problem.class_,
        value=p,
        level=None,
        n=int(outcomes.sum()),
        split=audited.split,
        enough=audited.units is None,
        method=_PERMUTATION_METHOD.format(n=PERMUTATIONS)
        + ("" if audited.units is None else "; not exact, because patients have several records"),
        reference=METRICS.get("slice_differs_p").reference,
        detail={"attribute": axis.attributes[0], "groups": len(axis)},
    )
