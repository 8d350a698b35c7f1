"""How a record's vitals, and what it lacks, differ from the training records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from primum.cohort.columns import is_none
from primum.cohort.records import Records, VitalColumn

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
FEWEST = 5
"""Training records that lie at or beyond an end of a range, or have a level, before it counts as seen."""
_UNSEEN_LEVEL = 3.0
"""A level never seen counts as much as a number three standard deviations beyond the range."""
SCORES: Mapping[str, float] = {"vitals": 0.25, "missing": 1.0}
"""Each score and the smallest scale of its tail: standard deviations beyond the range, nats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenVital:
    """What training saw of one vital."""

    name: str
    low: float = 0.0
    """The fifth smallest value of a number."""
    high: float = 0.0
    """The fifth largest."""
    scale: float = 1.0
    """Standard deviation."""
    levels: tuple[str, ...] | None = None
    """Levels of a category that five records have; None for a number."""

    @classmethod
    def fit(cls, column: VitalColumn) -> SeenVital:
        """Return what these training records show."""
        if column.kind == "category":
            counts = Counter(value for value in column.values.tolist() if value is not None)
            return cls(name=column.name, levels=tuple(sorted(v for v, n in counts.items() if n >= FEWEST)))
        values = np.asarray(column.values, dtype=np.float64)
        values = np.sort(values[np.isfinite(values)])
        if len(values) < 2 * FEWEST:
            return cls(name=column.name, low=-np.finfo(np.float64).max, high=np.finfo(np.float64).max)
        scale = float(values.std()) or max(abs(float(values[0])), 1.0)
        return cls(name=column.name, low=float(values[FEWEST - 1]), high=float(values[-FEWEST]), scale=scale)

    def beyond(self, column: VitalColumn) -> FloatArray:
        """Return how many standard deviations each value lies outside the range, 0 inside or missing, shape (n,)."""
        if self.levels is not None:
            known = set(self.levels)
            unseen = [value is not None and str(value) not in known for value in column.values.tolist()]
            return np.where(unseen, _UNSEEN_LEVEL, 0.0)
        values = np.asarray(column.values, dtype=np.float64)
        outside = np.maximum(self.low - values, values - self.high) / self.scale
        return np.where(np.isnan(outside), 0.0, np.maximum(outside, 0.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """What training saw of all vitals, and how often each input was missing."""

    vitals: tuple[SeenVital, ...]
    missing: Mapping[str, float]
    """Share of training records that lack each input, smoothed away from 0 and 1."""

    @classmethod
    def fit(cls, records: Records, texts: list[str | None] | None) -> Measures:
        """Return what the training records show."""
        lacking = _lacking(records, texts)
        n = len(records)
        return cls(
            vitals=tuple(SeenVital.fit(column) for column in records.vitals.values()),
            missing={name: float((absent.sum() + 1) / (n + 2)) for name, absent in lacking.items()},
        )

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Measures:
        """Return what `to_json` described."""
        vitals = [
            SeenVital(**{**one, "levels": None if one["levels"] is None else tuple(one["levels"])})
            for one in value["vitals"]
        ]
        return cls(vitals=tuple(vitals), missing=value["missing"])

    def to_json(self) -> dict[str, Any]:
        """Return what is to be saved."""
        return {
            "vitals": [
                {
                    "name": one.name,
                    "low": one.low,
                    "high": one.high,
                    "scale": one.scale,
                    "levels": None if one.levels is None else list(one.levels),
                }
                for one in self.vitals
            ],
            "missing": dict(self.missing),
        }

    def beyond(self, records: Records) -> FloatArray:
        """Return how far each vital lies outside the range, shape (n, vitals)."""
        table = np.zeros((len(records), len(self.vitals)))
        for place, seen in enumerate(self.vitals):
            if seen.name in records.vitals:
                table[:, place] = seen.beyond(records.vitals[seen.name])
        return table

    def scores(self, records: Records, texts: list[str | None] | None) -> dict[str, FloatArray]:
        """Return each score of SCORES, shape (n,), the larger the stranger."""
        lacking = _lacking(records, texts)
        surprise = np.zeros(len(records))
        for name, share in self.missing.items():
            absent = lacking.get(name, np.ones(len(records), dtype=bool))
            surprise -= np.where(absent, np.log(share), np.log(1 - share))
        worst = self.beyond(records).max(1) if self.vitals else np.full(len(records), np.nan)
        return {"vitals": worst, "missing": surprise}


def _lacking(records: Records, texts: list[str | None] | None) -> dict[str, BoolArray]:
    lacking: dict[str, BoolArray] = {}
    if texts is not None:
        lacking["text"] = np.array([text is None or not text.strip() for text in texts], dtype=bool)
    for name, column in records.vitals.items():
        if column.kind == "category":
            lacking[name] = is_none(np.asarray(column.values, dtype=np.object_))
        else:
            lacking[name] = np.isnan(np.asarray(column.values, dtype=np.float64))
    return lacking
