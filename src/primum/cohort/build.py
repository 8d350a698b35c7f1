"""Reading a cohort: from a source and its roles to checked, coded records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from primum.cohort.attributes import parse_groups, parse_sensitive, parse_time
from primum.cohort.cohort import Cohort, Target
from primum.cohort.columns import Coded, is_none
from primum.cohort.faults import Faults, rows_named
from primum.cohort.fingerprint import column_digest, combined
from primum.cohort.gather import Gathered, gather
from primum.cohort.images import ChosenImages, StoredImages, read_images
from primum.cohort.leave_out import LeaveOut
from primum.cohort.readers import Table, open_table
from primum.cohort.records import Records, VitalColumn
from primum.cohort.regions import PictureFiles, digests_of, read_boxes, read_masks
from primum.cohort.roles import BoxesRole, InputRoles, MasksRole, Roles, SensitiveRole
from primum.cohort.target import parse_target
from primum.cohort.text import ChosenText
from primum.cohort.vitals import parse_vital
from primum.errors import CohortError, ColumnError
from primum.evidence.marks import Marking

ObjectArray = npt.NDArray[np.object_]


def read_cohort(source: Any, roles: Roles, *, split_column: str | None = None) -> Cohort:
    """Return the records of a source with their roles, checked and coded.

    Args:
        source: a path, or a table in memory (see `primum.cohort.readers.open_table`).
        roles: what each column is for; a vital without a kind gets one from its values.
        split_column: a column that gives every record's split.
    Raises:
        CohortError: the source cannot be read, or what it holds cannot be used; everything that is wrong with the
            values comes in one message.
    """
    _check_roles(roles)
    table = open_table(source)
    _check_patient(table, roles)
    columns = _coded_columns(roles, split_column)
    gathered = gather(table, columns, roles.inputs.text, consent=roles.consent, leave_out=LeaveOut.of(roles))
    return _Builder(table, gathered, roles, split_column, folder=folder_of(source)).cohort()


def read_records(
    source: Any, inputs: InputRoles, *, id_column: str | None = None
) -> tuple[npt.NDArray[np.object_], Records]:
    """Return record ids, shape (n,), and the inputs of records that need no target.

    Args:
        source: a path, or a table in memory.
        inputs: the input columns; give every vital the kind it was trained with.
        id_column: None numbers the records from 1.
    Raises:
        CohortError: the source cannot be read, or what it holds cannot be used.
    """
    table = open_table(source)
    coded = [*_input_columns(inputs), *([id_column] if id_column else [])]
    gathered = gather(table, coded, inputs.text)
    faults = Faults()
    ids = _ids(id_column, gathered, faults)
    vitals, _ = _vitals(inputs, gathered, faults)
    images = _images(inputs, gathered, folder_of(source), faults)
    faults.raise_any()
    return ids, Records(n=len(ids), text=gathered.text, vitals=vitals, image=images)


def folder_of(source: Any) -> Path:
    """Return where relative paths in a source's cells start: its folder, itself if it is one, or the current one."""
    if not isinstance(source, str | Path):
        return Path()
    return Path(source) if Path(source).is_dir() else Path(source).parent


def read_attribute(source: Any, role: SensitiveRole) -> npt.NDArray[np.object_]:
    """Return the level of a sensitive attribute of each record, "unknown" where missing, shape (n,).

    Args:
        source: a path, or a table in memory.
        role: the attribute's column and bands.
    Raises:
        CohortError: the source cannot be read, lacks the column, or holds something else than numbers to be banded.
    """
    gathered = gather(open_table(source), [role.column], [])
    faults = Faults()
    levels, _ = parse_sensitive(role, gathered.coded[role.column], gathered.rows, faults)
    faults.raise_any()
    return levels


def read_shapes(source: Any, inputs: InputRoles) -> npt.NDArray[np.int64]:
    """Return height and width of each record's image as it is stored, 0 where there is none, shape (n, 2).

    Args:
        source: a path, or a table in memory.
        inputs: says which column names the images.
    Raises:
        CohortError: the source cannot be read, or lacks the column.
    """
    assert inputs.image is not None
    gathered = gather(open_table(source), [inputs.image.column], [])
    names = gathered.coded[inputs.image.column].strings()
    return PictureFiles(names=names, rows=gathered.rows, role=inputs.image, folder=folder_of(source)).shapes()


def column_names(source: Any) -> list[str]:
    """Return the names of a source's columns, in order."""
    return list(open_table(source).columns)


def take(cohort: Cohort, rows: npt.NDArray[np.int64] | npt.NDArray[np.bool_]) -> Cohort:
    """Return the chosen records (indices or a mask) as a new cohort; fingerprint and source stay those of the whole."""
    chosen = np.flatnonzero(rows) if rows.dtype == bool else np.asarray(rows, dtype=np.int64)
    return replace(
        cohort,
        records=take_records(cohort.records, chosen),
        ids=cohort.ids[chosen],
        patients=cohort.patients[chosen],
        target=replace(cohort.target, values=cohort.target.values[chosen]),
        regions=None if cohort.regions is None else cohort.regions.take(chosen),
        sensitive={name: values[chosen] for name, values in cohort.sensitive.items()},
        quasi_identifiers={name: values[chosen] for name, values in cohort.quasi_identifiers.items()},
        site=None if cohort.site is None else cohort.site[chosen],
        time=None if cohort.time is None else cohort.time[chosen],
        given_split=None if cohort.given_split is None else cohort.given_split[chosen],
        outside=None if cohort.outside is None else cohort.outside[chosen],
    )


