"""Means of per-record quantities in slices and their gaps: losses, calibration, errors of numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from primum.evidence.power import Z_POWER
from primum.evidence.predictions import FloatArray, Predictions
from primum.evidence.sufficiency import ENOUGH_FOR_A_MEAN
from primum.evidence.sums import confidence_and_outcome
from primum.fairness.shares import HARM, USUAL_GAP, Gaps


@dataclass(frozen=True, slots=True, kw_only=True)
class Mean:
    """A quantity whose mean is compared between groups."""

    metric: str
    values: FloatArray
    """Each record's, shape (n,)."""
    scale: float = 1.0
    """What a gap of one is divided by before it is called harmful: the unit in which 0.15 is a harm."""


def record_means(predictions: Predictions) -> list[Mean]:
    """Return the quantities that the target has: log loss and calibration, or a number's absolute and signed error."""
    if predictions.target_type == "number":
        error = predictions.predicted - predictions.target
        spread = float(predictions.target.std()) or 1.0
        return [
            Mean(metric="mae", values=np.abs(error), scale=spread),
            Mean(metric="bias", values=error.astype(np.float64), scale=spread),
        ]
    p = predictions.probabilities
    if p is None:
        return []
    n = len(predictions)
    said, came = confidence_and_outcome(predictions)
    off = (said - came).reshape(n, -1).mean(1)
    if predictions.target_type == "labels":
        truth = np.where(predictions.target == 1, p, 1 - p)
        loss = -np.log(np.clip(truth, np.finfo(np.float64).eps, 1.0)).mean(1)
    else:
        truth = p[np.arange(n), predictions.target.astype(np.int64)]
        loss = -np.log(np.clip(truth, np.finfo(np.float64).eps, 1.0))
    return [Mean(metric="log_loss", values=loss), Mean(metric="calibration", values=off)]


def mean_gaps(
    sums: FloatArray, versus: FloatArray, *, critical: float, design_effect: float = 1.0, scale: float = 1.0
) -> Gaps:
    """Return the gaps in a mean, slice minus comparison, with Welch's normal interval.

    Args:
        sums: of the slices: count, sum, sum of squares, shape (m, 3).
        versus: of the comparisons, the same.
        critical: two-sided critical value.
        design_effect: of clustered records.
        scale: what a harmful gap is measured in.
    """
    ours, error = mean_and_error(sums, design_effect)
    theirs, versus_error = mean_and_error(versus, design_effect)
    with np.errstate(divide="ignore", invalid="ignore"):
        both = np.sqrt(error**2 + versus_error**2)
        # Below thirty a variance is itself uncertain; one of everybody's is taken where it is larger.
        pooled = np.sqrt(_variance(sums + versus) * design_effect * (1 / sums[:, 0] + 1 / versus[:, 0]))
        few = np.minimum(sums[:, 0], versus[:, 0]) < ENOUGH_FOR_A_MEAN
        both = np.where(few, np.fmax(both, pooled), both)
        detectable = (critical + Z_POWER) * pooled / scale
        value = ours - theirs
        return Gaps(
            value=value,
            low=value - critical * both,
            high=value + critical * both,
            slice_value=ours,
            versus_value=theirs,
            n=sums[:, 0],
            versus_n=versus[:, 0],
            detectable=np.nan_to_num(detectable, nan=HARM * 10, posinf=HARM * 10),
            needed=np.ceil(sums[:, 0] * (detectable / USUAL_GAP) ** 2),
        )


def mean_and_error(sums: FloatArray, design_effect: float = 1.0) -> tuple[FloatArray, FloatArray]:
    """Return mean and standard error from count, sum and sum of squares, shape (m, 3); NaN for no record."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return sums[:, 1] / sums[:, 0], np.sqrt(_variance(sums) * design_effect / sums[:, 0])


def _variance(sums: FloatArray) -> FloatArray:
    n = sums[:, 0]
    squares = sums[:, 2] - sums[:, 1] ** 2 / np.maximum(n, 1)
    return np.where(n > 1, np.maximum(squares, 0.0) / np.maximum(n - 1, 1), np.nan)


def relative_gaps(gaps: Gaps, *, metric: str, spread: float) -> Gaps:
    """Return a number's gaps without unit: errors as a share of the others' error, bias in standard deviations.

    Args:
        gaps: in the target's unit.
        metric: mae or bias.
        spread: standard deviation of the target.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        unit = gaps.versus_value if metric == "mae" else np.full(len(gaps.value), spread)
        return Gaps(
            value=gaps.value / unit,
            low=gaps.low / unit,
            high=gaps.high / unit,
            slice_value=gaps.slice_value / unit,
            versus_value=gaps.versus_value / unit,
            n=gaps.n,
            versus_n=gaps.versus_n,
            detectable=np.nan_to_num(gaps.detectable * spread / unit, nan=HARM * 10),
            needed=np.ceil(gaps.n * (gaps.detectable * spread / unit / USUAL_GAP) ** 2),
        )
