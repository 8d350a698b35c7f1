"""Erasing a patient: onto the list, out of stored tables, and a word on every model that learnt from them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from primum.cohort import Owned, read_erased, records_of
from primum.cohort.readers import open_table
from primum.errors import CohortError, InputError, StudyError
from primum.files import sha256_of
from primum.privacy.erasure import (
    LEARNT_FROM,
    Mark,
    Place,
    add_mark,
    add_request,
    add_to_list,
    cleared,
    find_places,
    read_marks,
    records_by_patient,
    splits_of,
    unfinished_work,
)
from primum.privacy.erasure.places import read_object
from primum.progress import Progress, Silent
from primum.study.loading import read_yaml
from primum.study.study import Study, is_builtin


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """What a patient was to one run, release or audit, and what was done about it."""

    path: Path
    kind: str
    splits: tuple[str, ...]
    """Where the patient's records were; empty where they were in none."""
    known: bool = True
    """Whether that can be told; False where the records have changed since and the patient is not among them."""
    cleared: tuple[str, ...] = ()
    """Tables from which rows were deleted."""
    work: tuple[str, ...] = ()
    """Folders of unfinished work that were deleted."""
    before: str = ""
    """SHA-256 by which a ledger knows the folder, before its rows were deleted; empty where none was asked for."""
    after: str = ""
    """The same of what is left."""

    @property
    def learnt(self) -> bool:
        """Whether the model, its probabilities or its thresholds were learnt from the patient."""
        return bool(set(self.splits) & set(LEARNT_FROM))

    @property
    def rebuild(self) -> tuple[str, ...]:
        """What must be made anew: model, calibration, findings; nothing of a stopped run, which begins anew."""
        if self.kind == "stopped_run":
            return ()
        model = bool(set(self.splits) & {"train", "validation"}) or not self.known
        parts = {"model": model, "calibration": model or self.learnt, "findings": model or bool(self.splits)}
        return tuple(name for name, wanted in parts.items() if wanted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """What an erasure did."""

    request: str
    """The request's number; says nothing of the patient."""
    lists: tuple[Path, ...]
    """Lists of erased patients that the patient is on now."""
    queue: tuple[Path, ...]
    """Requests to run a study again."""
    places: tuple[Touched, ...]
    records: int = 0
    """Of the patient, in the studies' sources and in the folders."""
    changes: tuple[tuple[str, str], ...] = ()
    """SHA-256 of each list before and after; empty where there was no list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Looked:
    """A place, and what its own study knows of the patient."""

    place: Place
    study: Study | None
    erased: Path | None
    """The list of its study."""
    records: frozenset[str]
    patients: int
    alike: int
    known: bool


def erase(
    patient: str,
    *,
    study: Study | None = None,
    folders: Sequence[Path] = (),
    unseen: bool = False,
    hashed: Callable[[Path], str] | None = None,
    progress: Progress | None = None,
) -> Erasure:
    """Put a patient on the list of each study concerned, delete their rows from runs, and say what must be rebuilt.

    The list is written first and each file whole, so that an erasure that is stopped can be asked for again.

    Args:
        patient: the id, as it stands in the records.
        study: the study whose list is meant; None: the studies of the runs in which the patient is found.
        folders: runs, releases and audits, or folders of them.
        unseen: put a patient on the list of `study` who is not found anywhere.
        hashed: from a folder to the hash by which a ledger knows it; None: none is asked for.
        progress: is told of the step.
    Raises:
        InputError: the patient is nowhere to be found, a folder holds no run, or no column names patients.
    """
    (progress or Silent()).step("erase")
    patient = patient.strip()
    if not patient:
        raise InputError("--patient: the id is empty; give it as it stands in the records.")
    if study is None and not folders:
        raise InputError("erase: give --study STUDY, --runs FOLDER, or both.")
    own = None if study is None else _owned(study, patient)
    looked = [_look(place, patient, study) for place in find_places(folders)]
    lists = _lists(patient, study, own, looked)
    if not lists:
        if study is None or not unseen:
            raise _not_found(own, looked)
        lists = {_list_of(study): study}
    patients = max([own.patients if own else 0, *(one.patients for one in looked)])
    asked, request = new_request()
    before = [sha256_of(path) if path.is_file() else "" for path in lists]
    entries = {path: add_to_list(path, patient, patients=patients).entry(patient) for path in lists}
    touched = _with_releases([(one, _touched(one, entries)) for one in looked])
    queue = _queued(touched, lists, request=request, asked=asked)
    places = [_clear(one, what, entries, asked, hashed) for one, what in touched]
    found = [one.records for one, what in touched if what.splits] + ([own.records] if own else [])
    return Erasure(
        request=request,
        lists=tuple(lists),
        queue=tuple(queue),
        places=tuple(places),
        records=len(frozenset().union(*found)),
        changes=tuple(zip(before, map(sha256_of, lists), strict=True)),
    )


def new_request() -> tuple[str, str]:
    """Return when an erasure is asked for, in UTC, and the request's number, which says nothing of the patient."""
    asked = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return asked, f"{asked.replace(':', '')}-{os.urandom(4).hex()}"


def _owned(study: Study, patient: str) -> Owned:
    """Return the patient's records in the sources of a study."""
    cohort = study.spec.cohort
    column = cohort.patient or cohort.id
    if column is None:
        raise StudyError(
            "cohort.patient: no column says whose record is whose; name it before a patient can be erased."
        )
    found = [records_of(study.source, patient, patient_column=column, id_column=cohort.id)]
    for name, file in cohort.external.items():
        place = study.place_of(file.source)
        found.append(
            records_of(place, patient, patient_column=column, id_column=cohort.id, inside=f"{name}:", own=file.own_ids)
        )
    return Owned(
        records=frozenset().union(*(one.records for one in found)),
        patients=sum(one.patients for one in found),
        alike=sum(one.alike for one in found),
    )


def _list_of(study: Study) -> Path:
    """Return where a study keeps its list.

    Raises:
        StudyError: the study comes with primum, so that nothing of its own can be kept beside it.
    """
    if is_builtin(study):
        raise StudyError(f"{study.spec.study}: comes with primum and its records are public; erase from a copy of it.")
    return study.place_of(study.spec.cohort.erased).resolve()


def _look(place: Place, patient: str, study: Study | None) -> _Looked:
    file = place.path / "study.yaml"
    if place.kind not in ("run", "stopped_run") or not file.is_file():
        return _Looked(
            place=place, study=None, erased=None, records=frozenset(), patients=0, alike=0, known=place.kind == "audit"
        )
    own = Study.load(file)
    stated = "erased" in read_yaml(file)["cohort"]
    path = _list_of(own) if stated else None if study is None else _list_of(study)
    by_table = records_by_patient(place.path, patient)
    column = own.spec.cohort.patient
    by_name = frozenset({patient}) if column in (None, own.spec.cohort.id) else frozenset()
    try:
        owned = _owned(own, patient)
    except CohortError:  # the source is gone; its run still is not
        owned = None
    records = by_table | by_name | (owned.records if owned else frozenset())
    return _Looked(
        place=place,
        study=own,
        erased=path,
        records=records,
        patients=owned.patients if owned else 0,
        alike=owned.alike if owned else 0,
        known=bool(by_name or by_table) or (owned is not None and (bool(owned.records) or _same_source(own, place))),
    )


def _same_source(study: Study, place: Place) -> bool:
    """Return whether the study's source is the very file that the run read."""
    source = read_object(place.path / "cohort.json").get("source")
    return isinstance(source, dict) and source.get("sha256") == open_table(study.source).facts.get("sha256")


def _lists(patient: str, study: Study | None, own: Owned | None, looked: Sequence[_Looked]) -> dict[Path, Study]:
    """Return the lists that the patient belongs on, each with its study; none where the patient is nowhere."""
    lists: dict[Path, Study] = {}
    found = [one for one in looked if one.study and splits_of(one.place.path, one.records)]
    nameless = [one for one in found if one.erased is None]
    if nameless:
        raise InputError(f"{nameless[0].place.path}: does not say where its study is; give it with --study.")
    if study is not None:
        listed = read_erased(_list_of(study))
        before = listed is not None and listed.entry(patient) in listed.entries
        if before or found or (own is not None and own.records):
            lists[_list_of(study)] = study
    for one in found:
        if one.erased is not None and one.study is not None:
            lists.setdefault(one.erased, one.study)
    if study is None:
        lists |= _listed_before(patient, looked)
    return lists


def _listed_before(patient: str, looked: Sequence[_Looked]) -> dict[Path, Study]:
    """Return the lists of runs that have the patient already."""
    found = {}
    for path, study in {one.erased: one.study for one in looked}.items():
        listed = None if path is None else read_erased(path)
        if listed is not None and path is not None and study is not None and listed.entry(patient) in listed.entries:
            found[path] = study
    return found


def _not_found(own: Owned | None, looked: Sequence[_Looked]) -> InputError:
    alike = max([own.alike if own else 0, *(one.alike for one in looked)])
    like = f" ({alike} ids differ from it in case, blanks, signs or leading zeros only)" if alike else ""
    return InputError(
        f"--patient: no record of the study and of these runs has that id{like}; give it as it stands in the records, "
        f"or put it on the list all the same with --study STUDY --unseen."
    )


def _touched(one: _Looked, entries: dict[Path, str]) -> Touched:
    splits = set(splits_of(one.place.path, one.records)) if one.records else set()
    entry = None if one.erased is None else entries.get(one.erased)
    marks = [mark for mark in read_marks(one.place.path) if mark.entry == entry]
    for mark in marks:
        splits |= set(mark.splits)
    return Touched(
        path=one.place.path, kind=one.place.kind, splits=tuple(sorted(splits)), known=one.known or bool(marks)
    )


def _with_releases(touched: list[tuple[_Looked, Touched]]) -> list[tuple[_Looked, Touched]]:
    """Return the same, where a release or an audit of the very cohort of a run is to the patient what the run is."""
    of_cohort: dict[str, set[str]] = {}
    for one, what in touched:
        if one.study is not None and one.place.fingerprint and what.known:
            of_cohort.setdefault(one.place.fingerprint, set()).update(what.splits)
    made = []
    for one, what in touched:
        known = of_cohort.get(one.place.fingerprint or "")
        if one.study is None and known is not None:
            what = replace(what, splits=tuple(sorted(known)), known=True)
        made.append((one, what))
    return made


def _queued(
    touched: Sequence[tuple[_Looked, Touched]], lists: dict[Path, Study], *, request: str, asked: str
) -> list[Path]:
    """Write one request a list whose study must be run again, and return them."""
    queue = []
    for path, study in lists.items():
        mine = [what for one, what in touched if one.erased in (path, None) and what.rebuild]
        if mine:
            rebuild = [
                {"folder": str(one.path.resolve()), "kind": one.kind, "splits": one.splits, "rebuild": one.rebuild}
                for one in mine
            ]
            queue.append(add_request(path, request=request, asked=asked, study=study.spec.study, rebuild=rebuild))
    return queue


def _clear(
    one: _Looked, what: Touched, entries: dict[Path, str], asked: str, hashed: Callable[[Path], str] | None
) -> Touched:
    """Mark a place and delete the patient's rows from it."""
    if one.study is None or not what.splits:
        return what
    before = hashed(what.path) if hashed else ""
    entry = None if one.erased is None else entries.get(one.erased)
    if entry is not None and what.rebuild:
        add_mark(what.path, Mark(entry=entry, asked=asked, splits=what.splits, learnt=what.learnt))
    work = unfinished_work(what.path) if what.kind == "stopped_run" else []
    done = replace(what, cleared=tuple(cleared(what.path, one.records)), work=tuple(work))
    return replace(done, before=before, after=hashed(what.path)) if hashed else done
