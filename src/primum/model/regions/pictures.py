"""Pictures as a network of marks takes them: pixels, or what its frozen encoder has made of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch

from primum.model.inference import inference
from primum.model.inputs import PreparedImage
from primum.model.inputs.base import Batch
from primum.model.inputs.image import tokens_of
from primum.model.lite import PYRAMID
from primum.model.net import Net
from primum.model.regions.reading import BATCH, Tick
from primum.model.regions.spec import STRIDE
from primum.model.shelf import Shelf


class PreparedMaps:
    """The maps of n pictures, which an encoder has read."""

    def __init__(
        self, shelves: Sequence[Shelf], place: npt.NDArray[np.int64], present: npt.NDArray[np.bool_], *, side: int
    ) -> None:
        """Show the maps at `place`, shape (n,), of shelves that hold one kind of map each, of pictures of a side."""
        self._shelves = shelves
        self._place = place
        self.present = present
        self.lengths: npt.NDArray[np.int64] = np.full(len(place), tokens_of(side), dtype=np.int64)

    def collate(self, rows: Sequence[int] | npt.NDArray[np.int64]) -> Batch:
        """Return map0 to map3 of shape (b, c, s, s), and present of shape (b,)."""
        index = np.asarray(rows, dtype=np.int64)
        maps = {f"map{number}": shelf.take(self._place[index]) for number, shelf in enumerate(self._shelves)}
        return {**maps, "present": torch.from_numpy(self.present[index])}


def read_maps(net: Net, image: PreparedImage, *, axes: tuple[int, ...] = (), tick: Tick | None = None) -> PreparedMaps:
    """Return what the encoder makes of pictures; equal ones are read once.

    Args:
        net: whose encoder reads.
        image: the pictures.
        axes: along which they are mirrored first: 2 top and bottom, 3 left and right.
        tick: called with (done, total).
    """
    first, equal = image.distinct()
    sides = [image.side // (STRIDE << number) for number in range(len(PYRAMID))]
    shelves = [Shelf(len(first), (channels, side, side)) for channels, side in zip(PYRAMID, sides, strict=True)]
    encoder = net.encoders["image"]
    for start in range(0, len(first), BATCH):
        rows = np.arange(start, min(start + BATCH, len(first)))
        batch = image.collate(first[rows])
        with inference():
            maps = encoder({**batch, "pixels": batch["pixels"].flip(axes)})
        for shelf, one in zip(shelves, maps, strict=True):
            shelf.put(rows, one.contiguous().cpu().numpy())
        if tick is not None:
            tick(len(rows) + start, len(first))
    return PreparedMaps(shelves, equal, image.present, side=image.side)
