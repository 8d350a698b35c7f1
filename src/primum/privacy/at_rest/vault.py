"""A Vault seals fields of records: each patient has a key of their own, and destroying it makes theirs unreadable."""

from __future__ import annotations

import os
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path

from primum.errors import SealError, ShreddedError
from primum.privacy.at_rest.envelope import Wrapped, generation_of, seal_with, tag_of, unseal_with, unwrap, wrap
from primum.privacy.at_rest.keys import BYTES, MasterKeys
from primum.privacy.at_rest.patients import destroy, everyone, is_shredded, newest, opened, put
from primum.privacy.at_rest.place import Place

_INDEX = "index"
"""Where, in the file of keys, the key of the patients' hashes is kept; no hash is spelt so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vault:
    """Seals and opens values; safe in threads and processes, since each call opens the file of keys anew."""

    path: Path
    """File of patients' keys; made when the first value is sealed."""
    masters: MasterKeys = field(repr=False)
    """What wraps those keys."""

    def seal(self, value: str | bytes, place: Place) -> bytes:
        """Return a value as bytes that open only at `place`, only while the patient's key exists.

        Raises:
            ShreddedError: the patient's key was destroyed.
            SealError: the file of keys cannot be used, or its master key is not among those given.
        """
        generation, key = self._key_to_seal_with(place.patient)
        return seal_with(key, value, place, generation=generation)

    def unseal(self, sealed: bytes, place: Place) -> str | bytes:
        """Return the value that was sealed at `place`, text as text and bytes as bytes.

        Raises:
            ShreddedError: the patient's key was destroyed.
            SealError: it does not open here, was changed, or was not sealed by a Vault.
        """
        return unseal_with(self._key_to_open_with(place.patient, generation_of(sealed)), sealed, place)

    def reseal(self, sealed: bytes, place: Place) -> bytes:
        """Return the same value sealed under the newest key of its patient."""
        return self.seal(self.unseal(sealed, place), place)

    def shred(self, patient: str) -> bool:
        """Destroy a patient's keys and return whether there were any; what they sealed can never be opened again.

        Copies of the file of keys made before hold the wrapped keys still: destroy these, or rewrap under a new master
        key and destroy the old one.
        """
        with opened(self.path, change=True) as connection:
            return destroy(connection, self._tag(connection, patient)) > 0

    def renew(self, patient: str) -> None:
        """Give a patient a new key; what was sealed stays readable, and `reseal` brings it under the new one."""
        with opened(self.path, change=True) as connection:
            tag = self._tag(connection, patient)
            self._refuse_shredded(connection, tag)
            before = newest(connection, tag)
            self._make(connection, tag, 1 if before is None else before.generation + 1)

    def rewrap(self) -> int:
        """Wrap every key under the current master key and return how many changed; sealed values stay as they are.

        Afterwards the older master keys are no longer needed.
        """
        changed = 0
        with opened(self.path, change=True) as connection:
            for key in everyone(connection):
                if key.master != self.masters.current:
                    put(connection, wrap(self.masters, key, unwrap(self.masters, key)))
                    changed += 1
        return changed

    def _key_to_seal_with(self, patient: str) -> tuple[int, bytes]:
        with opened(self.path, change=True) as connection:
            tag = self._tag(connection, patient)
            self._refuse_shredded(connection, tag)
            key = newest(connection, tag)
            return (1, self._make(connection, tag, 1)) if key is None else (key.generation, unwrap(self.masters, key))

    def _key_to_open_with(self, patient: str, generation: int) -> bytes:
        with opened(self.path) as connection:
            tag = self._tag(connection, patient)
            self._refuse_shredded(connection, tag)
            key = newest(connection, tag, generation)
        if key is None:
            raise SealError(f"{self.path}: holds no key that this value was sealed under; was it sealed elsewhere?")
        return unwrap(self.masters, key)

    def _refuse_shredded(self, connection: sqlite3.Connection, tag: str) -> None:
        if is_shredded(connection, tag):
            raise ShreddedError(
                f"{self.path}: this patient's key was destroyed; nothing of theirs can be opened or sealed."
            )

    def _tag(self, connection: sqlite3.Connection, patient: str) -> str:
        """Return the keyed hash under which a patient stands in the file."""
        stored = newest(connection, _INDEX)
        if stored is None and not connection.in_transaction:
            raise SealError(f"{self.path}: holds no key yet; was this value sealed elsewhere?")
        index = self._make(connection, _INDEX, 1) if stored is None else unwrap(self.masters, stored)
        return tag_of(index, patient)

    def _make(self, connection: sqlite3.Connection, tag: str, generation: int) -> bytes:
        key = os.urandom(BYTES)
        put(connection, wrap(self.masters, Wrapped(patient=tag, generation=generation, master="", wrapped=b""), key))
        return key