def take_records(records: Records, rows: npt.NDArray[np.int64]) -> Records:
    """Return these records alone."""
    vitals = {name: replace(vital, values=vital.values[rows]) for name, vital in records.vitals.items()}
    text = None if records.text is None else ChosenText(records.text, rows)
    image = None if records.image is None else ChosenImages(records.image, rows)
    return Records(n=len(rows), text=text, vitals=vitals, image=image)


class _Builder:
    """Turns gathered columns into a cohort, role by role."""

    def __init__(
        self, table: Table, gathered: Gathered, roles: Roles, split_column: str | None, *, folder: Path
    ) -> None:
        self._folder = folder
        self._table = table
        self._gathered = gathered
        self._roles = roles
        self._split_column = split_column
        self._faults = Faults()

    def cohort(self) -> Cohort:
        roles, data = self._roles, self._gathered
        ids = _ids(roles.id, data, self._faults)
        patients = ids if roles.patient in (None, roles.id) else self._patients(str(roles.patient))
        vitals, not_numbers = _vitals(roles.inputs, data, self._faults)
        regions, dropped = self._regions()
        target = self._target(regions)
        sensitive, outside = self._groups(roles.sensitive)
        quasi, _ = self._groups(roles.quasi_identifiers)
        time = None if roles.time is None else parse_time(roles.time, self._cells(roles.time), data.rows, self._faults)
        images = _images(roles.inputs, data, self._folder, self._faults)
        self._faults.raise_any()
        cohort = Cohort(
            roles=replace(roles, inputs=_resolved(roles.inputs, vitals)),
            records=Records(n=len(ids), text=data.text, vitals=vitals, image=images),
            ids=ids,
            patients=patients,
            target=target,
            regions=regions,
            sensitive=sensitive,
            quasi_identifiers=quasi,
            site=None if roles.site is None else parse_groups(self._cells(roles.site)),
            time=time,
            given_split=None if self._split_column is None else self._cells(self._split_column).strings(),
            source=self._source(not_numbers, outside) | dropped,
            erased=dict(data.erased),
        )
        return replace(cohort, fingerprint=_fingerprint(cohort, data.text_digest))

    def _cells(self, column: str) -> Coded:
        return self._gathered.coded[column]

    def _patients(self, column: str) -> ObjectArray:
        patients = self._cells(column).strings()
        _check_no_gap(column, "patient id", patients, self._gathered, self._faults)
        return patients

    def _regions(self) -> tuple[Marking | None, dict[str, int]]:
        role, image = self._roles.target, self._roles.inputs.image
        if role.regions is None or image is None:
            return None, {}
        data = self._gathered
        files = PictureFiles(names=data.coded[image.column].strings(), rows=data.rows, role=image, folder=self._folder)
        if isinstance(role.regions, MasksRole):
            names = data.coded[role.column].strings()
            return read_masks(names, files, role.regions, column=role.column, faults=self._faults), {}
        keys = {image.column: files.names}
        if self._roles.id is not None:
            keys[self._roles.id] = self._cells(self._roles.id).strings()
        all_there = data.n_read == len(data.rows) and not data.erased
        marking, dropped = read_boxes(keys, files, role.regions, all_there=all_there, faults=self._faults)
        return marking, {"boxes_without_area": dropped}

    def _target(self, regions: Marking | None) -> Target:
        role = self._roles.target
        if regions is not None:
            return Target(kind="number", classes=(), values=regions.amounts())
        cells = self._cells(role.column)
        return parse_target(role, cells, self._gathered.rows, label_map=self._roles.label_map, faults=self._faults)

    def _groups(self, wanted: tuple[SensitiveRole, ...]) -> tuple[dict[str, ObjectArray], dict[str, int]]:
        groups: dict[str, ObjectArray] = {}
        outside: dict[str, int] = {}
        for role in wanted:
            cells = self._cells(role.column)
            groups[role.column], n = parse_sensitive(role, cells, self._gathered.rows, self._faults)
            if n:
                outside[role.column] = n
        return groups, outside

    def _source(self, not_numbers: Mapping[str, int], outside: Mapping[str, int]) -> dict[str, Any]:
        n_read = self._gathered.n_read
        return {
            "name": self._table.name,
            "format": self._table.format,
            **self._table.facts,
            "records_read": n_read,
            "excluded_without_consent": n_read - len(self._gathered.rows),
            "consent_empty": self._gathered.n_consent_empty,
            "set_to_missing": dict(not_numbers),
            "outside_all_bins": dict(outside),
        }


