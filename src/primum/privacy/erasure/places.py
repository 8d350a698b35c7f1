"""Finding runs, audits and releases, and what a patient was to them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from primum.errors import InputError

LEARNT_FROM = ("train", "validation", "calibration")
"""Splits that a model, its choice of an epoch, its probabilities or its thresholds are learnt from."""
_SPLITS = "splits.parquet"
_SIGNS = (_SPLITS, "study.yaml", "cohort.json", "findings.jsonl", "card.json", "manifest.json")
"""A folder with one of these is looked at; with the first two it is a run, whether finished or stopped."""
_MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A folder that primum wrote and that may know of a patient."""

    path: Path
    kind: Literal["run", "stopped_run", "release", "audit"]
    fingerprint: str | None
    """Of the cohort behind it, where the folder says so."""


def find_places(folders: Sequence[Path]) -> list[Place]:
    """Return the runs, audits and releases in folders, each folder being one of them or holding some at any depth.

    Raises:
        InputError: a folder does not exist, or holds none.
    """
    found: dict[Path, Place] = {}
    for folder in folders:
        if not folder.is_dir():
            raise InputError(f"{folder}: no such folder; give the folders of runs and releases.")
        here = {place.resolve(): _place(place) for place in _walk(folder)}
        if not here:
            raise InputError(f"{folder}: holds no run and no release; give the folders of runs and releases.")
        found |= here
    return list(found.values())


def splits_of(path: Path, records: frozenset[str]) -> tuple[str, ...]:
    """Return the splits of these records in a run's folder, by its table of splits, else by its predictions."""
    for name in (_SPLITS, "predictions.parquet"):
        if (path / name).is_file():
            table = _columns(path / name, ("id", "split"))
            mine = table.filter(pc.is_in(table.column("id"), pa.array(sorted(records), pa.string())))
            return tuple(sorted(set(mine.column("split").to_pylist())))
    return ()


def records_by_patient(path: Path, patient: str) -> frozenset[str]:
    """Return a patient's records by a run's predictions, which name patients where one may have several records."""
    file = path / "predictions.parquet"
    if not file.is_file() or "patient" not in pq.read_schema(file).names:
        return frozenset()
    table = _columns(file, ("id", "patient"))
    mine = table.filter(pc.equal(table.column("patient"), patient))
    return frozenset(map(str, mine.column("id").to_pylist()))


def _columns(path: Path, names: tuple[str, ...]) -> pa.Table:
    try:
        return pq.read_table(path, columns=list(names)).cast(pa.schema([(name, pa.string()) for name in names]))
    except (pa.ArrowInvalid, KeyError, OSError) as exc:
        raise InputError(f"{path}: cannot be read as a run's table; was it written by primum?") from exc


def _walk(folder: Path) -> Iterator[Path]:
    if any((folder / sign).is_file() for sign in _SIGNS):
        yield folder
        return
    for inner in sorted(one for one in folder.iterdir() if one.is_dir() and not one.is_symlink()):
        yield from _walk(inner)


def _place(path: Path) -> Place:
    if (path / _SPLITS).is_file():
        finished = (path / "report.html").is_file()
        return Place(path=path, kind="run" if finished else "stopped_run", fingerprint=_fingerprint(path))
    released = (path / _MANIFEST).is_file() or (path / "model").is_dir()
    return Place(path=path, kind="release" if released else "audit", fingerprint=_fingerprint(path))


def _fingerprint(path: Path) -> str | None:
    """Return the cohort's fingerprint by cohort.json or the card."""
    own = read_object(path / "cohort.json").get("fingerprint")
    of_card = read_object(path / "card.json").get("cohort")
    found = own or (of_card.get("fingerprint") if isinstance(of_card, dict) else None)
    return found if isinstance(found, str) else None


def read_object(path: Path) -> dict[str, Any]:
    """Return the object that a JSON file of a run holds; empty where there is no such file.

    Raises:
        InputError: the file is damaged.
    """
    try:
        value = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    except ValueError as exc:
        raise InputError(f"{path}: not JSON that primum wrote; restore the folder, or leave it out.") from exc
    return value if isinstance(value, dict) else {}
