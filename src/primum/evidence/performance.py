"""How well a model does: every metric on the test split and each external one, over all and by site."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from primum.evidence.ece import ece_interval
from primum.evidence.finding import Finding
from primum.evidence.intervals import LEVEL, auroc_intervals, mean_of_shares, wilson
from primum.evidence.metrics import METRICS
from primum.evidence.predictions import FloatArray, Predictions
from primum.evidence.resampling import percentile_interval, repeats, resample
from primum.evidence.split_names import measured_splits
from primum.evidence.sufficiency import Support, Supports
from primum.evidence.sums import Figures, Key, point_figures
from primum.later import special, stats

SHARES = frozenset({"accuracy", "subset_accuracy", "sensitivity", "specificity", "ppv", "npv"})
"""Metrics that are a share of a fixed denominator, which Wilson's interval fits."""

_WILSON = "share of records; Wilson's score interval (Wilson 1927)"
_MOVER = "mean of the classes' shares; interval recovered from their Wilson intervals (Zou & Donner 2008)"
_DELONG = "Mann-Whitney; DeLong's variance on the logit scale (DeLong et al. 1988)"
_BOOTSTRAP = "percentile bootstrap over patients, {n} resamples"
_INVERTED = "15 equal bins; interval by inverting a test on the bins' gaps, whose noise alone makes the figure grow"
_LOGIT = "bootstrap over patients, {n} resamples, their spread on the logit scale (Boyd et al. 2013, ECML PKDD)"
_WILSON_PATIENTS = "share of records; Wilson's score interval on the number of patients, because every resample agrees"
_COUNT = "count of records; exact"
_UNDEFINED = "not defined for these records"


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """An interval and how it was made."""

    low: float
    high: float
    method: str


def performance_findings(predictions: Predictions, *, n_resamples: int = 1000, seed: int = 7) -> list[Finding]:
    """Return every metric's finding on test and on each external set, over all and by site where there are several.

    Where a patient has several records, all intervals come from resampling patients; else shares have Wilson's,
    balanced accuracy MOVER's, the AUROC DeLong's, and only the rest is resampled. Memory stays within a few times
    `resampling.MAX_BYTES` beside the table itself.

    Args:
        predictions: any model's; other splits are ignored.
        n_resamples: of the bootstrap; 0 leaves its intervals out.
        seed: of the bootstrap.
    """
    findings = []
    for split in measured_splits(predictions.split):
        for slice_, part in slices_by_site(predictions.of_split(split)):
            findings += _findings_of(part, split=split, slice_=slice_, n_resamples=n_resamples, seed=seed)
    return findings


def slices_by_site(part: Predictions) -> Iterator[tuple[dict[str, str], Predictions]]:
    """Yield all rows, then those of each site where there is more than one; nothing for no rows."""
    if not len(part):
        return
    yield {}, part
    if part.site is None:
        return
    sites = sorted(set(part.site.tolist()))
    if len(sites) > 1:
        for site in sites:
            yield {"site": site}, part.take(part.site == site)


def _findings_of(
    part: Predictions, *, split: str, slice_: Mapping[str, str], n_resamples: int, seed: int
) -> list[Finding]:
    supports = Supports(part)
    points = point_figures(part)
    intervals = _intervals(part, points, supports, n_resamples=n_resamples, seed=seed)
    clustered = repeats(part)
    findings = [
        _finding(key, value, intervals.get(key), supports.of(key), split=split, slice_=slice_, clustered=clustered)
        for key, value in points.items()
    ]
    return findings + _class_counts(part, split=split, slice_=slice_)


def _finding(
    key: Key,
    value: float | None,
    interval: Interval | None,
    support: Support,
    *,
    split: str,
    slice_: Mapping[str, str],
    clustered: bool,
) -> Finding:
    known = value is not None and interval is not None
    return Finding(
        pillar="safety",
        metric=key[0],
        class_=key[1],
        value=value,
        low=interval.low if known and interval else None,
        high=interval.high if known and interval else None,
        level=LEVEL if known else None,
        n=support.records,
        slice=slice_,
        split=split,
        enough=support.enough and known,
        method=interval.method if known and interval else _UNDEFINED,
        reference=METRICS.get(key[0]).reference,
        detail={"patients": support.patients} if clustered else {},
    )


