"""The columns of a cohort as causes and effects: numbers as they are, categories as indicators."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from primum.cohort import Cohort
from primum.evidence.predictions import UNKNOWN
from primum.evidence.withholding import SMALL

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
Column = npt.NDArray[np.float64] | npt.NDArray[np.object_]
MOST_CLASSES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of a cause, from something to something."""

    before: str
    after: str
    step: float
    """Size of the change in units of the cause's column in the design: 1 for a level."""
    values: FloatArray
    """The cause: the number itself, or 1 for `after` and 0 for `before`, shape (n,)."""
    rows: BoolArray
    """Records that it can be told of: of a category, those of one of the two levels."""


def columns_of(cohort: Cohort) -> dict[str, Column]:
    """Return every column that can be adjusted for, by name; numbers as float, levels as text, None where missing."""
    found: dict[str, Column] = {}
    groups: Mapping[str, npt.NDArray[np.object_]] = {
        **cohort.sensitive,
        **({cohort.roles.site: cohort.site} if cohort.roles.site and cohort.site is not None else {}),
    }
    for name, levels in groups.items():
        found[name] = np.array([None if level == UNKNOWN else level for level in levels], dtype=object)
    for name, vital in cohort.records.vitals.items():
        found[name] = vital.values
    return found


def missing(column: Column) -> BoolArray:
    """Return which records lack a column."""
    if column.dtype == object:
        return np.array([value is None for value in column], dtype=bool)
    return np.asarray(np.isnan(column.astype(np.float64)), dtype=bool)


def design(columns: Sequence[Column], rows: BoolArray) -> FloatArray:
    """Return numbers, standardised, and an indicator for each level but the commonest, shape (rows, p)."""
    parts = []
    for column in columns:
        values = column[rows]
        if column.dtype == object:
            levels, code = np.unique(values.astype(str), return_inverse=True)
            order = np.argsort(-np.bincount(code), kind="stable")[1:]
            parts += [(code == level).astype(np.float64) for level in order]
        else:
            numbers = values.astype(np.float64)
            spread = float(numbers.std())
            if spread > 0:
                parts.append((numbers - numbers.mean()) / spread)
    return np.column_stack(parts) if parts else np.empty((int(rows.sum()), 0))


def changes_of(column: Column, patients: npt.NDArray[np.object_]) -> list[Change]:
    """Return the changes of a cause that are told of: lower to upper quartile, or the commonest level to each other.

    Levels of fewer than five patients are left out.
    """
    known = ~missing(column)
    if column.dtype != object:
        values = column.astype(np.float64)
        if not known.any():
            return []
        low, high = (float(f"{one:.3g}") for one in np.quantile(values[known], [0.25, 0.75]))
        if low == high:
            return []
        return [Change(before=f"{low:g}", after=f"{high:g}", step=high - low, values=values, rows=known)]
    count = {str(level): len(np.unique(patients[column == level].astype(str))) for level in sorted(set(column[known]))}
    told = [level for level in sorted(count, key=lambda one: (-count[one], one)) if count[level] >= SMALL]
    return [
        Change(
            before=told[0],
            after=level,
            step=1.0,
            values=(column == level).astype(np.float64),
            rows=np.asarray((column == told[0]) | (column == level), dtype=bool),
        )
        for level in told[1:]
    ]


def outcomes_of(cohort: Cohort, name: str, columns: Mapping[str, Column]) -> list[tuple[str | None, FloatArray]]:
    """Return the outcome as numbers, NaN where missing: of the target each class (of two the second), of a category
    each level but the commonest, at most three; else the number itself.
    """
    if name == cohort.roles.target.column:
        target = cohort.target
        if target.kind == "number":
            return [(None, target.values.astype(np.float64))]
        table = target.values if target.kind == "labels" else target.values[:, None] == np.arange(len(target.classes))
        codes = [1] if table.shape[1] == 2 and target.kind == "classes" else range(table.shape[1])
        ordered = sorted(codes, key=lambda c: -float(table[:, c].sum()))[:MOST_CLASSES]
        return [(target.classes[c], table[:, c].astype(np.float64)) for c in ordered]
    column = columns[name]
    if column.dtype != object:
        return [(None, column.astype(np.float64))]
    known = ~missing(column)
    levels, count = np.unique(column[known].astype(str), return_counts=True)
    told = [str(levels[i]) for i in np.argsort(-count, kind="stable")[1:] if count[i] >= SMALL][:MOST_CLASSES]
    return [(level, np.where(known, column == level, np.nan).astype(np.float64)) for level in told]
