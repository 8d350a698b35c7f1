"""Texts that do not fit in memory: spooled to a nameless temporary file and read back through a memory map.

The file never has a name (or loses it before the first byte is written), so whatever ends the process, no note
of a patient stays on the disk. Only its owner could read it.
"""

from __future__ import annotations

import mmap
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from primum.cohort.columns import MISSING_WORDS
from primum.cohort.records import TextColumn
from primum.files import writing_failed

_LONGEST_WORD = max(map(len, MISSING_WORDS))


class TextSpool:
    """Receives text columns batch by batch and becomes a `SpooledText`."""

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile(prefix="primum-")
        self._writer = pa.ipc.new_file(self._file, pa.schema([("text", pa.large_string())]))
        self._rows = 0

    def add(self, columns: Sequence[Any]) -> Any:
        """Join the columns' cells with a blank line, store them, and return them as an Arrow array.

        Raises:
            OutputError: the folder for temporary files is full.
        """
        joined = joined_texts(columns)
        try:
            self._writer.write_batch(pa.record_batch([joined], names=["text"]))
        except OSError as exc:
            raise writing_failed(Path(tempfile.gettempdir()), exc) from exc
        self._rows += len(joined)
        return joined

    def __del__(self) -> None:
        """Close the nameless file, which frees its space, when reading broke off before `finish`."""
        self._file.close()

    def finish(self) -> SpooledText:
        """Return the texts; the spool takes no more."""
        try:
            self._writer.close()
            self._file.flush()
        except OSError as exc:
            raise writing_failed(Path(tempfile.gettempdir()), exc) from exc
        with self._file:
            mapped = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
        return SpooledText(mapped)


class SpooledText:
    """A TextColumn over a memory-mapped Arrow file."""

    def __init__(self, mapped: mmap.mmap) -> None:
        reader = pa.ipc.open_file(pa.BufferReader(pa.py_buffer(mapped)))
        batches = (reader.get_batch(number) for number in range(reader.num_record_batches))
        self._parts = [batch.column("text") for batch in batches if batch.num_rows]
        self._ends = np.cumsum([len(part) for part in self._parts], dtype=np.int64)

    def __len__(self) -> int:
        return int(self._ends[-1]) if len(self._ends) else 0

    def take(self, rows: Sequence[int] | npt.NDArray[np.int64]) -> list[str | None]:
        """Return the texts of these records; reads only the parts of the file they lie in."""
        wanted = np.asarray(rows, dtype=np.int64)
        if len(wanted) and not (0 <= wanted.min() and wanted.max() < len(self)):
            raise IndexError(f"rows: expected numbers in [0, {len(self)}), got {wanted.min()} to {wanted.max()}")
        texts: list[str | None] = [None] * len(wanted)
        part_of = np.searchsorted(self._ends, wanted, side="right")
        for part in np.unique(part_of):
            places = np.flatnonzero(part_of == part)
            start = self._ends[part] - len(self._parts[part])
            found = self._parts[part].take(pa.array(wanted[places] - start)).to_pylist()
            for place, text in zip(places, found, strict=True):
                texts[place] = text
        return texts

    def chunks(self, size: int) -> Iterator[list[str | None]]:
        """Yield all texts in order, `size` at a time."""
        for start in range(0, len(self), size):
            yield self.take(np.arange(start, min(start + size, len(self))))


class ChosenText:
    """A TextColumn that shows some records of another."""

    def __init__(self, base: TextColumn, rows: npt.NDArray[np.int64]) -> None:
        self._base = base
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def take(self, rows: Sequence[int] | npt.NDArray[np.int64]) -> list[str | None]:
        """Return the texts of these records."""
        return self._base.take(self._rows[np.asarray(rows, dtype=np.int64)])

    def chunks(self, size: int) -> Iterator[list[str | None]]:
        """Yield all texts in order, `size` at a time."""
        for start in range(0, len(self._rows), size):
            yield self._base.take(self._rows[start : start + size])


def joined_texts(columns: Sequence[Any]) -> Any:
    """Return several Arrow string columns as one, joined with a blank line; null where none has a text."""
    joined, *others = [_without_missing(column) for column in columns]
    separator = pa.scalar("\n\n", pa.large_string())
    for other in others:
        # Not null_handling="skip": it drops the rows in which every part is null, and all later records shift.
        both = pc.binary_join_element_wise(joined, other, separator)
        joined = pc.coalesce(both, joined, other)
    return joined


def _without_missing(column: Any) -> Any:
    trimmed = pc.utf8_trim_whitespace(pc.cast(column, pa.large_string()))
    short = pc.less_equal(pc.utf8_length(trimmed), _LONGEST_WORD)
    words = pa.array(sorted(MISSING_WORDS), pa.large_string())
    return pc.if_else(pc.and_(short, pc.is_in(pc.utf8_lower(trimmed), words)), None, trimmed)
