"""What the standard asks to be done with each attribute: PS3.15, table E.1-1, edition 2026c.

The table is that of dicom-anonymizer (KitwareMedical, BSD licence), which follows the editions of the standard. Where
it leaves a choice, the choice that leaves a file readable is taken: a stand-in value before an empty one before
removal.
"""

from __future__ import annotations

from functools import cache
from typing import Literal

from primum.extras import require

Action = Literal["D", "Z", "X", "U"]
"""A stand-in value; empty; removed; another unique identifier for the same one."""
EDITION = "2026c"
_LISTS: tuple[tuple[str, Action], ...] = (
    ("X_TAGS", "X"),
    ("Z_TAGS", "Z"),
    ("D_TAGS", "D"),
    ("U_TAGS", "U"),
    ("Z_D_TAGS", "D"),
    ("X_Z_TAGS", "Z"),
    ("X_D_TAGS", "D"),
    ("X_Z_D_TAGS", "D"),
    ("X_Z_U_STAR_TAGS", "Z"),
)


def action_for(tag: int) -> Action | None:
    """Return what the standard asks for an attribute; None where it says nothing.

    Args:
        tag: group and element as one number, e.g. 0x00100010.
    """
    exact, masked = _table()
    if tag in exact:
        return exact[tag]
    return next((action for value, mask, action in masked if tag & mask == value), None)


def listed() -> tuple[int, ...]:
    """Return every attribute that the table names one by one."""
    return tuple(_table()[0])


@cache
def _table() -> tuple[dict[int, Action], tuple[tuple[int, int, Action], ...]]:
    require("dicomanonymizer", extra="imaging", purpose="De-identifying DICOM")
    from dicomanonymizer.dicom_anonymization_databases import dicomfields_2026c as edition

    exact: dict[int, Action] = {}
    masked: list[tuple[int, int, Action]] = []
    for name, action in _LISTS:
        for entry in getattr(edition, name):
            value = (entry[0] << 16) | entry[1]
            if len(entry) == 4:  # repeating groups: the mask says which bits count
                masked.append((value, (entry[2] << 16) | entry[3], action))
            else:
                exact[value] = action
    return exact, tuple(masked)
