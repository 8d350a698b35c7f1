"""What several annotators say of the target, of each other and of the model, as findings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from primum.evidence.finding import Finding
from primum.evidence.intervals import LEVEL, wilson
from primum.evidence.metrics import METRICS
from primum.evidence.predictions import Predictions
from primum.evidence.resampling import percentile_interval, units_of, weight_chunks
from primum.evidence.slices import SITE
from primum.evidence.split_names import measured_splits
from primum.evidence.sufficiency import ENOUGH_FOR_A_MEAN, ENOUGH_FOR_A_SHARE
from primum.safety.experts.agreement import FloatArray, IntArray, counts_of, with_interval
from primum.safety.experts.dawid_skene import dawid_skene

CLEAR = 0.8
"""Probability of its class from which on a consensus is clear."""
SMALL = 5
"""Groups of fewer patients have no figures."""
_BOOTSTRAP = "percentile bootstrap over patients, on records with two labels or more"
_PAIRED = (
    "share of pairs of annotators that agree minus share of annotators with whom the model agrees, each the mean over "
    "records with two labels or more; percentile bootstrap over patients"
)
_SHARE = "share of patients, by Dawid and Skene's model of the annotators; Wilson's score interval (Wilson 1927)"


def expert_findings(
    labels: IntArray, predictions: Predictions, *, n_resamples: int = 1000, seed: int = 7
) -> list[Finding]:
    """Return how annotators agree (in all, by class, by group), what their consensus says of the target, and the
    model's shortfall from their own agreement on test and external; nothing for other targets than classes.

    Args:
        labels: code of the class that each annotator gave, -1 for none, shape (n, annotators).
        predictions: of the same records.
        n_resamples: resamples.
        seed: of the generator.
    """
    if predictions.target_type != "classes" or labels.shape[1] < 2:
        return []
    chosen = np.flatnonzero((labels >= 0).sum(1) >= 2)
    if not len(chosen):
        return []
    experts = _Experts(labels[chosen], predictions.take(chosen), n_resamples, seed)
    return [*experts.agreement(), *experts.consensus(), *experts.beside_the_model()]


class _Experts:
    """The records with two labels or more."""

    def __init__(self, labels: IntArray, table: Predictions, n_resamples: int, seed: int) -> None:
        self._labels, self._table = labels, table
        self._k = len(table.classes)
        self._counts = counts_of(labels, self._k)
        self._units = units_of(table)[0]
        self._n_resamples, self._seed = n_resamples, seed

    def agreement(self) -> Iterator[Finding]:
        everybody = np.ones(len(self._table), dtype=bool)
        yield from self._agreed("annotator_alpha", self._counts, everybody)
        yield from self._agreed("annotator_kappa", self._counts, everybody)
        for place, name in enumerate(self._table.classes if self._k > 2 else ()):
            own = self._counts[:, place]
            against = np.column_stack([own, self._counts.sum(1) - own])
            yield from self._agreed("annotator_alpha", against, everybody, class_=name)
        columns = dict(self._table.groups)
        if self._table.site is not None:
            columns.setdefault(SITE, self._table.site)
        for attribute, levels in columns.items():
            for level in sorted(set(levels.tolist())):
                yield from self._agreed("annotator_alpha", self._counts, levels == level, slice={attribute: level})

    def consensus(self) -> Iterator[Finding]:
        found = dawid_skene(self._labels, self._k)
        clear = found.certainty >= CLEAR
        detail = {"annotators": int(self._labels.shape[1]), "clear": CLEAR}
        yield self._share("consensus_uncertain", ~clear, np.ones_like(clear), detail)
        if clear.any():
            yield self._share("target_against_consensus", found.classes != self._table.target, clear, detail)

    def beside_the_model(self) -> Iterator[Finding]:
        total = self._counts.sum(1)
        among = ((self._counts**2).sum(1) - total) / (total * (total - 1))
        said = np.asarray(self._table.predicted, dtype=np.int64)
        with_model = self._counts[np.arange(len(said)), said] / total
        for split in measured_splits(self._table.split):
            rows = self._table.split == split
            units = np.unique(self._units[rows], return_inverse=True)[1]
            n = int(units.max(initial=-1)) + 1
            if n < SMALL:
                continue
            sums = np.zeros((n, 2))
            np.add.at(sums, units, np.column_stack([among[rows] - with_model[rows], np.ones(rows.sum())]))
            drawn = np.concatenate([_ratio(sums.T @ w) for w in weight_chunks(n, self._n_resamples, seed=self._seed)])
            ends = percentile_interval(drawn)
            detail = {"among_experts": float(among[rows].mean()), "with_model": float(with_model[rows].mean())}
            value = detail["among_experts"] - detail["with_model"]
            yield _finding("expert_gap", value, ends, n, n >= ENOUGH_FOR_A_MEAN, _PAIRED, split=split, detail=detail)

    def _agreed(self, metric: str, counts: FloatArray, rows: npt.NDArray[np.bool_], **more: Any) -> Iterator[Finding]:
        units = np.unique(self._units[rows], return_inverse=True)[1].astype(np.int64)
        n = int(units.max(initial=-1)) + 1
        if n < SMALL:
            return
        kind: Any = "kappa" if metric == "annotator_kappa" else "alpha"
        found = with_interval(counts[rows], units, kind=kind, n_resamples=self._n_resamples, seed=self._seed)
        value, ends = (None, None) if found is None else (found[0], found[1:])
        yield _finding(metric, value, ends, n, n >= ENOUGH_FOR_A_MEAN, _BOOTSTRAP, **more)

    def _share(
        self, metric: str, hits: npt.NDArray[np.bool_], rows: npt.NDArray[np.bool_], detail: Mapping[str, Any]
    ) -> Finding:
        n, found = len(np.unique(self._units[rows])), len(np.unique(self._units[rows & hits]))
        return _finding(metric, found / n, wilson(found, n), n, n >= ENOUGH_FOR_A_SHARE, _SHARE, detail=detail)


def _ratio(totals: FloatArray) -> FloatArray:
    return np.asarray(totals[0] / totals[1])


def _finding(
    metric: str, value: float | None, ends: tuple[float, float] | None, n: int, enough: bool, method: str, **more: Any
) -> Finding:
    return Finding(
        pillar="safety",
        metric=metric,
        value=value,
        low=None if ends is None else ends[0],
        high=None if ends is None else ends[1],
        level=LEVEL,
        n=n,
        enough=enough,
        method=method,
        reference=METRICS.get(metric).reference,
        **more,
    )
