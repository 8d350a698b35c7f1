"""Decision curves: what deciding by the model is worth beside treating everybody and treating nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from primum.evidence import Finding, Predictions
from primum.evidence.intervals import LEVEL
from primum.evidence.metrics import METRICS
from primum.evidence.predictions import FloatArray, IntArray
from primum.evidence.resampling import units_of
from primum.evidence.split_names import measured_splits
from primum.later import stats
from primum.safety.calibration.scores import BoolArray

THRESHOLDS = (0.05, 0.1, 0.2, 0.3, 0.5)
"""Threshold probabilities of the findings: treating at 0.1 says that nine needless treatments weigh as much as one
patient missed."""
ENOUGH = 30
"""Patients with and without the class from which on the difference says something."""
_METHOD = "mean over patients of each one's benefit; normal interval, for this threshold alone"


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionCurve:
    """Net benefit by threshold; every array has the thresholds' shape."""

    thresholds: FloatArray
    model: FloatArray
    low: FloatArray
    high: FloatArray
    everybody: FloatArray
    """Of treating everybody; treating nobody has 0."""


def decision_curve(probability: FloatArray, came: BoolArray, thresholds: Sequence[float]) -> DecisionCurve:
    """Return the net benefit of one class against the rest, with pointwise 95 % intervals for independent records.

    Args:
        probability: shape (n,).
        came: shape (n,).
        thresholds: threshold probabilities, in (0, 1).
    Source: Vickers & Elkin 2006, Medical Decision Making 26(6).
    """
    of_each = [_benefit(probability, came, t) for t in thresholds]
    mean = np.array([one.mean() for one in of_each])
    half = float(stats.norm.ppf((1 + LEVEL) / 2)) * np.array([one.std(ddof=1) / np.sqrt(len(came)) for one in of_each])
    everybody = np.array([_benefit(np.ones(len(came)), came, t).mean() for t in thresholds])
    return DecisionCurve(
        thresholds=np.asarray(thresholds, dtype=np.float64),
        model=mean,
        low=mean - half,
        high=mean + half,
        everybody=everybody,
    )


def _benefit(probability: FloatArray, came: BoolArray, threshold: float) -> FloatArray:
    treated = probability >= threshold
    return np.where(treated, np.where(came, 1.0, -threshold / (1 - threshold)), 0.0)


def net_benefit_findings(predictions: Predictions) -> list[Finding]:
    """Return net benefit, and its advantage over the better of treating all and none, on test and external.

    Of two classes the second is meant, of more and of labels each against the rest; at every one of THRESHOLDS.
    """
    findings: list[Finding] = []
    for split in measured_splits(predictions.split) if predictions.probabilities is not None else ():
        part = predictions.of_split(split)
        if len(part):
            for place, name in enumerate(part.classes):
                if place or part.target_type == "labels" or len(part.classes) > 2:
                    findings += _of_class(part, split, place, name)
    return findings


def _of_class(part: Predictions, split: str, place: int, name: str) -> list[Finding]:
    assert part.probabilities is not None
    came = came_of(part, place)
    probability = part.probabilities[:, place]
    units, n = units_of(part)
    inside, outside = len(np.unique(units[came])), len(np.unique(units[~came]))
    findings = []
    for threshold in THRESHOLDS:
        own = _benefit(probability, came, threshold)
        treat_all = _benefit(np.ones(len(came)), came, threshold)
        best = treat_all if treat_all.mean() > 0 else np.zeros(len(came))
        for metric, values in (("net_benefit", own), ("net_benefit_advantage", own - best)):
            low, high = _interval(values, units, n)
            findings.append(
                Finding(
                    pillar="safety",
                    metric=metric,
                    class_=name,
                    value=float(values.mean()),
                    low=low,
                    high=high,
                    n=len(part),
                    split=split,
                    enough=min(inside, outside) >= ENOUGH,
                    method=_METHOD,
                    reference=METRICS.get(metric).reference,
                    detail={"threshold": threshold, "everybody": float(treat_all.mean())},
                )
            )
    return findings


def came_of(part: Predictions, place: int) -> BoolArray:
    """Return whether each record is of a class or has a label, shape (n,)."""
    return np.asarray(part.target[:, place] == 1 if part.target_type == "labels" else part.target == place)


def _interval(values: FloatArray, units: IntArray, n: int) -> tuple[float, float]:
    """Return the normal interval of the mean over records, from the patients' sums."""
    mean = float(values.mean())
    off = np.bincount(units.astype(np.int64), values - mean, n)
    half = float(stats.norm.ppf((1 + LEVEL) / 2) * np.sqrt((off**2).sum() * n / max(n - 1, 1)) / len(values))
    return mean - half, mean + half