def _check_roles(roles: Roles) -> None:
    inputs = roles.inputs.columns()
    if not inputs:
        raise ColumnError("inputs: no column is given; name at least one column of text, vitals or images.")
    if roles.target.column in inputs:
        raise ColumnError(
            f"column {roles.target.column!r}: is both the target and an input, which would show the model the answer; "
            f"take it out of the inputs."
        )
    repeated = sorted({name for name in inputs if inputs.count(name) > 1})
    if repeated:
        raise ColumnError(f"inputs: {', '.join(map(repr, repeated))} is named more than once; name each column once.")


def _check_patient(table: Table, roles: Roles) -> None:
    """Refuse DICOM files whose patients would be taken apart, one a file, though their headers say whose they are."""
    if roles.patient is None and table.format == "images" and "PatientID" in table.columns:
        raise ColumnError(
            f"{table.name}: holds DICOM files, of which several may be of one patient, and cohort.patient is left out; "
            f"set it to PatientID, or to StudyInstanceUID where that is empty."
        )


def _coded_columns(roles: Roles, split_column: str | None) -> list[str]:
    single = (roles.id, roles.patient, roles.site, roles.time, split_column)
    return [
        *_input_columns(roles.inputs),
        *([] if isinstance(roles.target.regions, BoxesRole) else [roles.target.column]),
        *(role.column for role in (*roles.sensitive, *roles.quasi_identifiers)),
        *(column for column in single if column is not None),
    ]


def _input_columns(inputs: InputRoles) -> list[str]:
    """Return the input columns that are coded; texts are not."""
    return [*(vital.column for vital in inputs.vitals), *([inputs.image.column] if inputs.image else [])]


def _images(inputs: InputRoles, data: Gathered, folder: Path, faults: Faults) -> StoredImages | None:
    if inputs.image is None:
        return None
    names = data.coded[inputs.image.column].strings()
    return read_images(names, data.rows, inputs.image, folder=folder, faults=faults)


def _ids(column: str | None, data: Gathered, faults: Faults) -> ObjectArray:
    if column is None:
        return np.array([str(row) for row in data.rows.tolist()], dtype=object)
    ids = data.coded[column].strings()
    _check_no_gap(column, "record id", ids, data, faults)
    codes = data.coded[column].codes
    counts = np.bincount(codes[codes >= 0], minlength=len(data.coded[column].values))
    repeated = np.append(counts > 1, False)[codes]
    if repeated.any():
        faults.add(
            CohortError(
                f"column {column!r}: a record id must be unique, but {rows_named(data.rows[repeated])} share theirs "
                f"with another record; name this column `patient` if a patient may have several records."
            )
        )
    return ids


def _check_no_gap(column: str, what: str, values: ObjectArray, data: Gathered, faults: Faults) -> None:
    gaps = is_none(values)
    if gaps.any():
        faults.add(
            ColumnError(
                f"column {column!r}: the {what} is missing in {int(gaps.sum())} records "
                f"({rows_named(data.rows[gaps])}); fill it in, or leave these records out."
            )
        )


def _vitals(inputs: InputRoles, data: Gathered, faults: Faults) -> tuple[dict[str, VitalColumn], dict[str, int]]:
    vitals: dict[str, VitalColumn] = {}
    not_numbers: dict[str, int] = {}
    for role in inputs.vitals:
        vitals[role.column], n = parse_vital(role, data.coded[role.column], data.rows, faults)
        if n:
            not_numbers[role.column] = n
    return vitals, not_numbers


def _resolved(inputs: InputRoles, vitals: Mapping[str, VitalColumn]) -> InputRoles:
    return replace(inputs, vitals=tuple(replace(role, kind=vitals[role.column].kind) for role in inputs.vitals))


def _fingerprint(cohort: Cohort, text_digest: str) -> str:
    roles, target = cohort.roles, cohort.target
    parts: list[tuple[str, str, str]] = []

    def add(role: str, column: str | None, values: npt.NDArray[Any] | None) -> None:
        if column is not None and values is not None:
            parts.append((role, column, column_digest(values)))

    add("id", roles.id, cohort.ids)
    add("patient", roles.patient, cohort.patients)
    if text_digest:
        parts.append(("text", "\0".join(roles.inputs.text), text_digest))
    for vital in cohort.records.vitals.values():
        add(f"vital:{vital.kind}", vital.name, vital.values)
    if cohort.regions is not None:
        add(f"target:{cohort.regions.kind}", roles.target.column, digests_of(cohort.regions))
    else:
        add(f"target:{target.kind}:{chr(0).join(target.classes)}", roles.target.column, target.values.ravel())
    if roles.inputs.image is not None and cohort.records.image is not None:
        add("image", roles.inputs.image.column, cohort.records.image.keys)
    for name, values in cohort.sensitive.items():
        add("sensitive", name, values)
    for name, values in cohort.quasi_identifiers.items():
        add("quasi_identifier", name, values)
    add("site", roles.site, cohort.site)
    add("time", roles.time, cohort.time)
    add("split", "split", cohort.given_split)
    return combined(parts)
