"""Vitals from strings: number or category, and what is missing."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from primum.cohort.columns import Coded, canonical, is_missing, number
from primum.cohort.faults import Faults, rows_named
from primum.cohort.records import VitalColumn
from primum.cohort.roles import VitalKind, VitalRole
from primum.errors import ColumnError

NUMBER_SHARE = 0.95
"""A vital without a declared kind is a number when at least this share of its present values spell one."""


def parse_vital(role: VitalRole, cells: Coded, rows: npt.NDArray[np.int64], faults: Faults) -> tuple[VitalColumn, int]:
    """Return a vital's values and how many of them were set to missing because they spell no number.

    Args:
        role: what the study says about the column.
        cells: the column, shape (n,).
        rows: row numbers in the source for messages, shape (n,).
        faults: receives an error when a declared number holds something else.
    """
    present = cells.where(lambda value: not is_missing(value, role.missing))
    wrong = present & cells.where(lambda value: np.isnan(number(value)))
    kind = role.kind or _kind(int(present.sum()), int(wrong.sum()))
    values: npt.NDArray[np.float64] | npt.NDArray[np.object_]
    if kind == "category":
        values = cells.spread([None if is_missing(v, role.missing) else canonical(v) for v in cells.values])
        wrong[:] = False
    else:
        values = cells.numbers(missing=role.missing)
    if role.kind == "number" and wrong.any():
        faults.add(
            ColumnError(
                f"column {role.column!r}: is declared a number, but {rows_named(rows[wrong])} hold something else; "
                f"list what means missing under `missing`, or declare it a category."
            )
        )
    column = VitalColumn(name=role.column, kind=kind, values=values, unit=role.unit, range=role.range)
    return column, int(wrong.sum())


def _kind(n_present: int, n_wrong: int) -> VitalKind:
    return "number" if n_present - n_wrong >= NUMBER_SHARE * n_present else "category"
