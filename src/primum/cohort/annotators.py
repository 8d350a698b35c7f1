"""The labels that several annotators gave to a cohort's records, coded as its classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from primum.cohort.cohort import Cohort
from primum.cohort.columns import is_missing, spelled
from primum.cohort.faults import Faults, rows_named
from primum.cohort.gather import gather
from primum.cohort.leave_out import LeaveOut
from primum.cohort.readers import open_table
from primum.errors import ColumnError


def read_annotators(source: Any, columns: Sequence[str], cohort: Cohort) -> npt.NDArray[np.int64]:
    """Return the class that each annotator gave to each record of a cohort, -1 for none, shape (n, annotators).

    Args:
        source: where the cohort was read from.
        columns: one an annotator; values are classes, or what the cohort's label map makes classes.
        cohort: the records; those of erased patients and without consent are left out here as there.
    Raises:
        ColumnError: a column is not there, or holds something else than a class (rows are named, values never).
    """
    roles, faults = cohort.roles, Faults()
    gathered = gather(open_table(source), list(columns), [], consent=roles.consent, leave_out=LeaveOut.of(roles))
    mapped = {spelled(value): name for value, name in roles.label_map.items()}
    code = {name: place for place, name in enumerate(cohort.target.classes)}
    found = np.full((len(cohort), len(columns)), -1, dtype=np.int64)
    for place, column in enumerate(columns):
        cells = gathered.coded[column]
        codes = [code.get(mapped.get(spelled(value), value), -1) for value in cells.values]
        own = len(cells.codes)  # records of files of their own follow, and have no annotators
        found[:own, place] = np.array([*codes, -1], dtype=np.int64)[cells.codes]
        wrong = cells.where(lambda value: not is_missing(value)) & (found[:own, place] < 0)
        if wrong.any():
            faults.add(
                ColumnError(
                    f"column {column!r}: {rows_named(gathered.rows[wrong])} hold no class of the target; "
                    f"an annotator's labels are {', '.join(code)}, or what label_map makes of them, or empty."
                )
            )
    faults.raise_any()
    return found
