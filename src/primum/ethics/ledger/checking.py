"""Reading a ledger with suspicion: the first entry that is not what was written, or not where it was written."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from primum.ethics.canonical import canonical
from primum.ethics.ledger.entry import EMPTY, GENESIS, Entry, Head
from primum.ethics.signing.keys import is_signed

Fault = Literal["changed", "missing", "moved", "cut", "head_missing", "head_changed", "head_unsigned", "head_differs"]
"""changed: an entry's own hash is wrong; missing: a number is skipped; moved: an entry does not follow the one before
it (inserted, re-ordered, or one before it was replaced); cut: the ledger ends before or after its head; then what is
wrong with the head itself, or with its agreement to an exported one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a verification found."""

    entries: int
    """How many entries were read and found right."""
    head: Head
    """Where the ledger says that it ends."""
    fault: Fault | None = None
    number: int | None = None
    """The first entry that is wrong."""

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return self.fault is None


def check_rows(
    rows: Iterable[Mapping[str, Any]], head: Head | None, *, against: Iterable[Head], keys: Collection[str] | None
) -> Checked:
    """Return the first fault of a ledger, read in order of numbers.

    Args:
        rows: each entry's columns as they are stored.
        head: the stored head; None where there is none.
        against: heads that were exported earlier; the ledger must still hold each of them.
        keys: public keys of which one must have signed the head; None: a head need not be signed, but a signature that
            is there must be right.
    """
    number, previous = 0, GENESIS
    exported = {one.number: one.hash for one in against}
    stored = head or EMPTY
    for row in rows:
        fault = _fault_of(row, number + 1, previous)
        if fault is not None:
            return Checked(entries=number, head=stored, fault=fault, number=number + 1)
        number, previous = number + 1, str(row["hash"])
        if exported.pop(number, previous) != previous:
            return Checked(entries=number, head=stored, fault="head_differs", number=number)
    exported.pop(0, None)
    fault = _fault_of_head(head, number, previous, keys)
    if fault is None and exported:
        fault = "cut"
    first = number if fault == "cut" and exported else min(number, stored.number)
    return Checked(entries=number, head=stored, fault=fault, number=None if fault is None else first + 1)


def entry_of(row: Mapping[str, Any]) -> Entry | None:
    """Return the entry that a stored row is; None where its content is not what `append` writes."""
    try:
        content = json.loads(row["content"])
        if not isinstance(content, dict) or canonical(content) != row["content"]:
            return None
        return Entry(**{**row, "content": content})
    except (ValueError, TypeError, RecursionError):
        return None


def _fault_of(row: Mapping[str, Any], expected: int, previous: str) -> Fault | None:
    if row["number"] != expected:
        return "missing"
    entry = entry_of(row)
    if entry is None or entry.hash != entry.expected_hash():
        return "changed"
    return None if entry.previous == previous else "moved"


def _fault_of_head(head: Head | None, number: int, last: str, keys: Collection[str] | None) -> Fault | None:
    if head is None:
        return "head_missing" if number or keys else None
    if head.key or head.signature:
        if not is_signed(head.signed_text(), key=head.key, signature=head.signature):
            return "head_changed"
    if head.number != number:
        return "cut"
    if head.hash != last:
        return "head_changed"
    return "head_unsigned" if keys is not None and head.key not in keys else None
