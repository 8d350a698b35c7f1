"""Leaving erased patients out of a source as it is read, before anything of theirs is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from primum.cohort.columns import is_missing
from primum.cohort.erased import Erased
from primum.cohort.roles import Roles
from primum.errors import ColumnError


class LeaveOut:
    """Says which records of a source stay, batch by batch, and counts the others."""

    def __init__(self, erased: Erased, column: str) -> None:
        self.column = column
        self.records: dict[str, int] = {}
        """Entry of the list -> records that were left out."""
        self._erased = erased
        self._entries: dict[str, str | None] = {}

    @classmethod
    def of(cls, roles: Roles) -> LeaveOut | None:
        """Return what takes the erased patients of a cohort out; None where nobody is erased.

        Raises:
            ColumnError: somebody is, and no column says whose record is whose.
        """
        if roles.erased is None or not roles.erased.entries:
            return None
        column = roles.patient or roles.id
        if column is None:
            raise ColumnError("cohort.patient: patients are erased from this study; name the column of patient ids.")
        return cls(roles.erased, column)

    def keep(self, cells: Any) -> npt.NDArray[np.bool_]:
        """Return which records of a batch stay, given their column of patient ids; shape (n,)."""
        kept = np.ones(len(cells), dtype=np.bool_)
        for place, patient in enumerate(pc.utf8_trim_whitespace(cells).to_pylist()):
            entry = None if patient is None else self._entry(patient)
            if entry is not None:
                kept[place] = False
                self.records[entry] = self.records.get(entry, 0) + 1
        return kept

    def _entry(self, patient: str) -> str | None:
        if patient not in self._entries:
            entry = None if is_missing(patient) else self._erased.entry(patient)
            self._entries[patient] = entry if entry in self._erased.entries else None
        return self._entries[patient]


def together(parts: Sequence[Mapping[str, int]]) -> dict[str, int]:
    """Return how many records were left out of several files, by entry of the list."""
    total: dict[str, int] = {}
    for part in parts:
        for entry, records in part.items():
            total[entry] = total.get(entry, 0) + records
    return total
