"""Whom we trust: the list of people, their public keys and the roles in which they may sign."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from primum.errors import SignatureError
from primum.ethics.signing.keys import is_public_key

TRUST_VARIABLE = "PRIMUM_TRUST"
RELEASE_ROLE = "release"
"""The role of keys that sign a Release's manifest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who may sign."""

    name: str
    key: str
    """Public key, 64 hexadecimal digits."""
    roles: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustList:
    """People by public key."""

    people: Mapping[str, Person]
    source: str
    """The file, for messages."""

    def trusts(self, *, key: str, name: str, role: str) -> bool:
        """Return whether the key is that of a person of this name, who may sign in this role."""
        person = self.people.get(key)
        return person is not None and person.name == name and role in person.roles


def find_trust(given: Path | None = None) -> TrustList | None:
    """Return the list in `given`, else in the file that PRIMUM_TRUST names; None where neither names one.

    Raises:
        SignatureError: the file is missing or has faults.
    """
    named = given or (Path(os.environ[TRUST_VARIABLE]) if os.environ.get(TRUST_VARIABLE) else None)
    return None if named is None else read_trust(named)


def read_trust(path: Path) -> TrustList:
    """Return the list of trusted keys that a YAML file holds: `people:`, each with name, key and roles.

    Raises:
        SignatureError: no such file, no such list, a key twice, or a fault in a person; the first is named.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SignatureError(f"{path}: no such list of trusted keys; see the how-to on signing.") from None
    except (OSError, ValueError, yaml.YAMLError) as exc:
        raise SignatureError(f"{path}: not a readable YAML file of trusted keys.") from exc
    listed = content.get("people") if isinstance(content, dict) else None
    if not isinstance(listed, list):
        raise SignatureError(f"{path}: expected `people:` and below it name, key and roles of each.")
    people: dict[str, Person] = {}
    for number, one in enumerate(listed, start=1):
        person = _person(one, f"{path}: person {number}")
        if person.key in people:
            raise SignatureError(f"{path}: person {number}: this key stands there twice; give each person one entry.")
        people[person.key] = person
    return TrustList(people=people, source=str(path))


def _person(given: Any, place: str) -> Person:
    if not isinstance(given, dict) or set(given) != {"name", "key", "roles"}:
        raise SignatureError(f"{place}: expected exactly name, key and roles.")
    name, key, roles = given["name"], given["key"], given["roles"]
    if not isinstance(name, str) or not name:
        raise SignatureError(f"{place}: name must be text.")
    if not is_public_key(key):
        raise SignatureError(f"{place}: key must be a public key in quotes, 64 digits and letters a to f.")
    if not isinstance(roles, list) or not roles or not all(isinstance(role, str) for role in roles):
        raise SignatureError(f"{place}: roles must be a list of names, e.g. [clinical_lead].")
    return Person(name=name, key=key, roles=frozenset(roles))
