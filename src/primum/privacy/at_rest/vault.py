"""A Vault seals fields of records: each patient has a key of their own, and destroying it makes theirs unreadable.

    sealed value = "PV1", kind (t or b), generation of the patient's key (4 bytes), nonce, ciphertext, tag

What a sealed value is tied to (patient, record, field, kind, generation) is not in it but must be given to open it.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import sqlite3
from dataclasses import dataclass, field, replace
from pathlib import Path

from primum.errors import SealError, ShreddedError
from primum.privacy.at_rest.cipher import LEAST, decrypt, encrypt
from primum.privacy.at_rest.keys import BYTES, MasterKeys
from primum.privacy.at_rest.patients import Wrapped, destroy, everyone, is_shredded, newest, opened, put
from primum.privacy.at_rest.place import Place, bound

_MARK = b"PV1"
_HEAD = len(_MARK) + 1 + 4
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
        kind = "t" if isinstance(value, str) else "b"
        plain = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
        head = _MARK + kind.encode() + generation.to_bytes(4, "big")
        return head + encrypt(key, plain, place.bound(kind, str(generation)))

    def unseal(self, sealed: bytes, place: Place) -> str | bytes:
        """Return the value that was sealed at `place`, text as text and bytes as bytes.

        Raises:
            ShreddedError: the patient's key was destroyed.
            SealError: it does not open here, was changed, or was not sealed by a Vault.
        """
        kind, generation = _read_head(sealed)
        plain = decrypt(
            self._key_to_open_with(place.patient, generation), sealed[_HEAD:], place.bound(kind, str(generation))
        )
        return plain.decode("utf-8", "surrogatepass") if kind == "t" else plain

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
                    put(connection, self._wrap(key, self._unwrap(key)))
                    changed += 1
        return changed

    def _key_to_seal_with(self, patient: str) -> tuple[int, bytes]:
        with opened(self.path, change=True) as connection:
            tag = self._tag(connection, patient)
            self._refuse_shredded(connection, tag)
            key = newest(connection, tag)
            return (1, self._make(connection, tag, 1)) if key is None else (key.generation, self._unwrap(key))

    def _key_to_open_with(self, patient: str, generation: int) -> bytes:
        with opened(self.path) as connection:
            tag = self._tag(connection, patient)
            self._refuse_shredded(connection, tag)
            key = newest(connection, tag, generation)
        if key is None:
            raise SealError(f"{self.path}: holds no key that this value was sealed under; was it sealed elsewhere?")
        return self._unwrap(key)

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
        index = self._make(connection, _INDEX, 1) if stored is None else self._unwrap(stored)
        return hmac.new(index, patient.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()

    def _make(self, connection: sqlite3.Connection, tag: str, generation: int) -> bytes:
        key = os.urandom(BYTES)
        put(connection, self._wrap(Wrapped(patient=tag, generation=generation, master="", wrapped=b""), key))
        return key

    def _wrap(self, of: Wrapped, key: bytes) -> Wrapped:
        master = self.masters.current
        sealed = encrypt(self.masters.get(master), key, bound("key", of.patient, str(of.generation), master))
        return replace(of, master=master, wrapped=sealed)

    def _unwrap(self, key: Wrapped) -> bytes:
        associated = bound("key", key.patient, str(key.generation), key.master)
        return decrypt(self.masters.get(key.master), key.wrapped, associated)


def _read_head(sealed: bytes) -> tuple[str, int]:
    kind = chr(sealed[len(_MARK)]) if len(sealed) >= _HEAD + LEAST and sealed.startswith(_MARK) else ""
    if kind not in ("t", "b"):
        raise SealError("sealed value: was not sealed by primum, or is cut short.")
    return kind, int.from_bytes(sealed[_HEAD - 4 : _HEAD], "big")
