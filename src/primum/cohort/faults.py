"""Collecting what is wrong with the records, so that a user can mend it all at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from primum.errors import CohortError

_SHOWN = 5


class Faults:
    """Errors found so far; nothing is raised until `raise_any`."""

    def __init__(self) -> None:
        self._errors: list[CohortError] = []

    def add(self, error: CohortError) -> None:
        """Remember an error."""
        self._errors.append(error)

    def raise_any(self) -> None:
        """Raise what was found: a single error as itself, several as one CohortError with all their sentences."""
        if len(self._errors) == 1:
            raise self._errors[0]
        if self._errors:
            raise CohortError(" ".join(str(error) for error in self._errors))


def rows_named(rows: Sequence[int] | npt.NDArray[np.int64]) -> str:
    """Return row numbers for a message, e.g. "row 3" or "rows 3, 7, 9, 12, 13 and 4 more"."""
    shown = ", ".join(str(int(row)) for row in rows[:_SHOWN])
    if len(rows) == 1:
        return f"row {shown}"
    more = f" and {len(rows) - _SHOWN} more" if len(rows) > _SHOWN else ""
    return f"rows {shown}{more}"
