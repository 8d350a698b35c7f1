"""A hash of what the records say, whatever file they came from.

A column's digest is two running hashes, one over the lengths of its cells and one over their bytes, so that neither
the borders of batches nor the file format matters and no two different columns look alike.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from primum.cohort.columns import canonical

_ROWS = 50_000


class TextHasher:
    """Hashes texts as they stream by."""

    def __init__(self) -> None:
        self._lengths = hashlib.sha256()
        self._content = hashlib.sha256()

    def add(self, cells: Any) -> None:
        """Take in an Arrow string array; null counts as length -1."""
        cells = pc.cast(cells, pa.large_string())
        lengths = pc.cast(pc.binary_length(cells), pa.int64()).fill_null(-1)
        self._lengths.update(lengths.to_numpy().astype("<i8").tobytes())
        self._content.update("".join(cells.drop_null().to_pylist()).encode())

    def digest(self) -> str:
        """Return the digest of everything taken in."""
        return hashlib.sha256(self._lengths.digest() + self._content.digest()).hexdigest()


def column_digest(values: npt.NDArray[Any]) -> str:
    """Return the digest of a column of numbers or of strings (None where missing)."""
    if values.dtype != object:
        return _number_digest(values)
    hasher = TextHasher()
    for start in range(0, len(values), _ROWS):
        part = values[start : start + _ROWS]
        hasher.add(pa.array([None if v is None else canonical(str(v)) for v in part], pa.large_string()))
    return hasher.digest()


def combined(digests: list[tuple[str, str, str]]) -> str:
    """Return one digest of (role, column, digest) triples, in their order."""
    hasher = hashlib.sha256()
    for role, column, digest in digests:
        hasher.update(f"{role}\0{column}\0{digest}\n".encode())
    return hasher.hexdigest()


def _number_digest(values: npt.NDArray[Any]) -> str:
    plain = values.astype("<f8") + 0.0  # turns -0.0 into 0.0
    plain[np.isnan(plain)] = np.nan
    return hashlib.sha256(plain.tobytes()).hexdigest()
