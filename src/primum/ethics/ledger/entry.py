"""One entry of the ledger, and the hash that ties it to the entry before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from primum.ethics.canonical import canonical, sha256_text

GENESIS = "0" * 64
"""What stands in the place of a previous hash before the first entry."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What happened once."""

    number: int
    """1 for the first, then one more each time."""
    at: str
    """UTC, ISO 8601 with microseconds, as the writer's clock said."""
    kind: str
    """A name from KINDS."""
    subject: str
    """The SHA-256 (64 hexadecimal digits) or the short name of what it happened to."""
    content: Mapping[str, Any]
    """Hashes, figures and short words; which ones, the kind says."""
    previous: str
    """The hash of the entry before it."""
    hash: str
    """SHA-256 over `previous`, a newline and the canonical JSON of the five fields above."""

    def expected_hash(self) -> str:
        """Return the hash that these fields have."""
        return hash_of(self.previous, self.body())

    def body(self) -> dict[str, Any]:
        """Return what is hashed beside the previous hash."""
        return {
            "number": self.number,
            "at": self.at,
            "kind": self.kind,
            "subject": self.subject,
            "content": dict(self.content),
        }

    def to_json(self) -> dict[str, Any]:
        """Return the entry as an object."""
        return {**self.body(), "previous": self.previous, "hash": self.hash}


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """Where the ledger ends."""

    number: int
    """Of the last entry; 0 for an empty ledger."""
    hash: str
    """Of the last entry."""
    key: str = ""
    """Public key of who signed this head, 64 hexadecimal digits; empty where no key is configured."""
    signature: str = ""
    """Ed25519 over `signed_text`, 128 hexadecimal digits."""

    def signed_text(self) -> str:
        """Return what a head's signature is over."""
        return "primum ledger head 1\n" + canonical({"number": self.number, "hash": self.hash})

    def to_json(self) -> dict[str, Any]:
        """Return the head as an object."""
        return {"number": self.number, "hash": self.hash, "key": self.key, "signature": self.signature}


EMPTY = Head(number=0, hash=GENESIS)
"""The head of a ledger without entries."""


def hash_of(previous: str, body: Mapping[str, Any]) -> str:
    """Return the hash of an entry with this body after the entry with this hash."""
    return sha256_text(previous + "\n" + canonical(body))
