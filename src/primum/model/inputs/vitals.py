"""Vitals: numbers and categories become tensors that keep what is missing apart from what is zero."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from primum.cohort.records import Records, VitalColumn
from primum.cohort.roles import VitalKind
from primum.model.inputs.base import Arrays, Batch, tensors

MISSING, UNSEEN = 0, 1
FEWEST_OF_A_LEVEL = 5
"""A rarer level counts as never seen: it teaches nothing, and a saved model must not name one patient's word."""
_QUANTILES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class VitalCode:
    """How one vital is coded; learnt from the training records only."""

    name: str
    kind: VitalKind
    mean: float = 0.0
    """Mean of a number."""
    scale: float = 1.0
    """Standard deviation of a number, never 0."""
    edges: tuple[float, ...] = ()
    """Distinct quantiles of a number, for the piecewise-linear coding."""
    levels: tuple[str, ...] = ()
    """Levels of a category; code 0 is missing, code 1 a rare level or one never seen in training."""


class PreparedVitals:
    """Vitals of n records: numbers (n, p) with NaN where missing, categories (n, q) as codes."""

    def __init__(self, numbers: npt.NDArray[np.float32], categories: npt.NDArray[np.int64]) -> None:
        self.numbers = numbers
        self.categories = categories
        self.lengths: npt.NDArray[np.int64] = np.ones(len(numbers), dtype=np.int64)

    def joined(self, more: PreparedVitals) -> PreparedVitals:
        """Return these records followed by `more`."""
        return PreparedVitals(
            np.concatenate([self.numbers, more.numbers]), np.concatenate([self.categories, more.categories])
        )

    def chosen(self, rows: npt.NDArray[np.int64]) -> PreparedVitals:
        """Return these records alone."""
        return PreparedVitals(self.numbers[rows], self.categories[rows])

    def thinned(self, rows: npt.NDArray[np.int64], kept: npt.NDArray[np.bool_]) -> PreparedVitals:
        """Return these records with some of their vitals only, the others missing.

        Args:
            rows: a record may come several times, shape (m,).
            kept: which vitals each keeps, numbers then categories, shape (m, p + q).
        """
        p = self.numbers.shape[1]
        numbers = np.where(kept[:, :p], self.numbers[rows], np.float32(np.nan))
        return PreparedVitals(numbers, np.where(kept[:, p:], self.categories[rows], MISSING))

    def there(self) -> npt.NDArray[np.bool_]:
        """Return which vitals each record has, numbers then categories, shape (n, p + q)."""
        return np.concatenate([~np.isnan(self.numbers), self.categories != MISSING], axis=1)

    def collate(self, rows: Sequence[int] | npt.NDArray[np.int64]) -> Batch:
        """Return what `arrays` does, as tensors."""
        return tensors(self.arrays(rows))

    def arrays(self, rows: Sequence[int] | npt.NDArray[np.int64]) -> Arrays:
        """Return numbers (b, p), categories (b, q) and present (b,)."""
        index = np.asarray(rows, dtype=np.int64)
        numbers, categories = self.numbers[index], self.categories[index]
        present = (~np.isnan(numbers)).any(1) | (categories != MISSING).any(1)
        return {"numbers": numbers, "categories": categories, "present": present}


class VitalsInput:
    """Standardises numbers and codes categories; never fills in what is missing."""

    name = "vitals"

    def __init__(self, codes: Sequence[VitalCode]) -> None:
        self.codes = tuple(codes)
        self.numbers = tuple(code for code in self.codes if code.kind == "number")
        self.categories = tuple(code for code in self.codes if code.kind == "category")

    @classmethod
    def fit(cls, vitals: Mapping[str, VitalColumn], rows: npt.NDArray[np.int64]) -> VitalsInput:
        """Return the input fitted on the training records `rows`."""
        return cls([_fit_code(column, rows) for column in vitals.values()])

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> VitalsInput:
        """Return the input that `state()` described."""
        codes = [
            VitalCode(**{**code, "edges": tuple(code["edges"]), "levels": tuple(code["levels"])})
            for code in state["codes"]
        ]
        return cls(codes)

    def state(self) -> dict[str, Any]:
        """Return the codes as plain JSON."""
        return {
            "codes": [
                {
                    "name": c.name,
                    "kind": c.kind,
                    "mean": c.mean,
                    "scale": c.scale,
                    "edges": list(c.edges),
                    "levels": list(c.levels),
                }
                for c in self.codes
            ]
        }

    def prepare(self, records: Records) -> PreparedVitals:
        """Return the vitals of all records; a column that these records lack is missing throughout."""
        n = len(records)
        numbers = np.full((n, len(self.numbers)), np.nan, dtype=np.float32)
        for j, code in enumerate(self.numbers):
            column = records.vitals.get(code.name)
            if column is not None:
                numbers[:, j] = (np.asarray(column.values, dtype=np.float64) - code.mean) / code.scale
        categories = np.zeros((n, len(self.categories)), dtype=np.int64)
        for j, code in enumerate(self.categories):
            column = records.vitals.get(code.name)
            if column is not None:
                known = {level: i + 2 for i, level in enumerate(code.levels)}
                categories[:, j] = [MISSING if v is None else known.get(str(v), UNSEEN) for v in column.values]
        return PreparedVitals(numbers, categories)


def _fit_code(column: VitalColumn, rows: npt.NDArray[np.int64]) -> VitalCode:
    if column.kind == "category":
        counts = Counter(str(v) for v in column.values[rows] if v is not None)
        levels = sorted(level for level, count in counts.items() if count >= FEWEST_OF_A_LEVEL)
        return VitalCode(name=column.name, kind="category", levels=tuple(levels))
    values = np.asarray(column.values[rows], dtype=np.float64)
    values = values[np.isfinite(values)]
    if not len(values):
        return VitalCode(name=column.name, kind="number", edges=(0.0, 1.0))
    mean, scale = float(values.mean()), float(values.std()) or 1.0
    edges = np.unique(np.quantile((values - mean) / scale, np.linspace(0, 1, _QUANTILES + 1)))
    if len(edges) < 2:
        edges = np.array([edges[0], edges[0] + 1.0])
    return VitalCode(name=column.name, kind="number", mean=mean, scale=scale, edges=tuple(map(float, edges)))
