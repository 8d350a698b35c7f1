"""A threshold for everybody, for each class, for each slice: quantiles of scores that hold within groups.

Groups of one factor (classes alone) are disjoint, and each takes the order statistic that split conformal prediction
asks for (Mondrian: Vovk 2012, ACML). Groups of several factors overlap; then the threshold is a sum of one number for
each group a record is in, fitted by quantile regression, which holds the coverage within every group at once (Jung et
al. 2023, ICLR; Gibbs, Cherian & Candes 2025, J. R. Stat. Soc. B 87). A group with fewer patients than the guard has no
number of its own and takes the pooled one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from primum.cohort.table1 import SMALL
from primum.evidence.predictions import FloatArray, TextArray
from primum.later import optimize, sparse

FEWEST = 50
"""Calibration patients a group needs for a number of its own."""
MOST = 10_000
"""Records that the quantile regression looks at; of more, so many are drawn: a quantile is then known to 0.3 points."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupQuantile:
    """A threshold as a sum over the groups that a record is in."""

    base: float
    """Infinite where there are too few records for any threshold: then nothing is left out."""
    offsets: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Factor -> group -> what is added to the base."""
    pooled: Mapping[str, Mapping[str, int | None]] = field(default_factory=dict)
    """Factor -> group without a number of its own -> its calibration records; None for fewer than five."""

    def of(self, factors: Mapping[str, TextArray], n: int) -> FloatArray:
        """Return each record's threshold, shape (n,).

        Args:
            factors: factor -> each record's group, shape (n,). Where a factor is missing, or a group was never seen,
                the largest number of that factor is taken, so that the sets rather hold too much.
            n: records.
        """
        total = np.full(n, self.base)
        for factor, offsets in self.offsets.items():
            known = {**{group: 0.0 for group in self.pooled.get(factor, {})}, **offsets}
            widest = max(known.values(), default=0.0)
            if factor not in factors:
                total += widest
                continue
            groups, place = np.unique(factors[factor].astype(str), return_inverse=True)
            total += np.array([known.get(str(group), widest) for group in groups])[place]
        return total


def fit_quantile(
    scores: FloatArray, factors: Mapping[str, TextArray], *, coverage: float, fewest: int = FEWEST, seed: int = 7
) -> GroupQuantile:
    """Return thresholds under which the wanted share of new scores lies, within every group that is large enough.

    Args:
        scores: of calibration records, shape (n,).
        factors: factor -> each record's group, shape (n,).
        coverage: the wanted share.
        fewest: records of a group for a number of its own.
        seed: of the draw of MOST records.
    """
    large, pooled = _large(factors, fewest)
    if len(large) == 1:
        [(factor, groups)] = large.items()
        base = order_statistic(scores, coverage)
        of = {group: order_statistic(scores[factors[factor] == group], coverage) for group in groups}
        if not np.isfinite(base):
            return GroupQuantile(base=base, pooled=pooled)
        return GroupQuantile(base=base, offsets={factor: {g: one - base for g, one in of.items()}}, pooled=pooled)
    if not large:
        return GroupQuantile(base=order_statistic(scores, coverage), pooled=pooled)
    rows = np.arange(len(scores))
    if len(rows) > MOST:
        rows = np.sort(np.random.default_rng(seed).choice(len(rows), MOST, replace=False))
    base, offsets = _regressed(scores[rows], {f: factors[f][rows] for f in large}, large, coverage)
    return GroupQuantile(base=base, offsets=offsets, pooled=pooled)


def order_statistic(scores: FloatArray, coverage: float) -> float:
    """Return the ceil((n + 1) coverage)-th smallest score; infinite where n is too small to promise the coverage.

    Source: Vovk, Gammerman & Shafer 2005; Lei et al. 2018, JASA 113, section 2.2.
    """
    place = int(np.ceil((len(scores) + 1) * coverage - 1e-9))
    return float("inf") if place > len(scores) else float(np.partition(scores, place - 1)[place - 1])


def told(n: int) -> int | None:
    """Return a count that may be told; of fewer than five nothing is."""
    return n if n >= SMALL else None


def _large(
    factors: Mapping[str, TextArray], fewest: int
) -> tuple[dict[str, list[str]], dict[str, dict[str, int | None]]]:
    large: dict[str, list[str]] = {}
    pooled: dict[str, dict[str, int | None]] = {}
    for factor, values in factors.items():
        groups, counts = np.unique(values.astype(str), return_counts=True)
        small = {str(g): told(int(n)) for g, n in zip(groups, counts, strict=True) if n < fewest}
        enough = [str(g) for g, n in zip(groups, counts, strict=True) if n >= fewest]
        if small:
            pooled[factor] = small
        if enough and len(groups) > 1:
            large[factor] = enough
    return large, pooled


def _regressed(
    scores: FloatArray, factors: Mapping[str, TextArray], large: Mapping[str, list[str]], coverage: float
) -> tuple[float, dict[str, dict[str, float]]]:
    """Return the numbers of the quantile regression on group membership.

    Solved as the dual linear programme, which has one row for each number. The level is raised by numbers / records:
    that is what in-sample coverage promises too much, and for one number it gives the order statistic of split
    conformal prediction.
    """
    columns, names = [np.ones(len(scores))], []
    for factor, groups in large.items():
        members = [factors[factor].astype(str) == group for group in groups]
        everybody = bool(np.sum(members, axis=0).all())
        leader = int(np.argmax([m.sum() for m in members])) if everybody else -1  # its number is the base
        for place, (group, mine) in enumerate(zip(groups, members, strict=True)):
            if place != leader:
                columns.append(mine.astype(np.float64))
                names.append((factor, group))
    design = sparse.csr_array(np.column_stack(columns))
    level = min(coverage * (1 + len(columns) / len(scores)), 1 - 1 / len(scores))
    solved = optimize.linprog(
        -scores,
        A_eq=design.T,
        b_eq=np.asarray(design.sum(0)) * (1 - level),
        bounds=(0, 1),
        method="highs",
    )
    numbers = -solved.eqlin.marginals
    offsets: dict[str, dict[str, float]] = {factor: dict.fromkeys(groups, 0.0) for factor, groups in large.items()}
    for (factor, group), number in zip(names, numbers[1:], strict=True):
        offsets[factor][group] = float(number)
    return float(numbers[0]), offsets
