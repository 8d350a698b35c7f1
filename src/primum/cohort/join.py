"""External sets in files of their own: read like the cohort they are to judge, and put beside its records."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from primum.cohort.build import read_cohort
from primum.cohort.cohort import Cohort
from primum.cohort.columns import is_none
from primum.cohort.fingerprint import combined
from primum.cohort.images import JoinedImages
from primum.cohort.leave_out import together
from primum.cohort.records import Records, TextColumn, VitalColumn
from primum.errors import CohortError
from primum.evidence.marks import pasted

ObjectArray = npt.NDArray[np.object_]
_COUNTS = ("records_read", "excluded_without_consent", "consent_empty")
_BY_COLUMN = ("set_to_missing", "outside_all_bins")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalFile:
    """Where the records of an external set are."""

    source: Any
    """A path, or a table in memory, with the cohort's columns."""
    own_ids: bool = False
    """Whether its record and patient ids are its own numbering: an id that the cohort has too is then another's."""


def with_external(cohort: Cohort, files: Mapping[str, ExternalFile]) -> Cohort:
    """Return the cohort with the records of external sets behind its own; `outside` says whose each record is.

    They are read with the cohort's roles, kinds of vitals and classes; `label_map` applies, a split column is not asked
    for.

    Args:
        cohort: as it was read.
        files: by the set's name.
    Raises:
        CohortError: a file cannot be read, lacks a column, holds a class that the cohort has not, or repeats a record
            id; the message begins with the set's name.
    """
    parts = {name: _read(cohort, name, file) for name, file in files.items()}
    if not parts:
        return cohort
    joined = _joined([cohort, *parts.values()])
    _check_ids(joined, len(cohort), parts)
    named: list[tuple[str | None, Cohort]] = [(None, cohort), *parts.items()]
    digests = [("cohort", "", cohort.fingerprint), *(("external", name, p.fingerprint) for name, p in parts.items())]
    sources = {name: dict(part.source) for name, part in parts.items()}
    return replace(
        joined,
        outside=np.concatenate([np.full(len(part), name, dtype=object) for name, part in named]),
        fingerprint=combined(digests),
        source={**_summed([cohort, *parts.values()]), "external": sources},
    )


def _read(cohort: Cohort, name: str, file: ExternalFile) -> Cohort:
    target = replace(cohort.roles.target, classes=cohort.target.classes)
    erased = cohort.roles.erased
    erased = erased.within(name) if erased is not None and file.own_ids else erased
    try:
        part = read_cohort(file.source, replace(cohort.roles, target=target, erased=erased))
    except CohortError as exc:
        raise CohortError(f"external set {name!r}: {exc}") from exc
    if part.time is not None and cohort.time is not None and _kind(part.time) != _kind(cohort.time):
        raise CohortError(f"external set {name!r}: its times are not of the cohort's kind; write both as ISO dates.")
    own, unnumbered = file.own_ids, cohort.roles.id is None
    alone = cohort.roles.patient in (None, cohort.roles.id)
    return replace(
        part,
        ids=_within(name, part.ids) if own or unnumbered else part.ids,
        patients=_within(name, part.patients) if own or (unnumbered and alone) else part.patients,
    )


def _kind(times: ObjectArray) -> type:
    return next((type(value) for value in times[~is_none(times)]), type(None))


def _within(name: str, ids: ObjectArray) -> ObjectArray:
    return np.array([f"{name}:{one}" for one in ids], dtype=object)


def _check_ids(joined: Cohort, n_own: int, parts: Mapping[str, Cohort]) -> None:
    seen, start = set(joined.ids[:n_own].tolist()), n_own
    for name, part in parts.items():
        mine = set(joined.ids[start : start + len(part)].tolist())
        if mine & seen:
            raise CohortError(
                f"external set {name!r}: {len(mine & seen)} record ids stand in the cohort or in another set too; "
                f"leave those records out or, where they are others that are numbered alike, set own_ids: true."
            )
        seen |= mine
        start += len(part)


def _joined(parts: Sequence[Cohort]) -> Cohort:
    first = parts[0]

    def all_of(column: Callable[[Cohort], Any]) -> Any:
        found = [column(part) for part in parts]
        return None if found[0] is None else np.concatenate(found)

    def given(part: Cohort) -> ObjectArray | None:
        blank = np.full(len(part), None, dtype=object)
        return None if first.given_split is None else blank if part.given_split is None else part.given_split

    return replace(
        first,
        records=_records([part.records for part in parts]),
        ids=all_of(lambda part: part.ids),
        patients=all_of(lambda part: part.patients),
        target=replace(first.target, values=all_of(lambda part: part.target.values)),
        regions=None if first.regions is None else pasted([p.regions for p in parts if p.regions is not None]),
        sensitive={name: np.concatenate([part.sensitive[name] for part in parts]) for name in first.sensitive},
        site=all_of(lambda part: part.site),
        time=all_of(lambda part: part.time),
        given_split=all_of(given),
        erased=together([part.erased for part in parts]),
    )


def _records(parts: Sequence[Records]) -> Records:
    first = parts[0]
    vitals: dict[str, VitalColumn] = {
        name: replace(vital, values=np.concatenate([part.vitals[name].values for part in parts]))
        for name, vital in first.vitals.items()
    }
    texts = [part.text for part in parts if part.text is not None]
    images = [part.image for part in parts if part.image is not None]
    return Records(
        n=sum(map(len, parts)),
        text=JoinedText(texts) if texts else None,
        vitals=vitals,
        image=JoinedImages(images) if images else None,
    )


def _summed(parts: Sequence[Cohort]) -> dict[str, Any]:
    """Return how the cohort was read, with the counts of all files together."""
    total = dict(parts[0].source)
    for name in _COUNTS:
        total[name] = sum(int(part.source.get(name, 0)) for part in parts)
    for name in _BY_COLUMN:
        columns = list(dict.fromkeys(column for part in parts for column in part.source.get(name, {})))
        total[name] = {c: sum(int(part.source.get(name, {}).get(c, 0)) for part in parts) for c in columns}
    return total


class JoinedText:
    """A TextColumn of several, one behind the other."""

    def __init__(self, parts: Sequence[TextColumn]) -> None:
        self._parts = list(parts)
        self._ends = np.cumsum([len(part) for part in parts], dtype=np.int64)

    def __len__(self) -> int:
        return int(self._ends[-1])

    def take(self, rows: Sequence[int] | npt.NDArray[np.int64]) -> list[str | None]:
        """Return the texts of these records."""
        wanted = np.asarray(rows, dtype=np.int64)
        texts: list[str | None] = [None] * len(wanted)
        part_of = np.searchsorted(self._ends, wanted, side="right")
        for number in np.unique(part_of):
            places = np.flatnonzero(part_of == number)
            start = self._ends[number] - len(self._parts[number])
            for place, text in zip(places, self._parts[number].take(wanted[places] - start), strict=True):
                texts[place] = text
        return texts

    def chunks(self, size: int) -> Iterator[list[str | None]]:
        """Yield all texts in order, `size` at a time."""
        for start in range(0, len(self), size):
            yield self.take(np.arange(start, min(start + size, len(self))))
