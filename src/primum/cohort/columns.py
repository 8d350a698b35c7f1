"""One column of strings, dictionary-coded: each distinct value once, and a small integer for every record."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

MISSING_WORDS = frozenset({"", "na", "n/a", "nan", "null", "none", "nat", "<na>"})
"""What tables write for a value that is not there, in lower case."""
_WHOLE = re.compile(r"([+-]?\d+)\.0+")


def is_none(values: npt.NDArray[np.object_]) -> npt.NDArray[np.bool_]:
    """Return where an array of objects holds None, shape (n,)."""
    return np.fromiter((value is None for value in values), dtype=np.bool_, count=len(values))


@dataclass(frozen=True, slots=True, kw_only=True)
class Coded:
    """A column's distinct values and which of them each record has."""

    values: tuple[str, ...]
    """Distinct values, without surrounding blanks, in order of first appearance."""
    codes: npt.NDArray[np.int32]
    """Index into `values`, -1 where the cell is empty; shape (n,)."""

    def spread(self, mapped: Sequence[Any]) -> npt.NDArray[np.object_]:
        """Return one entry of `mapped` (parallel to `values`) a record, None where the cell is empty; shape (n,)."""
        lookup = np.empty(len(self.values) + 1, dtype=object)
        lookup[: len(self.values)] = mapped
        return lookup[self.codes]

    def strings(self, *, missing: Sequence[str] = ()) -> npt.NDArray[np.object_]:
        """Return the values as strings, None where missing; shape (n,)."""
        return self.spread([None if is_missing(value, missing) else value for value in self.values])

    def numbers(self, *, missing: Sequence[str] = ()) -> npt.NDArray[np.float64]:
        """Return the values as numbers, NaN where missing or not a number; shape (n,)."""
        parsed = [math.nan if is_missing(value, missing) else number(value) for value in self.values]
        return np.array([*parsed, math.nan], dtype=np.float64)[self.codes]

    def where(self, test: Callable[[str], bool]) -> npt.NDArray[np.bool_]:
        """Return which records have a value that passes the test; an empty cell never does; shape (n,)."""
        passed = [test(value) for value in self.values]
        return np.array([*passed, False], dtype=bool)[self.codes]


class Interner:
    """Builds a `Coded` column from batches."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}
        self._parts: list[npt.NDArray[np.int32]] = []

    def add(self, cells: Any) -> None:
        """Take in an Arrow string array."""
        encoded = pc.utf8_trim_whitespace(cells).dictionary_encode()
        known = self._codes
        values = encoded.dictionary.to_pylist()
        translated = [known.setdefault(value, len(known)) if value else -1 for value in values]
        lookup = np.array([*translated, -1], dtype=np.int32)
        self._parts.append(lookup[encoded.indices.fill_null(len(translated)).to_numpy()])

    def finish(self) -> Coded:
        """Return the column."""
        codes = np.concatenate(self._parts) if self._parts else np.empty(0, dtype=np.int32)
        return Coded(values=tuple(self._codes), codes=codes)


def is_missing(value: str, also: Sequence[str] = ()) -> bool:
    """Return whether a value means "not there"; `also` names further such values, compared as numbers too."""
    if value.casefold() in MISSING_WORDS or value in also:
        return True
    return any(number(value) == number(word) for word in also)


def number(value: str) -> float:
    """Return the finite number that a string spells, NaN when it spells none."""
    try:
        parsed = float(value)
    except ValueError:
        return math.nan
    return parsed if math.isfinite(parsed) and "_" not in value else math.nan


def canonical(value: str) -> str:
    """Return the same string for TRUE and True, and for 1.0 and 1: file formats differ in nothing but that."""
    lowered = value.casefold()
    if lowered in ("true", "false"):
        return lowered
    whole = _WHOLE.fullmatch(value)
    return whole.group(1) if whole else value


def spelled(value: str) -> str:
    """Return `canonical`, with yes and no as true and false: YAML and Arrow know booleans, people write yes."""
    plain = canonical(value)
    return {"yes": "true", "no": "false"}.get(plain.casefold(), plain)


def coded(values: npt.NDArray[np.object_]) -> tuple[npt.NDArray[np.int64], list[str]]:
    """Return each string's index, shape (n,), into the distinct strings, which are returned beside it; no None."""
    encoded = pa.array(values, pa.large_string()).dictionary_encode()
    return encoded.indices.to_numpy().astype(np.int64), encoded.dictionary.to_pylist()
