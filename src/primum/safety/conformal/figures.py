"""How often the conformal sets hold the truth: over everybody, by class, by slice, by site."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from primum.cohort.table1 import SMALL
from primum.evidence import Finding, Predictions
from primum.evidence.intervals import LEVEL, exact_bounds
from primum.evidence.metrics import METRICS
from primum.evidence.predictions import FloatArray
from primum.evidence.resampling import percentile_interval, units_of, weight_chunks
from primum.evidence.simultaneous import sidak
from primum.evidence.split_names import measured_splits
from primum.evidence.sufficiency import ENOUGH_FOR_A_MEAN
from primum.safety.calibration.scores import BoolArray
from primum.safety.conformal.sets import CLASS, Conformal, slices_with_site, true_pairs

ENOUGH = 100
"""Patients from which on a coverage five points under the target is seen more often than not."""
_EXACT = "share of records; exact binomial interval on the number of patients, simultaneous over {m} figures (Sidak)"
_MEAN = "mean over records; percentile bootstrap over patients, {n} resamples"


@dataclass(frozen=True, slots=True)
class _Group:
    slice_: dict[str, str]
    class_: str | None
    pairs: BoolArray
    """Which true pairs belong to it."""
    pooled: bool
    """Whether it has no threshold of its own."""


def conformal_findings(
    conformal: Conformal, predictions: Predictions, *, n_resamples: int = 1000, seed: int = 7
) -> list[Finding]:
    """Return coverage on test and external over everybody, by class, slice and site, and the size of the sets.

    Groups of fewer than five patients have no figure.

    Args:
        conformal: the sets.
        predictions: with the answers in use.
        n_resamples: of the bootstrap for sizes and widths.
        seed: of the bootstrap.
    """
    findings: list[Finding] = []
    for split in measured_splits(predictions.split):
        part = predictions.of_split(split)
        if len(part):
            findings += _coverages(conformal, part, split)
            findings += _sizes(conformal, part, split, n_resamples=n_resamples, seed=seed)
    return findings


def _coverages(conformal: Conformal, part: Predictions, split: str) -> list[Finding]:
    rows, of_class = true_pairs(part)
    holds = conformal.holds(part)
    held = holds[rows, of_class] if holds.ndim == 2 else holds
    units, _ = units_of(part)
    groups = list(_groups(conformal, part))
    patients = np.array([len(np.unique(units[rows[g.pairs]])) for g in groups], dtype=np.float64)
    shown = [(g, n) for g, n in zip(groups, patients, strict=True) if n >= SMALL]
    critical = sidak(len(shown), 1 - LEVEL)
    findings = []
    for group, n in shown:
        share = float(held[group.pairs].mean())
        low, high = exact_bounds(np.array([share * n]), np.array([n]), critical=critical)
        for metric, shift in (("conformal_coverage", 0.0), ("conformal_coverage_gap", conformal.coverage)):
            findings.append(
                Finding(
                    pillar="safety",
                    metric=metric,
                    class_=group.class_,
                    value=share - shift,
                    low=float(low[0]) - shift,
                    high=float(high[0]) - shift,
                    n=int(n),
                    slice=group.slice_,
                    split=split,
                    enough=n >= ENOUGH,
                    method=_EXACT.format(m=len(shown)),
                    reference=METRICS.get(metric).reference,
                    detail={"target": conformal.coverage, "records": int(group.pairs.sum()), "pooled": group.pooled},
                )
            )
    return findings


def _groups(conformal: Conformal, part: Predictions) -> Iterator[_Group]:
    rows, of_class = true_pairs(part)
    yield _Group({}, None, np.ones(len(rows), dtype=bool), not conformal.threshold.offsets)
    offsets = conformal.threshold.offsets
    for place, name in enumerate(part.classes):
        yield _Group({}, name, of_class == place, name not in offsets.get(CLASS, {}))
    for attribute, levels in slices_with_site(part).items():
        names = sorted(set(levels.tolist()))
        for level in names if len(names) > 1 else ():
            own = level in offsets.get(attribute, {})
            yield _Group({attribute: level}, None, np.asarray(levels[rows] == level, dtype=bool), not own)


def _sizes(conformal: Conformal, part: Predictions, split: str, *, n_resamples: int, seed: int) -> list[Finding]:
    slices = slices_with_site(part)
    if part.probabilities is None:
        ends = conformal.intervals(np.asarray(part.predicted, dtype=np.float64), slices)
        width = ends[:, 1] - ends[:, 0]
        figures = {"conformal_width": width} if np.isfinite(width).all() else {}
    else:
        size = conformal.sets(part.probabilities, slices).sum(1).astype(np.float64)
        figures = {"conformal_set_size": size}
        if part.target_type == "classes":
            figures["conformal_empty_rate"] = (size == 0).astype(np.float64)
    return [
        _mean(metric, values, part, split, n_resamples=n_resamples, seed=seed) for metric, values in figures.items()
    ]


def _mean(metric: str, values: FloatArray, part: Predictions, split: str, *, n_resamples: int, seed: int) -> Finding:
    units, n = units_of(part)
    sums, counts = np.bincount(units, values, n), np.bincount(units, minlength=n).astype(np.float64)
    draws = [sums @ w / (counts @ w) for w in weight_chunks(n, n_resamples, seed=seed)]
    ends = percentile_interval(np.concatenate(draws)) if draws else None
    return Finding(
        pillar="safety",
        metric=metric,
        value=float(values.mean()),
        low=ends[0] if ends else None,
        high=ends[1] if ends else None,
        level=LEVEL if ends else None,
        n=len(part),
        split=split,
        enough=n >= ENOUGH_FOR_A_MEAN and ends is not None,
        method=_MEAN.format(n=n_resamples),
        reference=METRICS.get(metric).reference,
    )
