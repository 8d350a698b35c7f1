"""The image files that marks belong to: their sizes, which is all that is asked of them here."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from primum.cohort.faults import Faults, rows_named
from primum.cohort.images.reading import Unreadable, quiet, stored_shape
from primum.cohort.roles import ImageRole
from primum.errors import ColumnError
from primum.evidence.marks import Marking

T = TypeVar("T")
ObjectArray = npt.NDArray[np.object_]


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureFiles:
    """The column of image files of a table."""

    names: ObjectArray
    """File of each record, None for none, shape (n,)."""
    rows: npt.NDArray[np.int64]
    """Row numbers in the source for messages, shape (n,)."""
    role: ImageRole
    folder: Path
    """Where relative names start."""

    def shapes(self) -> npt.NDArray[np.int64]:
        """Return height and width of each image, 0 where there is none or it cannot be read, shape (n, 2).

        What cannot be read is told where pictures are read.
        """
        known: dict[str, tuple[int, int]] = {}
        for name in {str(name) for name in self.names.tolist() if name is not None}:
            known[name] = self._shape(name)
        none = 0, 0
        found = [none if name is None else known[str(name)] for name in self.names.tolist()]
        return np.array(found, np.int64).reshape(-1, 2)

    def _shape(self, name: str) -> tuple[int, int]:
        path = self.folder / name
        try:
            if not path.is_file() or path.stat().st_size > self.role.megabytes * 1_000_000:
                return 0, 0
            with quiet():
                return stored_shape(path.read_bytes(), self.role)
        except (Unreadable, OSError, ValueError, MemoryError):
            return 0, 0


def told(faults: Faults, column: str, rows: npt.NDArray[np.int64], says: str, mend: str) -> None:
    """Add an error about some rows, if there are any: `says` is in the plural, `mend` how to put it right."""
    if len(rows):
        verb, _, rest = says.partition(" ")
        said = says if len(rows) > 1 else f"{verb}s {rest}"
        faults.add(ColumnError(f"column {column!r}: {rows_named(np.sort(rows))} {said}; {mend}."))


def each_once(names: ObjectArray, read: Callable[[str], T]) -> dict[str, T]:
    """Return what reading each different name gives."""
    return {name: read(name) for name in dict.fromkeys(str(one) for one in names.tolist() if one is not None)}


def digests_of(marking: Marking) -> ObjectArray:
    """Return a digest of each picture's marks, shape (n,)."""
    digests = np.empty(len(marking), dtype=object)
    for row, marks in enumerate(marking.marks):
        hasher = hashlib.sha256()
        for mark in marks:
            runs = b"" if mark.runs is None else mark.runs.tobytes()
            hasher.update(f"{mark.label}\0{mark.box}\0".encode() + runs)
        digests[row] = hasher.hexdigest()
    return digests
