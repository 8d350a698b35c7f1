"""Predictions: one row a record, the meeting point of model and assessment.

A run writes `predictions.parquet` from it; `primum assess` builds it from any other model's table
(`primum.evidence.tables`). Nothing here knows what a model is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
TextArray = npt.NDArray[np.object_]
TargetType = Literal["classes", "labels", "number"]

UNKNOWN = "unknown"
"""The group of records whose value of a sensitive attribute is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictions:
    """What a model said about each record, beside what was true and who the patient was."""

    ids: TextArray
    """Record ids as strings, shape (n,)."""
    split: TextArray
    """Name of each record's split: train, validation, calibration, test, external or external:NAME; (n,)."""
    target_type: TargetType
    """classes: one of several; labels: any number of several; number: a quantity."""
    classes: tuple[str, ...]
    """Names of the classes or labels, in the order of the probability columns; empty for a number."""
    target: IntArray | FloatArray
    """classes: class index (n,) int64; labels: 0/1 (n, k) int64; number: value (n,) float64."""
    predicted: IntArray | FloatArray
    """What the model decided, same shape and coding as `target`."""
    probabilities: FloatArray | None
    """Shape (n, k) in [0, 1]; rows sum to 1 for classes, not for labels; None for a number."""
    groups: Mapping[str, TextArray] = field(default_factory=dict)
    """Each sensitive attribute's value (binned where the study says so, "unknown" where missing), shape (n,)."""
    site: TextArray | None = None
    """The hospital of each record, shape (n,)."""
    patient: TextArray | None = None
    """The patient of each record where one patient may have several; intervals then resample patients."""

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: npt.NDArray[np.bool_] | IntArray) -> Predictions:
        """Return the chosen rows (a boolean mask or indices) as new Predictions."""
        return Predictions(
            ids=self.ids[rows],
            split=self.split[rows],
            target_type=self.target_type,
            classes=self.classes,
            target=self.target[rows],
            predicted=self.predicted[rows],
            probabilities=None if self.probabilities is None else self.probabilities[rows],
            groups={name: values[rows] for name, values in self.groups.items()},
            site=None if self.site is None else self.site[rows],
            patient=None if self.patient is None else self.patient[rows],
        )

    def of_split(self, name: str) -> Predictions:
        """Return the rows of one split."""
        rows = self.split == name
        return self if rows.all() else self.take(rows)
