"""One key a patient, wrapped by the master key, in the service's own database: replicas share it, and so does erasure.

Works as `primum.privacy.at_rest.Vault` does, on a connection whose transaction stores the Case too. A Case without a
patient's id has a key of its own.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from primum.errors import ShreddedError
from primum.privacy.at_rest import MasterKeys
from primum.privacy.at_rest.envelope import Wrapped, tag_of, unwrap, wrap
from primum.privacy.at_rest.keys import BYTES
from primum.serve.cases.tables import keys, shredded

INDEX = "index"
"""Where the key of the patients' hashes is kept; no hash is spelt so."""
GENERATION = 1
_INSERT = sa.insert(keys)


def index_key(connection: sa.Connection, masters: MasterKeys) -> bytes:
    """Return the key of the patients' hashes; it is made where there is none yet."""
    return key_for(connection, masters, INDEX)


def tag_for(index: bytes, patient: str | None, case: str) -> str:
    """Return whose key seals a Case: the hash of the patient's id, or the Case's own name where there is none."""
    return f"case-{case}" if patient is None else tag_of(index, patient)


def key_for(connection: sa.Connection, masters: MasterKeys, tag: str) -> bytes:
    """Return the key of a tag; it is made where there is none yet.

    Args:
        connection: in a transaction.
        masters: the master keys.
        tag: whose.
    Raises:
        ShreddedError: it was destroyed on purpose.
    """
    found = find_key(connection, masters, tag)
    if found is not None:
        return found
    if is_shredded(connection, tag):
        raise ShreddedError("this patient's key was destroyed; nothing of theirs can be opened or sealed.")
    key, row = made_key(masters, tag)
    store_keys(connection, [row])
    return key


def made_key(masters: MasterKeys, tag: str) -> tuple[bytes, dict[str, Any]]:
    """Return a new key and the row that `store_keys` takes."""
    key = os.urandom(BYTES)
    made = wrap(masters, Wrapped(patient=tag, generation=GENERATION, master="", wrapped=b""), key)
    return key, {"patient": tag, "master": made.master, "wrapped": made.wrapped}


def store_keys(connection: sa.Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Store new keys at once."""
    if rows:
        connection.execute(_INSERT, rows)


def find_key(connection: sa.Connection, masters: MasterKeys, tag: str) -> bytes | None:
    """Return the key of a tag; None where there is none."""
    row = connection.execute(sa.select(keys).where(keys.c.patient == tag)).mappings().first()
    return None if row is None else unwrap(masters, Wrapped(generation=GENERATION, **row))


def is_shredded(connection: sa.Connection, tag: str) -> bool:
    """Return whether a tag's key was destroyed on purpose."""
    return connection.execute(sa.select(shredded).where(shredded.c.patient == tag)).first() is not None


def destroy(connection: sa.Connection, tag: str) -> None:
    """Destroy a tag's key and remember that this was done."""
    connection.execute(sa.delete(keys).where(keys.c.patient == tag))
    if not is_shredded(connection, tag):
        connection.execute(sa.insert(shredded).values(patient=tag))


def rewrap(connection: sa.Connection, masters: MasterKeys) -> int:
    """Wrap every key under the current master key and return how many changed."""
    changed = 0
    for row in connection.execute(sa.select(keys).where(keys.c.master != masters.current)).mappings().all():
        old = Wrapped(generation=GENERATION, **row)
        new = wrap(masters, old, unwrap(masters, old))
        where = sa.update(keys).where(keys.c.patient == old.patient)
        connection.execute(where.values(master=new.master, wrapped=new.wrapped))
        changed += 1
    return changed
