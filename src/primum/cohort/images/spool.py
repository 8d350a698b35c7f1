"""A cohort's pictures in a nameless temporary file: decoded once, by all cores, and read back a batch at a time.

Memory holds the pictures that are being decoded and eight bytes a record. The file loses its name before the first
byte is written, so whatever ends the process, no image of a patient stays on the disk. Files of equal content take one
place.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import weakref
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import IO

import numpy as np
import numpy.typing as npt

from primum.cohort.faults import Faults, rows_named
from primum.cohort.images.columns import ByteArray
from primum.cohort.images.reading import Unreadable, damaged, quiet, read_picture
from primum.cohort.roles import ImageRole
from primum.errors import ColumnError
from primum.files import writing_failed

_AHEAD = 4
"""Files that each worker may be ahead of what was written."""


class StoredImages:
    """An ImageColumn over a nameless file."""

    def __init__(
        self,
        handle: int,
        starts: npt.NDArray[np.int64],
        places: npt.NDArray[np.int64],
        *,
        keys: Sequence[str],
        size: int,
    ) -> None:
        """Read from an open file, which is closed, and its space freed, with the column.

        Args:
            handle: of the file with the pictures, one behind the other.
            starts: byte at which each begins, and where the last ends; one channel or three.
            places: each record's picture, -1 for none, shape (n,).
            keys: hash of each picture's file.
            size: side of a picture in pixels.
        """
        self._handle = handle
        weakref.finalize(self, os.close, handle)
        self._starts = starts
        self._places = places
        self.size = size
        plain = size * size
        self.channels = 3 if (np.diff(starts) > plain).any() else 1
        self.keys = np.array([None if place < 0 else keys[place] for place in places.tolist()], dtype=object)

    def __len__(self) -> int:
        return len(self._places)

    def take(self, rows: Sequence[int] | npt.NDArray[np.int64]) -> ByteArray:
        """Return the pictures of these records, shape (b, size, size, channels), black where there is none."""
        wanted = np.asarray(rows, dtype=np.int64)
        found = np.zeros((len(wanted), self.size, self.size, self.channels), np.uint8)
        for place, number in enumerate(self._places[wanted].tolist()):
            if number >= 0:
                start, end = int(self._starts[number]), int(self._starts[number + 1])
                stored = np.frombuffer(os.pread(self._handle, end - start, start), np.uint8)
                found[place] = stored.reshape(self.size, self.size, -1)  # one channel fills all
        return found


def read_images(
    names: npt.NDArray[np.object_], rows: npt.NDArray[np.int64], role: ImageRole, *, folder: Path, faults: Faults
) -> StoredImages:
    """Return the pictures of files that a column names.

    Args:
        names: each record's file, None for no image, shape (n,); a relative path starts at `folder`.
        rows: row numbers in the source for messages, shape (n,).
        role: what the study says of the column.
        folder: the table's.
        faults: receives an error for each reason why files cannot be read, with their rows.
    Raises:
        OutputError: the folder for temporary files is full.
    """
    spool = _Spool(role)
    bad: dict[tuple[str, str], list[int]] = defaultdict(list)
    distinct: dict[str, list[int]] = defaultdict(list)
    for place, name in enumerate(names.tolist()):
        if name is not None:
            distinct[str(name)].append(place)
    places = np.full(len(names), -1, dtype=np.int64)
    with quiet():
        for name, outcome in _decoded(distinct, folder, role):
            mine = distinct[name]
            if isinstance(outcome, Unreadable):
                bad[outcome.does, outcome.mend] += mine
            else:
                places[mine] = spool.add(*outcome)
    for (does, mend), of_them in bad.items():
        told = rows_named(np.sort(rows[of_them]))
        verb = does if len(of_them) > 1 else _singular(does)
        faults.add(ColumnError(f"column {role.column!r}: {told} {verb}; {mend}."))
    return spool.finish(places)


def _singular(does: str) -> str:
    verb, _, rest = does.partition(" ")
    return f"{verb}s {rest}"


Outcome = tuple[str, ByteArray] | Unreadable


def _decoded(names: Iterable[str], folder: Path, role: ImageRole) -> Iterator[tuple[str, Outcome]]:
    """Yield each file's name with its hash and picture, or why there is none, in the order of the names."""
    workers = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    waiting: list[tuple[str, Future[Outcome]]] = []
    with ThreadPoolExecutor(workers, thread_name_prefix="primum-image") as pool:
        for name in names:
            waiting.append((name, pool.submit(_opened, folder / name, role)))
            if len(waiting) >= _AHEAD * workers:
                first, future = waiting.pop(0)
                yield first, future.result()
        for name, future in waiting:
            yield name, future.result()


def _opened(path: Path, role: ImageRole) -> Outcome:
    try:
        if not path.is_file():  # a folder, a device or a pipe is none either
            return Unreadable("name a file that is not there", "put it there, or leave the cell empty")
        if path.stat().st_size > role.megabytes * 1_000_000:
            return Unreadable(
                f"name a file of more than {role.megabytes:g} megabytes",
                "make it smaller, or raise cohort.inputs.image.megabytes",
            )
        content = path.read_bytes()
        return hashlib.sha256(content).hexdigest(), read_picture(content, role)
    except Unreadable as exc:
        return exc
    except (OSError, ValueError):  # a name that no file can have, or no right to read it
        return Unreadable("name a file that cannot be opened", "check its name and its permissions")
    except MemoryError:
        return damaged()


class _Spool:
    """Receives pictures and becomes a StoredImages."""

    def __init__(self, role: ImageRole) -> None:
        self._size = role.size
        self._file: IO[bytes] = tempfile.TemporaryFile(prefix="primum-")
        self._place: dict[str, int] = {}
        self._ends = [0]

    def __del__(self) -> None:
        """Close the nameless file, which frees its space, when reading broke off before `finish`."""
        self._file.close()

    def add(self, key: str, picture: ByteArray) -> int:
        """Store a picture and return its place; one that is there already is stored once."""
        if key not in self._place:
            self._place[key] = len(self._place)
            content = np.ascontiguousarray(picture).tobytes()
            try:
                self._file.write(content)
            except OSError as exc:
                raise writing_failed(Path(tempfile.gettempdir()), exc) from exc
            self._ends.append(self._ends[-1] + len(content))
        return self._place[key]

    def finish(self, places: npt.NDArray[np.int64]) -> StoredImages:
        """Return the pictures; the spool takes no more."""
        try:
            self._file.flush()
        except OSError as exc:
            raise writing_failed(Path(tempfile.gettempdir()), exc) from exc
        with self._file:
            handle = os.dup(self._file.fileno())
        starts = np.array(self._ends, dtype=np.int64)
        return StoredImages(handle, starts, places, keys=list(self._place), size=self._size)
