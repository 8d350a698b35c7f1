"""The numbers behind the pictures: ROC and PR curves with bands, reliability bins, confusion counts, binned scatter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from primum.evidence.predictions import FloatArray, IntArray

BoolArray = npt.NDArray[np.bool_]

GRID = np.linspace(0.0, 1.0, 101)
"""Where curves are drawn: every hundredth of the horizontal axis."""
RESAMPLES = 200
"""Bootstrap resamples of a band; the percentile ends move by less than a line's width beyond this."""
SMALLEST_CELL = 5
"""A cell of a binned scatter with fewer patients is not drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One ROC or PR curve on the grid, with its pointwise 95 % band where there is one."""

    y: FloatArray
    """True positive rate or precision at each grid point, shape (101,)."""
    area: float
    """Area under the exact curve: AUROC or average precision."""
    low: FloatArray | None = None
    high: FloatArray | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """One bin of a reliability diagram."""

    start: float
    end: float
    n: int
    predicted: float
    """Mean predicted probability."""
    observed: float
    """Share that was true."""
    low: float
    """Wilson 95 % interval of the observed share."""
    high: float


def roc_curve(truth: BoolArray, score: FloatArray) -> Curve | None:
    """Return the ROC curve of one class against the rest; None when only one side has records."""
    return _curve(truth, score, np.ones(len(truth)), kind="roc")


def pr_curve(truth: BoolArray, score: FloatArray) -> Curve | None:
    """Return the precision-recall curve of one class; None when only one side has records."""
    return _curve(truth, score, np.ones(len(truth)), kind="pr")


def with_band(curve: Curve, truth: BoolArray, score: FloatArray, *, kind: str, clusters: IntArray) -> Curve:
    """Return `curve` with a pointwise 95 % band from resampling patients.

    Args:
        curve: the curve of all records.
        truth: whether each record is of the class, shape (n,).
        score: predicted probability of the class, shape (n,).
        kind: "roc" or "pr".
        clusters: the patient of each record as a code from 0, shape (n,).
    Source: Fawcett 2006, "An introduction to ROC analysis", section 7 (vertical averaging).
    """
    generator = np.random.default_rng(7)
    patients = int(clusters.max()) + 1
    rows: list[FloatArray] = []
    for _ in range(RESAMPLES):
        weight = np.bincount(generator.integers(0, patients, patients), minlength=patients)[clusters]
        found = _curve(truth, score, weight.astype(np.float64), kind=kind)
        if found is not None:
            rows.append(found.y)
    if not rows:
        return curve
    low, high = np.quantile(np.stack(rows), [0.025, 0.975], axis=0)
    return Curve(y=curve.y, area=curve.area, low=low, high=high)


def macro(curves: list[Curve]) -> Curve:
    """Return the unweighted mean of several classes' curves."""
    return Curve(y=np.mean([c.y for c in curves], axis=0), area=float(np.mean([c.area for c in curves])))


def reliability(truth: BoolArray, score: FloatArray, *, n_bins: int = 10) -> list[Bin]:
    """Return the filled equal-width bins of predicted probability, each with what was observed in it."""
    index = np.clip(np.ceil(score * n_bins).astype(int) - 1, 0, n_bins - 1)
    bins = []
    for number in range(n_bins):
        chosen = index == number
        n = int(chosen.sum())
        if n == 0:
            continue
        observed = float(truth[chosen].mean())
        low, high = wilson(observed, n)
        bins.append(
            Bin(
                start=number / n_bins,
                end=(number + 1) / n_bins,
                n=n,
                predicted=float(score[chosen].mean()),
                observed=observed,
                low=low,
                high=high,
            )
        )
    return bins


def wilson(share: float, n: int) -> tuple[float, float]:
    """Return the 95 % Wilson interval of a share of n records. Source: Wilson 1927, JASA 22:209."""
    z = 1.959963984540054
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * float(np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)))
    return max(0.0, centre - half), min(1.0, centre + half)


def confusion(target: IntArray, predicted: IntArray, n_classes: int) -> IntArray:
    """Return counts with true classes down and predicted classes across, shape (n_classes, n_classes)."""
    flat = np.bincount(target * n_classes + predicted, minlength=n_classes * n_classes)
    return flat.reshape(n_classes, n_classes).astype(np.int64)


def scatter_counts(x: FloatArray, y: FloatArray, *, bins: int = 24) -> tuple[FloatArray, FloatArray, IntArray]:
    """Return x edges, y edges and counts of a binned scatter; cells below SMALLEST_CELL are zero.

    Axes end at the 1st and 99th percentile, so that no single record sets the scale or stands alone.
    """
    x_edges, y_edges = _edges(x, bins), _edges(y, bins)
    counts, _, _ = np.histogram2d(x, y, bins=[x_edges, y_edges])
    kept = np.where(counts >= SMALLEST_CELL, counts, 0)
    return x_edges, y_edges, kept.astype(np.int64)


def histogram(values: FloatArray, *, bins: int = 31) -> tuple[FloatArray, IntArray]:
    """Return edges and counts; bins below SMALLEST_CELL are zero. Axis as in `scatter_counts`."""
    edges = _edges(values, bins)
    counts, _ = np.histogram(values, bins=edges)
    return edges, np.where(counts >= SMALLEST_CELL, counts, 0).astype(np.int64)


def _edges(values: FloatArray, bins: int) -> FloatArray:
    low, high = (float(q) for q in np.quantile(values, [0.01, 0.99]))
    if high <= low:
        low, high = low - 0.5, high + 0.5
    return np.linspace(low, high, bins + 1)


def _curve(truth: BoolArray, score: FloatArray, weights: FloatArray, *, kind: str) -> Curve | None:
    """Return the weighted curve on the grid; tied scores are taken together."""
    order = np.argsort(-score, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(score[order]) != 0, True))
    positives = np.cumsum(weights[order] * truth[order])[ends]
    everybody = np.cumsum(weights[order])[ends]
    if positives[-1] == 0 or positives[-1] == everybody[-1]:
        return None
    y, area = _roc_row(positives, everybody) if kind == "roc" else _pr_row(positives, everybody)
    return Curve(y=y, area=area)


def _roc_row(positives: FloatArray, everybody: FloatArray) -> tuple[FloatArray, float]:
    negatives = everybody - positives
    tpr = np.append(0.0, positives / positives[-1])
    fpr = np.append(0.0, negatives / negatives[-1])
    area = float(np.sum(np.diff(fpr) * (tpr[1:] + tpr[:-1]) / 2))
    y = np.interp(GRID, fpr, tpr)
    y[0] = 0.0  # several true positive rates may stand at a false positive rate of 0; the curve starts at the origin
    return y, area


def _pr_row(positives: FloatArray, everybody: FloatArray) -> tuple[FloatArray, float]:
    recall = positives / positives[-1]
    precision = positives / np.maximum(everybody, 1e-12)
    area = float(np.sum(np.diff(np.append(0.0, recall)) * precision))  # average precision: steps, never interpolated
    first = np.minimum(np.searchsorted(recall, GRID, side="left"), len(recall) - 1)
    return precision[first], area
