"""Columns of pictures that show others: some of them, several behind one another, each a little changed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from primum.cohort.records import ImageColumn

ByteArray = npt.NDArray[np.uint8]
Change = Callable[[ByteArray, np.random.Generator], ByteArray]
"""From a picture of shape (size, size, channels) to another of that shape."""


class ChosenImages:
    """An ImageColumn that shows some pictures of another."""

    def __init__(self, base: ImageColumn, rows: npt.NDArray[np.int64]) -> None:
        self._base = base
        self._rows = rows
        self.size, self.channels = base.size, base.channels
        self.keys = base.keys[rows]

    def __len__(self) -> int:
        return len(self._rows)

    def take(self, rows: Sequence[int] | npt.NDArray[np.int64]) -> ByteArray:
        """Return the pictures of these records."""
        return self._base.take(self._rows[np.asarray(rows, dtype=np.int64)])


class JoinedImages:
    """An ImageColumn of several, one behind the other; in colour where one of them is."""

    def __init__(self, parts: Sequence[ImageColumn]) -> None:
        self._parts = list(parts)
        self._ends = np.cumsum([len(part) for part in parts], dtype=np.int64)
        self.size, self.channels = parts[0].size, max(part.channels for part in parts)
        self.keys = np.concatenate([part.keys for part in parts])

    def __len__(self) -> int:
        return int(self._ends[-1])

    def take(self, rows: Sequence[int] | npt.NDArray[np.int64]) -> ByteArray:
        """Return the pictures of these records."""
        wanted = np.asarray(rows, dtype=np.int64)
        found = np.zeros((len(wanted), self.size, self.size, self.channels), np.uint8)
        part_of = np.searchsorted(self._ends, wanted, side="right")
        for number in np.unique(part_of):
            places = np.flatnonzero(part_of == number)
            start = self._ends[number] - len(self._parts[number])
            found[places] = self._parts[number].take(wanted[places] - start)  # one channel fills all
        return found


class ChangedImages:
    """An ImageColumn whose pictures are those of another, changed when they are asked for."""

    def __init__(self, base: ImageColumn, change: Change, *, name: str, seed: int) -> None:
        """Change with `change`, whose chances depend on the picture, its name and the seed alone."""
        self._base = base
        self._change = change
        self._name = name
        self._seed = seed
        self.size, self.channels = base.size, base.channels
        self.keys = np.array([None if key is None else f"{key}:{name}:{seed}" for key in base.keys], dtype=object)

    def __len__(self) -> int:
        return len(self._base)

    def take(self, rows: Sequence[int] | npt.NDArray[np.int64]) -> ByteArray:
        """Return the changed pictures of these records."""
        wanted = np.asarray(rows, dtype=np.int64)
        found = self._base.take(wanted).copy()
        for place, row in enumerate(wanted.tolist()):
            key = self._base.keys[row]
            if key is not None:
                own = [self._seed, *self._name.encode(), *str(key).encode()]
                found[place] = self._change(found[place], np.random.default_rng(own))
        return found


class MadeUpImages:
    """An ImageColumn of pictures that show nothing: each is noise of its own, made when it is asked for."""

    def __init__(self, like: ImageColumn, n: int, *, seed: int) -> None:
        """Make `n` pictures of the shape of `like`; equal seeds make equal ones."""
        self._seed = seed
        self.size, self.channels = like.size, like.channels
        self.keys = np.array([f"made-up:{seed}:{place}" for place in range(n)], dtype=object)

    def __len__(self) -> int:
        return len(self.keys)

    def take(self, rows: Sequence[int] | npt.NDArray[np.int64]) -> ByteArray:
        """Return these pictures."""
        shape = self.size, self.size, self.channels
        made = [np.random.default_rng([self._seed, int(row)]).integers(256, size=shape, dtype=np.uint8) for row in rows]
        return np.stack(made) if made else np.zeros((0, *shape), np.uint8)


class HeldImages:
    """An ImageColumn of pictures in memory, few enough to be held."""

    def __init__(self, squares: Sequence[ByteArray | None], size: int) -> None:
        """Show these squares of `size` pixels a side, grey or in colour; None for a record without a picture."""
        self._squares = [one if one is None or one.ndim == 3 else one[..., None] for one in squares]
        self.size = size
        self.channels = max((one.shape[2] for one in self._squares if one is not None), default=1)
        self.keys = np.array(
            [None if one is None else hashlib.sha256(one.tobytes()).hexdigest() for one in self._squares], dtype=object
        )

    def __len__(self) -> int:
        return len(self._squares)

    def take(self, rows: Sequence[int] | npt.NDArray[np.int64]) -> ByteArray:
        """Return the pictures of these records, shape (b, size, size, channels), black where there is none."""
        found = np.zeros((len(rows), self.size, self.size, self.channels), np.uint8)
        for place, row in enumerate(np.asarray(rows, dtype=np.int64).tolist()):
            square = self._squares[row]
            if square is not None:
                found[place] = square  # one channel fills all
        return found
