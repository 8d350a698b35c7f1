"""Sensitive attributes, sites and times from strings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt

from primum.cohort.columns import Coded, is_missing, is_none, number
from primum.cohort.faults import Faults, rows_named
from primum.cohort.roles import SensitiveRole
from primum.errors import ColumnError

UNKNOWN = "unknown"
"""The group of records whose value is missing."""


def parse_groups(cells: Coded) -> npt.NDArray[np.object_]:
    """Return group names, "unknown" where missing; shape (n,)."""
    names = cells.strings()
    names[is_none(names)] = UNKNOWN
    return names


def parse_sensitive(
    role: SensitiveRole, cells: Coded, rows: npt.NDArray[np.int64], faults: Faults
) -> tuple[npt.NDArray[np.object_], int]:
    """Return an attribute's group names, shape (n,), and how many records lie outside all of its bands.

    A band such as "45-65" holds its lower edge, the last band both; what lies outside is "unknown".
    """
    if role.bins is None:
        return parse_groups(cells), 0
    wrong = cells.where(lambda value: not is_missing(value) and np.isnan(number(value)))
    if wrong.any():
        faults.add(
            ColumnError(
                f"column {role.column!r}: has bins and so must hold numbers, but {rows_named(rows[wrong])} "
                f"hold something else; mend them, or leave the bins out."
            )
        )
    bands = [band_of(number(value), role.bins) for value in cells.values]
    groups = cells.spread([band or UNKNOWN for band in bands])
    groups[is_none(groups)] = UNKNOWN
    outside = cells.where(lambda value: not np.isnan(number(value)) and band_of(number(value), role.bins or ()) is None)
    return groups, int(outside.sum())


def parse_time(column: str, cells: Coded, rows: npt.NDArray[np.int64], faults: Faults) -> npt.NDArray[np.object_]:
    """Return times as datetime (UTC, without zone) or, when all are numbers, as float; None where missing; (n,)."""
    present = [value for value in cells.values if not is_missing(value)]
    if all(not np.isnan(number(value)) for value in present):
        return cells.spread([None if is_missing(value) else number(value) for value in cells.values])
    wrong = cells.where(lambda value: not is_missing(value) and moment(value) is None)
    if wrong.any():
        faults.add(
            ColumnError(
                f"column {column!r}: expected ISO dates such as 2024-05-31, or numbers throughout; "
                f"{rows_named(rows[wrong])} hold something else."
            )
        )
    return cells.spread([None if is_missing(value) else moment(value) for value in cells.values])


def moment(value: str) -> datetime | None:
    """Return an ISO date or timestamp as a datetime in UTC without zone, None when the string is neither."""
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError:
        return None
    return parsed.astimezone(UTC).replace(tzinfo=None) if parsed.tzinfo else parsed


def band_of(value: float, edges: Sequence[float]) -> str | None:
    """Return the band of a number, such as "45-65"; None where it lies in none. The last band holds both its edges."""
    for low, high in zip(edges, edges[1:], strict=False):
        if low <= value < high or (value == high == edges[-1]):
            return f"{low:g}-{high:g}"
    return None
