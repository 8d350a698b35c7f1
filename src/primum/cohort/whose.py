"""Which records of a source are a patient's, consent or not: what an erasure has to look for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from primum.cohort.columns import canonical
from primum.cohort.gather import gather
from primum.cohort.readers import open_table


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned:
    """One patient's records in a source."""

    records: frozenset[str]
    """Record ids, as a cohort spells them."""
    patients: int
    """How many patients the source has in all."""
    alike: int
    """Patients whose id differs from the one asked for in case, blanks, signs or leading zeros only."""


def records_of(
    source: Any, patient: str, *, patient_column: str, id_column: str | None = None, inside: str = "", own: bool = False
) -> Owned:
    """Return a patient's records in a source.

    Args:
        source: a path, or a table in memory.
        patient: the id, as it stands in the column; spellings that differ by file format only (7 and 7.0) are one.
        patient_column: column of patient ids.
        id_column: column of record ids; None numbers the records from 1.
        inside: what a cohort puts before ids of this source, e.g. "zurich:".
        own: whether it does so with every id, and not with row numbers only.
    Raises:
        CohortError: the source cannot be read, or lacks a column.
    """
    columns = [patient_column, *([] if id_column is None else [id_column])]
    gathered = gather(open_table(source), columns, [])
    patients = gathered.coded[patient_column]
    before = inside if own else ""
    wanted = canonical(patient.strip())
    mine = patients.where(lambda value: before + canonical(value) == wanted)
    ids = [str(row) for row in gathered.rows[mine].tolist()]
    if id_column is not None:
        ids = [one for one in gathered.coded[id_column].strings()[mine].tolist() if one is not None]
    prefix = inside if own or id_column is None else ""
    alike = {value for value in patients.values if _plain(before + value) == _plain(wanted)} if not ids else set()
    return Owned(records=frozenset(prefix + one for one in ids), patients=len(patients.values), alike=len(alike))


def _plain(patient: str) -> str:
    return "".join(one for one in patient.casefold() if one.isalnum()).lstrip("0")
