"""What the frozen lower blocks of an image network make of pictures, read once: training begins above them.

A frozen block says the same of a picture in every epoch. Its map is kept for each picture as it is, and for a few
changed copies of those that are trained on, among which every epoch draws anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from primum.model.encoders import ImageEncoder
from primum.model.inference import fused_kernels, inference
from primum.model.inputs import Augmentation, PreparedImage
from primum.model.inputs.base import Batch
from primum.model.lite import LiteNet
from primum.model.shelf import Shelf

MOST_BYTES = 4 * 2**30
"""Above this no maps are kept on the disk, and the frozen blocks read pictures each time."""
_BATCH = 16
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """Maps of n records."""

    shelf: Shelf
    place: IntArray
    """Where each record's map stands; of a changed copy, where the first one stands."""
    copies: int = 1
    """Maps of each record, one after the other."""


class PreparedLowerMaps:
    """Pictures of n records as maps of shape (c, s, s), which a LiteNet's lower blocks have made."""

    def __init__(self, image: PreparedImage, plain: _Kept, changed: _Kept | None = None) -> None:
        """Show the maps of `image`, in `changed` of records whose place is not negative."""
        self.image = image
        self.present = image.present
        self.lengths = image.lengths
        self._plain = plain
        self._changed = changed
        self._draws = False

    def collate(self, rows: Sequence[int] | npt.NDArray[np.int64]) -> Batch:
        """Return map (b, c, s, s) and present (b,); `drawn` ones are of the picture or of one of its copies."""
        index = np.asarray(rows, dtype=np.int64)
        maps = self._plain.shelf.take(self._plain.place[index])
        if self._draws and self._changed is not None:
            draw = torch.randint(self._changed.copies + 1, (len(index),)).cpu().numpy()
            other = (draw > 0) & (self._changed.place[index] >= 0)
            if other.any():
                place = self._changed.place[index[other]] + draw[other] - 1
                maps[torch.from_numpy(other)] = self._changed.shelf.take(place)
        return {"map": maps, "present": torch.from_numpy(self.present[index])}

    def drawn(self) -> PreparedLowerMaps:
        """Return the same records as training sees them: each time the picture or one of its changed copies."""
        found = PreparedLowerMaps(self.image, self._plain, self._changed)
        found._draws = True
        return found

    def pairs(self, rows: IntArray) -> tuple[torch.Tensor, torch.Tensor]:
        """Return maps of two different changed copies of each of these records, each (b, c, s, s).

        The global generator draws which. All records must have been given copies, at least two.
        """
        assert self._changed is not None and self._changed.copies > 1
        start, k = self._changed.place[rows], self._changed.copies
        assert (start >= 0).all()
        one = torch.randint(k, (len(rows),)).cpu().numpy()
        other = (one + 1 + torch.randint(k - 1, (len(rows),)).cpu().numpy()) % k
        return self._changed.shelf.take(start + one), self._changed.shelf.take(start + other)

    def joined(self, more: PreparedImage) -> PreparedImage:
        """Return these records followed by `more`, as pictures: of those no maps are known."""
        return self.image.joined(more)


def lower_maps(
    encoder: ImageEncoder, image: PreparedImage, rows: IntArray, how: Augmentation | None
) -> PreparedLowerMaps | None:
    """Return what the frozen blocks make of pictures; None where there are none, or no room.

    Args:
        encoder: whose first blocks are frozen.
        image: pictures of n records; equal ones are read once.
        rows: the records that changed copies are made of, those that are trained on.
        how: they are changed; None: not at all.
    """
    if not encoder.frozen_blocks or image.images is None or image.kept is not None:
        return None
    first, equal = image.distinct()
    shape = _maps(encoder, image, first[:1])[0].shape
    copies = how.copies if how is not None else 0
    size = 4 * int(np.prod(shape))
    if len(first) * size > MOST_BYTES:
        return None
    copies = min(copies, int(2 * (MOST_BYTES - len(first) * size) / max(len(rows) * size, 1)))
    plain = Shelf(len(first), shape, exact=True)
    _fill(plain, np.arange(len(first)), encoder, image, first)
    kept = _Kept(shelf=plain, place=equal)
    if not copies or how is None or not len(rows):
        return PreparedLowerMaps(image, kept)
    changed, shelf = image.augmented(how), Shelf(len(rows) * copies, shape)
    for copy in range(copies):
        _fill(shelf, copies * np.arange(len(rows)) + copy, encoder, changed, rows)
    place = np.full(len(image.present), -1, np.int64)
    place[rows] = copies * np.arange(len(rows))
    return PreparedLowerMaps(image, kept, _Kept(shelf=shelf, place=place, copies=copies))


def _fill(shelf: Shelf, places: IntArray, encoder: ImageEncoder, image: PreparedImage, rows: IntArray) -> None:
    for start in range(0, len(rows), _BATCH):
        part = slice(start, start + _BATCH)
        shelf.put(places[part], _maps(encoder, image, rows[part]))


def _maps(encoder: ImageEncoder, image: PreparedImage, rows: IntArray) -> npt.NDArray[np.float32]:
    network = encoder.backbone
    assert isinstance(network, LiteNet)
    with inference(), fused_kernels():
        pixels = image.collate(rows)["pixels"].to(next(network.parameters()).device)
        found = network.below(pixels, encoder.frozen_blocks)
    return np.ascontiguousarray(found.float().cpu().numpy())
