"""Patients whose records are left out because they asked to be erased: the list of them, read; and who is on it.

A patient stands in the list as scrypt(HMAC-SHA256(key, id), salt). The key is 32 random bytes in a file of its own, or
in the environment: without it no id can be tried at all. Should the key leak with the list, each id that is tried costs
what it costs a reader of the cohort, in time and memory (scrypt: Percival & Josefsson 2016, RFC 7914). A plain salted
hash would not do: record numbers are so few that all of them can be hashed in seconds.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from primum.cohort.columns import canonical
from primum.errors import CohortError
from primum.files import read_private

KEY_VARIABLE = "PRIMUM_ERASURE_KEY"
"""Variable of the environment that may hold the key, as 64 hexadecimal digits, in place of the file."""
KEY_BYTES = 32
_BLOCK = 8
_MOST_COST = 1 << 14
_REMEMBERED = 1 << 17
"""Ids whose hash a process keeps, so that a search that reads a cohort many times hashes it once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """The list of erased patients."""

    key: bytes = field(repr=False)
    """32 bytes that no file beside the list should hold for long."""
    salt: bytes
    cost: int
    """scrypt's N, a power of two; memory is 1 KiB times it."""
    entries: frozenset[str] = frozenset()
    """Hashes of patients, 64 hexadecimal digits each."""
    inside: str = ""
    """What stands before an id of a file with its own numbering, e.g. "zurich:"."""

    def entry(self, patient: str) -> str:
        """Return the hash of a patient's id; spellings that differ by file format only (7 and 7.0) share theirs."""
        return _hashed(self.key, self.salt, self.cost, self.inside + canonical(patient.strip()))

    def within(self, name: str) -> Erased:
        """Return the list as it holds in the file of an external set that has its own numbering of patients."""
        return replace(self, inside=f"{name}:")


def key_file(path: Path) -> Path:
    """Return where the key of a list is looked for."""
    return path.with_suffix(".key")


def key_name(key: bytes) -> str:
    """Return the name of a key, which says nothing of it, so that a wrong one is noticed."""
    return hashlib.sha256(b"primum erasure key\0" + key).hexdigest()[:16]


def read_erased(path: Path) -> Erased | None:
    """Return the list of erased patients in a file; None where there is none, so that nobody is erased.

    Raises:
        CohortError: the list is damaged, or its key is missing, open to others, or another list's. Without the key
            nobody on the list could be recognised, so nothing is read rather than too much.
    """
    if not path.is_file():
        return None
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
        if given["format"] != 1 or not 1 < int(given["cost"]) <= _MOST_COST:
            raise ValueError
        entries = frozenset(str(one) for one in given["patients"])
        salt, cost, named = bytes.fromhex(given["salt"]), int(given["cost"]), str(given["key"])
    except (ValueError, KeyError, TypeError) as exc:
        raise CohortError(f"{path}: not a list of erased patients that primum wrote; restore it.") from exc
    key = read_erasure_key(path)
    if key_name(key) != named:
        raise CohortError(f"{path}: its key is not the one it was made with; restore {key_file(path)}.")
    return Erased(key=key, salt=salt, cost=cost, entries=entries)


def read_erasure_key(path: Path) -> bytes:
    """Return the key of a list: from the environment, else from the file beside it.

    Raises:
        CohortError: there is none, or it is no key.
        InputError: its file is open to others.
    """
    place = key_file(path)
    if os.environ.get(KEY_VARIABLE):
        spelled, where = os.environ[KEY_VARIABLE], f"variable {KEY_VARIABLE}"
    elif place.exists():
        content = read_private(place, what="the key of erased patients", make="restore it")
        spelled, where = content.decode("ascii", "replace"), str(place)
    else:
        raise CohortError(
            f"{place}: the key of the erased patients is missing, without which they would be used again; restore it, "
            f"or set {KEY_VARIABLE}."
        )
    try:
        key = bytes.fromhex(spelled.strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise CohortError(f"{where}: not a key of erased patients (64 hexadecimal digits); restore it.")
    return key


@lru_cache(maxsize=_REMEMBERED)
def _hashed(key: bytes, salt: bytes, cost: int, patient: str) -> str:
    tag = hmac.new(key, patient.encode("utf-8", "surrogatepass"), hashlib.sha256).digest()
    return hashlib.scrypt(tag, salt=salt, n=cost, r=_BLOCK, p=1, maxmem=64 << 20, dklen=32).hex()
