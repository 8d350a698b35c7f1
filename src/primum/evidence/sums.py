"""Metrics as functions of sums over records, so that one matrix product gives a metric in every resample.

Each block lists statistics of the records (counts of a confusion cell, losses, counts at a score) as a sparse
matrix of shape (q, n), and turns the (q, B) sums under B sets of weights into figures of shape (B,). With all
weights one and B = 1 the same code gives the point value. An undefined figure is NaN, without a warning.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from primum.evidence.predictions import FloatArray, IntArray, Predictions
from primum.later import sparse

Key = tuple[str, str | None]
"""A metric and the class it is about; None for all classes together."""
Figures = dict[Key, FloatArray]

N_BINS = 15
"""Calibration bins of equal width; the number used by Guo et al. 2017."""
EXACT = 0
"""A grid of this size means: every distinct score is its own level."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Statistics of the records and the figures that follow from their sums."""

    rows: IntArray
    """Index of the statistic of each entry, in [0, q)."""
    records: IntArray
    """Index of the record of each entry, in [0, n)."""
    values: FloatArray
    """What the record adds to the statistic."""
    q: int
    """Number of statistics."""
    finish: Callable[[FloatArray], Figures]
    """Sums of shape (q, B) to figures of shape (B,)."""

    def matrix(self, units: IntArray, n_units: int) -> sparse.csr_array:
        """Return the statistics summed over the records of each unit, shape (q, n_units)."""
        entries = (self.values, (self.rows, units[self.records]))
        return sparse.csr_array(sparse.coo_array(entries, shape=(self.q, n_units)))

    def totals(self) -> FloatArray:
        """Return the sums with all weights one, shape (q, 1)."""
        sums = np.bincount(self.rows, weights=self.values, minlength=self.q)
        return np.asarray(sums, dtype=np.float64).reshape(-1, 1)