def _intervals(
    part: Predictions, points: Mapping[Key, float | None], supports: Supports, *, n_resamples: int, seed: int
) -> dict[Key, Interval]:
    """Return each figure's interval: closed form where records are independent, else from resampled patients."""
    closed = {} if repeats(part) else _closed_intervals(part, points, supports)
    if points.get(("ece", None)) is not None:
        low, high = ece_interval(part)
        closed["ece", None] = Interval(low=low, high=high, method=_INVERTED)
    wanted = frozenset(metric for (metric, class_) in points if (metric, class_) not in closed)
    if not wanted or not n_resamples:
        return closed
    [resampled] = resample([part], n_resamples=n_resamples, seed=seed, metrics=wanted)
    return _bootstrap_intervals(resampled, points, supports) | closed


def _closed_intervals(part: Predictions, points: Mapping[Key, float | None], supports: Supports) -> dict[Key, Interval]:
    found: dict[Key, Interval] = {}
    for key, value in points.items():
        if key[0] in SHARES and value is not None:
            n = supports.of(key).records
            low, high = wilson(value * n, n)
            found[key] = Interval(low=low, high=high, method=_WILSON)
    for class_, (_, low, high) in auroc_intervals(part).items():
        found["auroc", class_] = Interval(low=low, high=high, method=_DELONG)
    if points.get(("balanced_accuracy", None)) is not None:
        low, high = mean_of_shares(*_hits_by_class(part))
        found["balanced_accuracy", None] = Interval(low=low, high=high, method=_MOVER)
    return found


def _hits_by_class(part: Predictions) -> tuple[FloatArray, FloatArray]:
    """Return hits and records of each class that occurs."""
    k = len(part.classes)
    n = np.bincount(part.target.astype(np.int64), minlength=k)
    hits = np.bincount(part.target[part.target == part.predicted].astype(np.int64), minlength=k)
    return hits[n > 0].astype(np.float64), n[n > 0].astype(np.float64)


def _bootstrap_intervals(
    resampled: Figures, points: Mapping[Key, float | None], supports: Supports
) -> dict[Key, Interval]:
    found: dict[Key, Interval] = {}
    for key, value in points.items():
        ends = percentile_interval(resampled[key], level=LEVEL) if key in resampled else None
        if value is None or ends is None:
            continue
        if key[0] == "auprc" and 0 < value < 1:
            (low, high), method = _on_logit_scale(value, resampled[key]), _LOGIT
        elif key[0] in SHARES and ends[0] == ends[1]:
            patients = supports.of(key).patients
            low, high = wilson(value * patients, patients)
            method = _WILSON_PATIENTS
        else:
            (low, high), method = ends, _BOOTSTRAP
        found[key] = Interval(low=low, high=high, method=method.format(n=len(resampled[key])))
    return found


def _on_logit_scale(value: float, resampled: FloatArray) -> tuple[float, float]:
    inside = resampled[(resampled > 0) & (resampled < 1)]
    half = float(stats.norm.ppf((1 + LEVEL) / 2) * np.std(special.logit(inside))) if len(inside) else 0.0
    ends = special.expit(special.logit(value) + np.array([-half, half]))
    return float(ends[0]), float(ends[1])


def _class_counts(part: Predictions, *, split: str, slice_: Mapping[str, str]) -> list[Finding]:
    """Return how many records each class has; a count is exact and has no interval."""
    if part.target_type == "labels":
        counts = part.target.sum(0)
    else:
        counts = np.bincount(part.target.astype(np.int64), minlength=len(part.classes))
    return [
        Finding(
            pillar="safety",
            metric="class_count",
            class_=name,
            value=float(count),
            level=None,
            n=len(part),
            slice=slice_,
            split=split,
            method=_COUNT,
            reference=METRICS.get("class_count").reference,
        )
        for name, count in zip(part.classes, counts, strict=False)
    ]
