"""Pictures of Cases at rest: each sealed under its patient's key, in a table of its own, so that Cases stay small."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from primum.privacy.at_rest import MasterKeys, Place
from primum.privacy.at_rest.envelope import seal_with, unseal_with
from primum.serve.cases import keys
from primum.serve.cases.tables import cases, pictures
from primum.serve.security.faults import Refused


def put(connection: sa.Connection, case: str, tag: str, key: bytes, given: Mapping[str, bytes]) -> None:
    """Store the pictures of a new Case.

    Args:
        connection: in a transaction.
        case: its id.
        tag: whose key it is.
        key: that seals them.
        given: PNG by name.
    """
    rows = [
        {"case": case, "name": name, "sealed": seal_with(key, png, _place(tag, case, name), generation=keys.GENERATION)}
        for name, png in given.items()
    ]
    if rows:
        connection.execute(sa.insert(pictures), rows)


def taken(connection: sa.Connection, masters: MasterKeys, case: str, name: str) -> bytes:
    """Return a picture of a Case as a PNG.

    Raises:
        Refused: there is none, or it was erased.
    """
    asked = sa.select(cases.c.patient, pictures.c.sealed).join(pictures, pictures.c.case == cases.c.id)
    row = connection.execute(asked.where(cases.c.id == case, pictures.c.name == name)).first()
    key = None if row is None else keys.find_key(connection, masters, row.patient)
    if row is None or key is None:
        raise Refused("not_found", "There is no such picture.")
    png = unseal_with(key, row.sealed, _place(row.patient, case, name))
    assert isinstance(png, bytes)
    return png


def _place(tag: str, case: str, name: str) -> Place:
    return Place(patient=tag, record=case, field=f"picture-{name}")
