"""Shares of a slice and their gaps to everybody else's, from counts of the four outcomes, for many slices at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from primum.evidence.intervals import exact_bounds, mover
from primum.evidence.power import Z_POWER, detectable_gap, needed
from primum.evidence.predictions import FloatArray
from primum.evidence.sufficiency import ENOUGH_FOR_A_SHARE

TN, FP, FN, TP = range(4)
"""The outcomes' columns: truth * 2 + prediction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A share as sums of outcomes."""

    hits: tuple[int, ...]
    """Columns of the numerator."""
    of: tuple[int, ...]
    """Columns of the denominator."""
    more_is_worse: bool = False
    """Whether a group is served worse when its share is higher."""


SHARES: Mapping[str, Share] = {
    "tpr": Share(hits=(TP,), of=(TP, FN)),
    "fpr": Share(hits=(FP,), of=(FP, TN), more_is_worse=True),
    "fnr": Share(hits=(FN,), of=(TP, FN), more_is_worse=True),
    "selection_rate": Share(hits=(TP, FP), of=(TN, FP, FN, TP)),
    "ppv": Share(hits=(TP,), of=(TP, FP)),
    "npv": Share(hits=(TN,), of=(TN, FN)),
    "accuracy": Share(hits=(TP, TN), of=(TN, FP, FN, TP)),
}
"""Every share by metric."""
HARM = 0.15
"""A gap of fifteen points: an audit that would not have seen one in a group cannot say that there is none."""
HARM_OF_FEW = 0.2
"""The same for an intersection, whose patients are also counted, and more of them, in each of its groups."""
USUAL_GAP = 0.1
"""The gap for which the number of patients needed is stated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gaps:
    """Gaps of m slices to their comparisons; every array has shape (m,)."""

    value: FloatArray
    """How much worse the slice is served; NaN where one side has no records."""
    low: FloatArray
    high: FloatArray
    slice_value: FloatArray
    versus_value: FloatArray
    n: FloatArray
    """Records in the slice's denominator."""
    versus_n: FloatArray
    detectable: FloatArray
    """Smallest gap that could have been seen."""
    needed: FloatArray
    """Records of the slice needed to see the usual gap; NaN where no number suffices."""

    def enough(self, depth: int) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        """Return whether a harmful gap would have been seen, and both sides have records enough for a share."""
        fewest = np.minimum(self.n, self.versus_n)
        enough: np.ndarray[tuple[int, ...], np.dtype[np.bool_]] = (
            (self.detectable <= (HARM if depth == 1 else HARM_OF_FEW))
            & (fewest >= ENOUGH_FOR_A_SHARE)
            & ~np.isnan(self.value)
        )
        return enough


def hits_and_n(metric: str, outcomes: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return numerator and denominator of a share, from outcomes of shape (m, 4)."""
    share = SHARES[metric]
    return outcomes[:, share.hits].sum(1), outcomes[:, share.of].sum(1)


def share_gaps(
    metric: str, outcomes: FloatArray, versus: FloatArray, *, critical: float, design_effect: float = 1.0
) -> Gaps:
    """Return the gaps in one share between slices and disjoint comparisons.

    Args:
        metric: a name of SHARES.
        outcomes: of the slices, shape (m, 4).
        versus: of the comparisons, shape (m, 4).
        critical: two-sided critical value of the intervals.
        design_effect: by how much clustered records say less than as many independent ones, at least 1.
    Source: Zou & Donner 2008 (MOVER) from Clopper & Pearson's exact intervals, at the simultaneous critical value.
    """
    hits, n = hits_and_n(metric, outcomes)
    versus_hits, versus_n = hits_and_n(metric, versus)
    with np.errstate(divide="ignore", invalid="ignore"):
        ours, theirs = hits / n, versus_hits / versus_n
    bounds = exact_bounds(hits / design_effect, n / design_effect, critical=critical)
    versus_bounds = exact_bounds(versus_hits / design_effect, versus_n / design_effect, critical=critical)
    if SHARES[metric].more_is_worse:
        value, (low, high) = ours - theirs, mover(ours, bounds, theirs, versus_bounds)
    else:
        value, (low, high) = theirs - ours, mover(theirs, versus_bounds, ours, bounds)
    expected = (hits + versus_hits + 2) / (n + versus_n + 4)
    return Gaps(
        value=value,
        low=low,
        high=high,
        slice_value=ours,
        versus_value=theirs,
        n=n,
        versus_n=versus_n,
        detectable=detectable_gap(expected, n / design_effect, versus_n / design_effect, critical=critical),
        needed=np.ceil(needed(USUAL_GAP, expected, versus_n / design_effect, critical=critical) * design_effect),
    )


def macro_gaps(
    hits: FloatArray,
    n: FloatArray,
    versus_hits: FloatArray,
    versus_n: FloatArray,
    *,
    critical: float,
    design_effect: float = 1.0,
) -> Gaps:
    """Return the gaps in the mean true positive rate over the classes that slice and comparison both have.

    A slice is compared on its own classes, so that a group without some rare class is not called worse or better for
    it; the interval recovers its width from the classes' exact intervals (MOVER).

    Args:
        hits: of each slice and class, shape (m, k).
        n: records of each class, shape (m, k).
        versus_hits: of the comparisons, shape (m, k).
        versus_n: of the comparisons, shape (m, k).
        critical: two-sided critical value of the intervals.
        design_effect: of clustered records.
    Source: Zou & Donner 2008, Statistics in Medicine 27(10).
    """
    both = (n > 0) & (versus_n > 0)
    k = both.sum(1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ours, theirs = np.where(both, hits / n, 0.0), np.where(both, versus_hits / versus_n, 0.0)
        low, high = mover(
            theirs,
            exact_bounds(versus_hits / design_effect, versus_n / design_effect, critical=critical),
            ours,
            exact_bounds(hits / design_effect, n / design_effect, critical=critical),
        )
        gap = theirs - ours
        value = gap.sum(1) / k
        below = np.sqrt((np.where(both, gap - low, 0.0) ** 2).sum(1)) / k
        above = np.sqrt((np.where(both, high - gap, 0.0) ** 2).sum(1)) / k
        share = (hits + versus_hits + 1) / (n + versus_n + 2)
        variance = np.where(both, share * (1 - share) * (1 / n + 1 / versus_n), 0.0).sum(1) / k**2
        detectable = (critical + Z_POWER) * np.sqrt(variance * design_effect)
        records = n.sum(1)
        return Gaps(
            value=value,
            low=value - below,
            high=value + above,
            slice_value=ours.sum(1) / k,
            versus_value=theirs.sum(1) / k,
            n=records,
            versus_n=versus_n.sum(1),
            detectable=np.where(k > 0, np.minimum(detectable, 1.0), 1.0),
            needed=np.ceil(records * (detectable / USUAL_GAP) ** 2),
        )
