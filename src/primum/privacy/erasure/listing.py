"""Putting a patient on the list of the erased."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from primum.cohort.erased import KEY_BYTES, KEY_VARIABLE, Erased, key_file, key_name, read_erased, read_erasure_key
from primum.errors import OutputError
from primum.files import write_json, write_private, writing_failed

_SECONDS = 5.0
"""What hashing all patients of a cohort may take each time it is read."""
_SECONDS_A_UNIT = 2.4e-6
"""Seconds of scrypt for one unit of its cost, with blocks of 8, on one core of 2020 or so."""
_LEAST, _MOST = 1 << 8, 1 << 14
_SAYS = (
    "Patients who may not be used, as keyed hashes. Keep the file with the study, and its key apart from copies of it."
)


def add_to_list(path: Path, patient: str, *, patients: int) -> Erased:
    """Put a patient on a study's list, make list and key where there are none, and return the list.

    The hash is made as slow as the cohort allows: about five seconds a reading in all, between 0.6 ms a patient (8,000
    patients and more) and 40 ms (500 and fewer; scrypt's memory is then 16 MiB). So a list can be tried no faster than
    its own cohort can be read, id by id, and only by who holds the key.

    Args:
        path: the list.
        patient: the patient's id; written nowhere.
        patients: how many the cohort has.
    Raises:
        CohortError: the list is damaged, or its key is missing or another's.
        OutputError: another erasure is at work on the list, or it cannot be written to.
    """
    with _alone(path):
        known = read_erased(path)
        if known is None:
            known = Erased(key=_key(path), salt=os.urandom(16), cost=_cost(patients))
        listed = replace(known, entries=known.entries | {known.entry(patient)})
        write_json(
            path,
            {
                "format": 1,
                "what": _SAYS,
                "key": key_name(listed.key),
                "salt": listed.salt.hex(),
                "cost": listed.cost,
                "patients": sorted(listed.entries),
            },
        )
    return listed


def _cost(patients: int) -> int:
    """Return scrypt's N: the largest power of two at which all patients take no longer than they may."""
    cost = _MOST
    while cost > _LEAST and cost * _SECONDS_A_UNIT * patients > _SECONDS:
        cost //= 2
    return cost


def _key(path: Path) -> bytes:
    if key_file(path).exists() or os.environ.get(KEY_VARIABLE):
        return read_erasure_key(path)
    key = os.urandom(KEY_BYTES)
    write_private(key_file(path), key.hex().encode() + b"\n")
    return key


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Hold the list against a second erasure, which would write over this one's patient."""
    lock = path.with_suffix(".lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(lock, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError as exc:
        raise OutputError(f"{lock}: another erasure is at work; try again, or delete the file if none is.") from exc
    except OSError as exc:
        raise writing_failed(lock, exc) from exc
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
