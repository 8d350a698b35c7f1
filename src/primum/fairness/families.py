"""Which gaps are covered together, and how far out the ends of their intervals must lie for it.

The five per cent of error that an audit may make are shared out: half to single attributes and sites, a quarter each to
intersections of two and of three, so that many intersections do not blind it to a gap between women and men. Within a
share all slices and metrics are covered together (max-t).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from primum.evidence.predictions import FloatArray
from primum.evidence.simultaneous import critical_value
from primum.evidence.slices import Axis
from primum.fairness.problems import Audited
from primum.fairness.shares import FN, FP, SHARES, TN, TP

ALPHA = 0.05
"""How often the judged gaps may accuse a fair model, and the described ones misstate a gap."""
_DEPTH_SHARES = {1: 2, 2: 1, 3: 1}
_MOST_DESCRIBED = 400
"""Above this many slices, described metrics are left to single attributes and sites."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """The axes of one depth and their critical value."""

    axes: tuple[Axis, ...]
    depth: int
    critical: float

    @property
    def n_slices(self) -> int:
        """How many slices there are."""
        return sum(map(len, self.axes))

    def stacked(self, of_cells: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the sums of all slices, and of everybody else for each, shape (m, q)."""
        sums = np.concatenate([axis.sums(of_cells) for axis in self.axes])
        return sums, of_cells.sum(0) - sums

    def slices(self) -> Iterator[tuple[Axis, int]]:
        """Yield every slice as its axis and its place there."""
        return ((axis, index) for axis in self.axes for index in range(len(axis)))


def levels_of(audited: Audited, counts: Sequence[FloatArray], *, alpha: float, depths: Sequence[int]) -> list[Level]:
    """Return the axes by depth, each with the critical value of its share of alpha.

    Of single attributes the differences between any two groups are covered too.

    Args:
        audited: the split.
        counts: for each metric of the family, the records in its denominator by cell.
        alpha: of the family.
        depths: which depths the family has.
    """
    by_depth = {depth: tuple(audited.slices.of_depth(depth)) for depth in depths}
    present = {depth: axes for depth, axes in by_depth.items() if axes}
    whole = sum(_DEPTH_SHARES[depth] for depth in present)
    return [
        Level(
            axes=axes,
            depth=depth,
            critical=critical_value(
                axes,
                counts,
                alpha * _DEPTH_SHARES[depth] / whole,
                pairs=depth == 1,
                seed=audited.seed,
            ),
        )
        for depth, axes in present.items()
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Families:
    """Which gaps are covered together: each family of metrics, by depth."""

    headline: list[Level]
    """What a policy judges first: both error rates of two classes, the mean over more, both errors of a number."""
    parts: list[Level]
    """Single classes or labels of several; of two classes the same as the headline."""
    described: list[Level]
    """What is reported beside them."""


def families_of(audited: Audited, outcomes: Sequence[FloatArray]) -> Families:
    """Return the families of a split's gaps; those that a policy judges err together at most ALPHA of the time."""
    depths = sorted({axis.depth for axis in audited.slices.axes})
    everybody = audited.slices.count(np.zeros(len(audited.predictions), dtype=np.int64), 1)[:, 0]
    if audited.predictions.target_type == "number":
        levels = levels_of(audited, [everybody, everybody], alpha=ALPHA, depths=depths)
        return Families(headline=levels, parts=levels, described=levels)
    positives = [counts[:, [TP, FN]].sum(1) for counts in outcomes]
    negatives = [counts[:, [TN, FP]].sum(1) for counts in outcomes]
    few = sum(map(len, audited.slices.axes)) <= _MOST_DESCRIBED
    counts = _counts(audited, outcomes, everybody)
    described = levels_of(audited, counts, alpha=ALPHA, depths=[d for d in depths if d < (3 if few else 2)])
    if audited.binary:
        levels = levels_of(audited, [*positives, *negatives], alpha=ALPHA, depths=depths)
        return Families(headline=levels, parts=levels, described=described)
    labels = audited.predictions.target_type == "labels"
    return Families(
        headline=levels_of(audited, [everybody], alpha=ALPHA / 2, depths=depths),
        parts=levels_of(audited, [*positives, *(negatives if labels else [])], alpha=ALPHA / 2, depths=depths),
        described=described,
    )


def several_classes(audited: Audited) -> bool:
    """Return whether there are more than two classes, one of which is true."""
    return audited.predictions.target_type == "classes" and not audited.binary


def described_shares(audited: Audited) -> tuple[str, ...]:
    """Return the shares whose gaps are reported and not judged."""
    # Of several classes a false positive rate depends on how common the others are, so it is no ground to accuse.
    return ("selection_rate", "ppv", *(("npv",) if audited.binary else ("fpr",) if several_classes(audited) else ()))


def _counts(audited: Audited, outcomes: Sequence[FloatArray], everybody: FloatArray) -> list[FloatArray]:
    counts = [of_cells[:, SHARES[metric].of].sum(1) for of_cells in outcomes for metric in described_shares(audited)]
    n_means = 0 if audited.predictions.probabilities is None else 2 + len(outcomes)
    return counts + [everybody] * (n_means + (audited.predictions.target_type == "classes"))
