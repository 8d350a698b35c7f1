"""How far a record's vitals lie from those of the training records, numbers and categories together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from primum.cohort.records import VitalColumn
from primum.transparency.grouping import (
    FEWEST,
    FloatArray,
    IntArray,
    distances,
    distances_without_self,
    grouped,
    means_by,
)

WITHIN = 0.95
"""Share of training patients that are plausible by construction: the others lie further from their like."""
_MOST_PATIENTS = 10_000
_CHUNK = 8192


@dataclass(frozen=True, slots=True, kw_only=True)
class Coordinates:
    """How vitals become points: numbers standardised, and two levels of a category one apart."""

    centres: Mapping[str, tuple[float, float]]
    """Mean and standard deviation of each number."""
    gaps: tuple[str, ...]
    """Numbers that are missing in some training record: that they are is a coordinate of its own."""
    levels: Mapping[str, tuple[str, ...]]
    """Levels of each category that five training patients have; a missing or other one is none of them."""

    @classmethod
    def fit(cls, vitals: Mapping[str, VitalColumn], owner: IntArray) -> Coordinates:
        """Return the coordinates of training records.

        Args:
            vitals: of these, each of shape (n,).
            owner: the patient of each, shape (n,).
        """
        centres: dict[str, tuple[float, float]] = {}
        levels: dict[str, tuple[str, ...]] = {}
        gaps = []
        for name, column in vitals.items():
            if column.kind == "category":
                levels[name] = levels_of_five(column, owner)
                continue
            values = np.asarray(column.values, dtype=np.float64)
            there = np.isfinite(values)
            mean = float(values[there].mean()) if there.any() else 0.0
            scale = float(values[there].std()) if there.any() else 1.0
            centres[name] = (mean, scale if scale > 0 else 1.0)
            if not there.all():
                gaps.append(name)
        return cls(centres=centres, gaps=tuple(gaps), levels=levels)

    def of(self, vitals: Mapping[str, VitalColumn], n: int) -> FloatArray:
        """Return the points of n records, shape (n, width); a vital that they lack is missing throughout."""
        columns: list[FloatArray] = []
        for name, (mean, scale) in self.centres.items():
            column = vitals.get(name)
            values = np.full(n, np.nan) if column is None else np.asarray(column.values, dtype=np.float64)
            standard = (values - mean) / scale
            columns.append(np.where(np.isfinite(standard), standard, 0.0))
            if name in self.gaps:
                columns.append((~np.isfinite(standard)).astype(np.float64))
        for name, levels in self.levels.items():
            column = vitals.get(name)
            values = np.full(n, None, dtype=object) if column is None else column.values
            columns += [np.asarray(values == level, dtype=np.float64) * np.sqrt(0.5) for level in levels]
        return np.column_stack(columns) if columns else np.empty((n, 0))

    def to_json(self) -> dict[str, Any]:
        """Return the coordinates as plain JSON."""
        return {
            "centres": {name: list(pair) for name, pair in self.centres.items()},
            "gaps": list(self.gaps),
            "levels": {name: list(levels) for name, levels in self.levels.items()},
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Coordinates:
        """Return the coordinates that `to_json` described."""
        return cls(
            centres={name: (pair[0], pair[1]) for name, pair in value["centres"].items()},
            gaps=tuple(value["gaps"]),
            levels={name: tuple(levels) for name, levels in value["levels"].items()},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Nearby:
    """Means of groups of five training patients and more, and how far from them is still like them."""

    means: FloatArray
    """Shape (groups, width)."""
    threshold: float
    """Distance from the nearest mean that WITHIN of the training patients keep to, each measured without itself."""

    @classmethod
    def fit(cls, points: FloatArray, owner: IntArray) -> Nearby | None:
        """Return what is near the training records; None where they are too few for two groups.

        Args:
            points: shape (n, width).
            owner: the patient of each, shape (n,).
        """
        patients = means_by(points, owner, int(owner.max()) + 1 if len(owner) else 0)
        if len(patients) > _MOST_PATIENTS:
            drawn = np.random.default_rng(23).choice(len(patients), _MOST_PATIENTS, replace=False)
            patients = patients[np.sort(drawn)]
        if len(patients) < 2 * FEWEST:
            return None
        groups = grouped(patients)
        # What is kept is what is computed with, so that a saved model answers as the run did.
        means = np.array([patients[own].mean(0) for own in groups]).astype(np.float32).astype(np.float64)
        own = distances_without_self(patients, groups)
        return cls(means=means, threshold=float(np.quantile(own, WITHIN)))

    def distance(self, points: FloatArray) -> FloatArray:
        """Return each point's distance from the nearest mean, shape (n,)."""
        found = np.empty(len(points))
        for start in range(0, len(points), _CHUNK):
            found[start : start + _CHUNK] = distances(points[start : start + _CHUNK], self.means).min(1)
        return found


def neighbour_distances(points: FloatArray, others: FloatArray, *, k: int, same: bool = False) -> FloatArray:
    """Return how far the k-th nearest of other points is from each point, shape (n,).

    Args:
        points: shape (n, width).
        others: shape (m, width).
        k: which neighbour; the furthest where there are fewer.
        same: whether `others` are these very points, so that each has itself for nearest, which does not count.
    """
    found = np.empty(len(points))
    place = min(k - 1 + int(same), max(len(others) - 1, 0))
    for start in range(0, len(points), _CHUNK // 8):
        part = slice(start, start + _CHUNK // 8)
        found[part] = np.partition(distances(points[part], others), place, axis=1)[:, place]
    return found


def levels_of_five(column: VitalColumn, owner: IntArray) -> tuple[str, ...]:
    """Return the levels of a category that five patients have, sorted."""
    patients: dict[str, set[int]] = {}
    for value, whose in zip(column.values.tolist(), owner.tolist(), strict=True):
        if value is not None:
            patients.setdefault(str(value), set()).add(whose)
    return tuple(sorted(level for level, own in patients.items() if len(own) >= FEWEST))
