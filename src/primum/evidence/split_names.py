"""The names of splits: five, of which `external` may come several times, as `external:NAME`."""

from __future__ import annotations

import re
from collections.abc import Iterable

SPLITS = ("train", "validation", "calibration", "test", "external")
"""The kinds of split, in the order of their use."""
EXTERNAL = "external"
MEASURED = ("test", EXTERNAL)
"""The kinds of split that no part of a model was fitted or chosen on."""
SET_NAME = r"\w[\w .-]{0,59}"
"""What the name of an external set looks like."""
_SPLIT = re.compile(rf"(?:{'|'.join(SPLITS)})|{EXTERNAL}:{SET_NAME}")


def split_of_set(name: str) -> str:
    """Return the split of an external set, e.g. "external:zurich"."""
    return f"{EXTERNAL}:{name}"


def set_of(split: str) -> str | None:
    """Return the name of an external set from its split's name; None for every other split."""
    kind, _, name = split.partition(":")
    return name if kind == EXTERNAL and name else None


def split_kind(split: str) -> str:
    """Return which of the five a split is: external for every external set, else its own name."""
    return EXTERNAL if set_of(split) is not None else split


def is_external(split: str | None) -> bool:
    """Return whether a split is external, with a name or without."""
    return split is not None and split_kind(split) == EXTERNAL


def is_split(name: str) -> bool:
    """Return whether a name is that of a split."""
    return _SPLIT.fullmatch(name) is not None


def is_set_name(name: str) -> bool:
    """Return whether an external set may be called so: letters, digits, space, dot, dash, underscore; at most 60."""
    return re.fullmatch(SET_NAME, name) is not None and name == name.strip()


def in_order(splits: Iterable[str]) -> list[str]:
    """Return the different names in the order of their use, external sets last and by name."""
    return sorted(set(splits), key=lambda name: (_place(split_kind(name)), name))


def measured_splits(splits: Iterable[str]) -> list[str]:
    """Return which of the given names are of test or external, in order."""
    return [name for name in in_order(splits) if split_kind(name) in MEASURED]


def _place(kind: str) -> int:
    return SPLITS.index(kind) if kind in SPLITS else len(SPLITS)
