"""Arrays of one shape in a nameless temporary file: computed once, read back a batch at a time."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch


class Shelf:
    """Room for n arrays of one shape; the file is gone with the process, whatever ends it."""

    def __init__(self, n: int, shape: Sequence[int], *, exact: bool = False) -> None:
        """Make room on the disk, and none in memory; two bytes a number, or four where they are kept as they are."""
        with tempfile.TemporaryFile(prefix="primum-") as nameless:  # the map keeps it open
            self._room = np.memmap(nameless, np.float32 if exact else np.float16, "w+", shape=(max(n, 1), *shape))

    def put(self, rows: npt.NDArray[np.int64], values: npt.NDArray[np.float32]) -> None:
        """Keep arrays, shape (b, ...), at these places."""
        limits = np.finfo(self._room.dtype)
        self._room[rows] = np.clip(values, limits.min, limits.max)

    def take(self, rows: npt.NDArray[np.int64]) -> torch.Tensor:
        """Return the arrays at these places, float32, shape (b, ...)."""
        return torch.from_numpy(self._room[rows].astype(np.float32))