def ratio(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """Return numerator / denominator, NaN where the denominator is zero."""
    out = np.full(np.broadcast_shapes(numerator.shape, denominator.shape), np.nan)
    np.divide(numerator, denominator, out=out, where=denominator != 0)
    return out


def blocks_of(predictions: Predictions, *, grid: int = EXACT, metrics: frozenset[str] | None = None) -> list[Block]:
    """Return the blocks for a table of predictions.

    Args:
        predictions: at least one row.
        grid: most score levels a class that ranks keep; EXACT keeps all. A coarser grid makes ties of
            neighbouring scores, which bounds the memory of resampling.
        metrics: only blocks that serve one of these; None for all.
    """
    made = []
    for names, build in _BUILDERS[predictions.target_type]:
        if metrics is None or names & metrics:
            block = build(predictions, grid)
            if block is not None:
                made.append(block)
    return made


def point_figures(predictions: Predictions, *, metrics: frozenset[str] | None = None) -> dict[Key, float | None]:
    """Return every metric's value, None where it is not defined (an absent class, one record)."""
    if not len(predictions):
        return {}
    figures: dict[Key, float | None] = {}
    for block in blocks_of(predictions, metrics=metrics):
        for key, value in block.finish(block.totals()).items():
            figures[key] = None if np.isnan(value[0]) else float(value[0])
    return {key: value for key, value in figures.items() if metrics is None or key[0] in metrics}


def point_values(predictions: Predictions) -> dict[str, float | None]:
    """Return the value of every metric over all classes together, by name; None where it is not defined."""
    return {metric: value for (metric, class_), value in point_figures(predictions).items() if class_ is None}


def _confusion(predictions: Predictions, grid: int) -> Block:
    k = len(predictions.classes)
    cells = predictions.target.astype(np.int64) * k + predictions.predicted.astype(np.int64)
    n = len(predictions)

    def finish(sums: FloatArray) -> Figures:
        table = sums.reshape(k, k, -1)  # true, predicted, resample
        hit = np.einsum("ccb->cb", table)
        return _of_counts(predictions.classes, hit, table.sum(1), table.sum(0), table.sum((0, 1)))

    return Block(rows=cells, records=np.arange(n), values=np.ones(n), q=k * k, finish=finish)


def _of_counts(
    classes: tuple[str, ...], hit: FloatArray, true: FloatArray, said: FloatArray, total: FloatArray
) -> Figures:
    """Return the figures of a confusion matrix from true positives, true and predicted counts, each (k, B)."""
    figures = _one_against_rest(classes, hit, true, said, total)
    figures["accuracy", None] = ratio(hit.sum(0), total)
    sensitivity = ratio(hit, true)
    present = true > 0
    several = present.sum(0) >= 2  # with one class present, balanced accuracy would only repeat its sensitivity
    figures["balanced_accuracy", None] = np.where(several, _mean_where(sensitivity, present), np.nan)
    # Like scikit-learn's macro average over labels seen: a class neither true nor predicted counts for nothing.
    seen = (true + said) > 0
    figures["macro_f1", None] = np.where(several, _mean_where(ratio(2 * hit, true + said), seen), np.nan)
    return figures


def _one_against_rest(
    classes: tuple[str, ...], hit: FloatArray, true: FloatArray, said: FloatArray, total: FloatArray
) -> Figures:
    rest = total - true
    figures: Figures = {}
    by_metric = {
        "sensitivity": ratio(hit, true),
        "specificity": ratio(rest - (said - hit), rest),
        "ppv": ratio(hit, said),
        "npv": ratio(rest - (said - hit), total - said),
        "f1": ratio(2 * hit, true + said),
    }
    for metric, values in by_metric.items():
        for index, name in enumerate(classes):
            figures[metric, name] = values[index]
    return figures


def _mean_where(values: FloatArray, mask: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> FloatArray:
    """Return the mean over axis 0 of the entries in the mask, NaN where there is none."""
    return ratio(np.where(mask, values, 0.0).sum(0), mask.sum(0).astype(np.float64))


def _label_counts(predictions: Predictions, grid: int) -> Block:
    k, n = len(predictions.classes), len(predictions)
    true, said = predictions.target.astype(np.int64), predictions.predicted.astype(np.int64)
    cells = (np.arange(k) * 4 + true * 2 + said).ravel()
    exact = np.flatnonzero((true == said).all(1))
    rows = np.concatenate([cells, np.full(len(exact), 4 * k)])
    records = np.concatenate([np.repeat(np.arange(n), k), exact])

    def finish(sums: FloatArray) -> Figures:
        table = sums[: 4 * k].reshape(k, 2, 2, -1)
        hit, positive, said_so = table[:, 1, 1], table[:, 1].sum(1), table[:, :, 1].sum(1)
        total = table.sum((1, 2))
        figures = _one_against_rest(predictions.classes, hit, positive, said_so, total)
        figures["macro_f1", None] = _mean_where(ratio(2 * hit, positive + said_so), (positive + said_so) > 0)
        figures["micro_f1", None] = ratio(2 * hit.sum(0), (positive + said_so).sum(0))
        figures["subset_accuracy", None] = ratio(sums[4 * k], total[0])
        return figures

    return Block(rows=rows, records=records, values=np.ones(len(rows)), q=4 * k + 1, finish=finish)


def _means(columns: Mapping[str, FloatArray]) -> Block:
    """Return a block whose figures are the means of per-record quantities."""
    names, n = tuple(columns), len(next(iter(columns.values())))
    values = np.concatenate([*columns.values(), np.ones(n)])
    rows = np.repeat(np.arange(len(names) + 1), n)
    records = np.tile(np.arange(n), len(names) + 1)

    def finish(sums: FloatArray) -> Figures:
        return {(name, None): ratio(sums[index], sums[-1]) for index, name in enumerate(names)}

    return Block(rows=rows, records=records, values=values, q=len(names) + 1, finish=finish)


def _class_losses(predictions: Predictions, grid: int) -> Block | None:
    if predictions.probabilities is None:
        return None
    p, target = predictions.probabilities, predictions.target.astype(np.int64)
    eps = np.finfo(np.float64).eps  # as scikit-learn: a probability of zero costs 36 nats, not infinity
    truth = np.take_along_axis(p, target[:, None], axis=1)[:, 0] / p.sum(1)
    squared = (p - np.eye(p.shape[1])[target]) ** 2
    brier = squared[:, 1] if p.shape[1] == 2 else squared.sum(1)
    return _means({"log_loss": -np.log(np.clip(truth, eps, 1.0)), "brier": brier})


def _label_losses(predictions: Predictions, grid: int) -> Block | None:
    if predictions.probabilities is None:
        return None
    p, y = predictions.probabilities, predictions.target
    eps = np.finfo(np.float64).eps
    loss = -np.log(np.clip(np.where(y == 1, p, 1 - p), eps, 1.0)).mean(1)
    return _means({"log_loss": loss, "brier": ((p - y) ** 2).mean(1)})


def _calibration(predictions: Predictions, grid: int) -> Block | None:
    if predictions.probabilities is None:
        return None
    said, came = confidence_and_outcome(predictions)
    per_record = said.size // len(predictions)
    bins = bin_of(said)
    records = np.repeat(np.arange(len(predictions)), per_record)
    rows = np.concatenate([bins, bins + N_BINS])
    values = np.concatenate([said - came, np.ones(len(said))])

    def finish(sums: FloatArray) -> Figures:
        return {("ece", None): ratio(np.abs(sums[:N_BINS]).sum(0), sums[N_BINS:].sum(0))}

    return Block(rows=rows, records=np.tile(records, 2), values=values, q=2 * N_BINS, finish=finish)


def confidence_and_outcome(predictions: Predictions) -> tuple[FloatArray, FloatArray]:
    """Return the probabilities whose calibration counts and whether each came true (0 or 1), flat arrays.

    Two classes: the second class's. More: the most probable class's. Labels: every record-label pair's, a record's
    labels together.
    """
    p = predictions.probabilities
    if p is None:
        raise ValueError("predictions without probabilities have no calibration")
    if predictions.target_type == "labels":
        return p.ravel(), predictions.target.astype(np.float64).ravel()
    if p.shape[1] == 2:
        return p[:, 1], predictions.target.astype(np.float64)
    top = p.argmax(1)
    return p[np.arange(len(p)), top], (top == predictions.target).astype(np.float64)


def bin_of(probability: FloatArray) -> IntArray:
    """Return each probability's bin, in [0, N_BINS); bins are closed on the right, the first on both sides."""
    return np.clip(np.ceil(probability * N_BINS).astype(np.int64) - 1, 0, N_BINS - 1)


def _ranking(predictions: Predictions, grid: int) -> Block | None:
    if predictions.probabilities is None:
        return None
    p, n = predictions.probabilities, len(predictions)
    k = p.shape[1]
    positive = predictions.target if predictions.target_type == "labels" else np.eye(k, dtype=int)[predictions.target]
    coded = [_levels(p[:, c], grid) for c in range(k)]
    sizes = [int(level.max()) + 1 for level in coded]
    starts = np.concatenate([[0], np.cumsum([2 * size for size in sizes])])
    rows = np.concatenate([starts[c] + positive[:, c] * sizes[c] + coded[c] for c in range(k)])

    def finish(sums: FloatArray) -> Figures:
        areas, precisions = [], []
        for c, size in enumerate(sizes):
            counts = sums[starts[c] : starts[c + 1]].reshape(2, size, -1)
            areas.append(_area(counts[1], counts[0]))
            precisions.append(_average_precision(counts[1], counts[0]))
        return _overall("auroc", predictions, np.stack(areas)) | _overall("auprc", predictions, np.stack(precisions))

    records = np.tile(np.arange(n), k)
    return Block(rows=rows, records=records, values=np.ones(n * k), q=int(starts[-1]), finish=finish)


def _levels(score: FloatArray, grid: int) -> IntArray:
    """Return each score's rank among the distinct scores, merged into at most `grid` levels of about equal count."""
    _, level, counts = np.unique(score, return_inverse=True, return_counts=True)
    if grid == EXACT or len(counts) <= grid:
        return level.astype(np.int64)
    middle = np.cumsum(counts) - counts / 2
    merged = np.minimum((middle * grid / len(score)).astype(np.int64), grid - 1)
    return merged[level]


def _area(positive: FloatArray, negative: FloatArray) -> FloatArray:
    """Return the AUROC from the counts at each score, ascending, shape (levels, B) each (Mann-Whitney, ties half)."""
    below = np.cumsum(negative, 0)
    all_negative = below[-1].copy()  # the next line changes `below` in place
    below -= negative / 2
    return ratio(np.einsum("lb,lb->b", positive, below), positive.sum(0) * all_negative)


def _average_precision(positive: FloatArray, negative: FloatArray) -> FloatArray:
    """Return the average precision from the counts at each score, ascending, shape (levels, B) each."""
    hits = np.cumsum(positive[::-1], 0)
    total = hits[-1].copy()
    said = np.cumsum(negative[::-1], 0)
    said += hits
    np.divide(hits, said, out=hits, where=said > 0)
    return ratio(np.einsum("lb,lb->b", positive[::-1], hits), total)


def _overall(metric: str, predictions: Predictions, values: FloatArray) -> Figures:
    """Return a ranking metric for each class and for all: the second of two classes, else the mean."""
    figures: Figures = {(metric, name): values[c] for c, name in enumerate(predictions.classes)}
    two = predictions.target_type == "classes" and len(values) == 2
    present = ~np.isnan(values)
    figures[metric, None] = values[1] if two else _mean_where(np.nan_to_num(values), present)
    return figures


def _number(predictions: Predictions, grid: int) -> Block:
    y = np.asarray(predictions.target, dtype=np.float64)
    error = np.asarray(predictions.predicted, dtype=np.float64) - y
    centred = y - y.mean()  # R² does not change, and the sum of squares keeps its digits
    n = len(y)
    values = np.concatenate([np.abs(error), error**2, centred, centred**2, np.ones(n)])

    def finish(sums: FloatArray) -> Figures:
        absolute, squared, first, second, total = sums
        spread = second - ratio(first**2, total)
        varies = spread > 1e-12 * np.maximum(second, 1e-300)
        r2 = np.where(varies, 1 - ratio(squared, np.where(varies, spread, 0.0)), np.nan)
        return {
            ("mae", None): ratio(absolute, total),
            ("rmse", None): np.sqrt(ratio(squared, total)),
            ("r2", None): r2,
        }

    return Block(rows=np.repeat(np.arange(5), n), records=np.tile(np.arange(n), 5), values=values, q=5, finish=finish)


_Builder = Callable[[Predictions, int], Block | None]
_RATES = frozenset({"sensitivity", "specificity", "ppv", "npv", "f1", "macro_f1"})
_PROBABILITY_BLOCKS = (
    (frozenset({"ece"}), _calibration),
    (frozenset({"auroc", "auprc"}), _ranking),
)
_LOSSES = frozenset({"log_loss", "brier"})
_BUILDERS: dict[str, tuple[tuple[frozenset[str], _Builder], ...]] = {
    "classes": (
        (_RATES | {"accuracy", "balanced_accuracy"}, _confusion),
        (_LOSSES, _class_losses),
        *_PROBABILITY_BLOCKS,
    ),
    "labels": (
        (_RATES | {"micro_f1", "subset_accuracy"}, _label_counts),
        (_LOSSES, _label_losses),
        *_PROBABILITY_BLOCKS,
    ),
    "number": ((frozenset({"mae", "rmse", "r2"}), _number),),
}
