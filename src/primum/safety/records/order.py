"""Train later than test: whether the records that judge were made after those that were learnt from."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from primum.cohort import Cohort
from primum.cohort.columns import is_none
from primum.evidence.finding import Finding
from primum.evidence.intervals import delong
from primum.evidence.split_names import measured_splits
from primum.safety.records.told import SMALL, told

_PAIRS = (
    "share of pairs of a training and a judging record in which the training record is the later; DeLong's interval"
)
_LATE = "exact count of training records made after half of the records that judge, where train as a whole is earlier"
_EARLIER = 0.1
"""From this share of pairs down the splits are in the order of time."""


def order_findings(cohort: Cohort, split: npt.NDArray[np.object_], *, asked: bool) -> list[Finding]:
    """Return how often training records are the later, against test and external.

    Args:
        cohort: the records; without a time column nothing is told.
        split: shape (n,).
        asked: whether the study asks for a division in time or gives one: a split column, or a window held out.
    """
    if cohort.time is None:
        return []
    present = ~is_none(cohort.time)
    times = np.array([_number(value) for value in cohort.time], dtype=np.float64)
    findings: list[Finding] = []
    for name in measured_splits(split):
        learnt, judges = times[present & (split == "train")], times[present & (split == name)]
        if min(len(learnt), len(judges)) < SMALL:
            continue
        area, influence = delong(np.concatenate([learnt, judges]), np.repeat([True, False], [len(learnt), len(judges)]))
        half = 1.96 * float(np.sqrt((influence**2).sum()))
        common: dict[str, Any] = {"n": len(learnt) + len(judges), "split": name, "versus": {"split": "train"}}
        bounds = (max(area - half, 0.0), min(area + half, 1.0))
        findings.append(
            told("train_after_test", area, bounds=bounds, asked="yes" if asked else "no", method=_PAIRS, **common)
        )
        if area < _EARLIER:
            late = int((learnt > np.median(judges)).sum())
            findings.append(told("late_training_records", late, method=_LATE, **common))
    return findings


def _number(value: object) -> float:
    if value is None:
        return float("nan")
    if isinstance(value, float):
        return value
    stamp = value.timestamp() if hasattr(value, "timestamp") else float("nan")
    return float(stamp)
