"""The place of a sealed value: whose it is, in which record and field. A value opens nowhere else."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a value belongs."""

    patient: str
    """Whose key seals it."""
    record: str
    """Which record it is of, e.g. the id of a Case."""
    field: str
    """Which field of the record it is, e.g. "note"."""

    def bound(self, *also: str) -> bytes:
        """Return the associated data that ties a ciphertext to this place; no two places share theirs."""
        return bound("field", self.patient, self.record, self.field, *also)


def bound(*parts: str) -> bytes:
    """Return parts as bytes from which they can be told apart: each with its length before it."""
    said = [part.encode("utf-8", "surrogatepass") for part in parts]
    return b"".join(len(one).to_bytes(8, "big") + one for one in said)
