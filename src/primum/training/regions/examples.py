"""Batches of pictures with what is to be answered about each place of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from primum.evidence.marks import Marking
from primum.model.inputs import Prepared, PreparedImage
from primum.model.regions.spec import RegionSpec
from primum.model.regions.targets import target_of
from primum.model.shelf import Shelf
from primum.training.regions.augmenting import JointAugmentation, MirroredMaps, mirrored_labels


class RegionCollate:
    """Row numbers -> the pictures of those records, and maps of what is marked in them."""

    def __init__(
        self,
        prepared: Prepared,
        marking: Marking,
        spec: RegionSpec,
        *,
        augmentation: JointAugmentation | None = None,
        mirrored: MirroredMaps | None = None,
    ) -> None:
        """Show pictures and marks.

        Args:
            prepared: the pictures, or what a frozen encoder made of them.
            marking: what is marked in them.
            spec: of the network.
            augmentation: what is done to both, where pictures are pixels.
            mirrored: where they are not, the maps of their mirror images to draw from.
        """
        self.prepared: Mapping[str, Prepared] = {"image": prepared}
        self.labels = torch.from_numpy(marking.amounts())
        self._image = prepared
        self._marking = marking
        self._spec = spec
        self._augmentation = augmentation
        self._mirrored = mirrored
        self._known = np.zeros(len(marking), bool)
        self._shelf: Shelf | None = None

    def __call__(self, rows: Sequence[int]) -> dict[str, Any]:
        """Return one batch."""
        index = np.asarray(rows, dtype=np.int64)
        labels = self._targets(index)
        if self._mirrored is not None:
            batch, how = self._mirrored.drawn(index)
            return {"inputs": {"image": batch}, "labels": mirrored_labels(labels, how, self._spec)}
        batch = self._image.collate(index)
        if self._augmentation is not None:
            assert isinstance(self._image, PreparedImage)
            batch["pixels"], labels = self._augmentation.applied(batch["pixels"], labels, self._spec)
        return {"inputs": {"image": batch}, "labels": labels}

    def lengths(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the cost of each record, which is the same for all."""
        return self._image.lengths[rows]

    def _targets(self, index: npt.NDArray[np.int64]) -> torch.Tensor:
        for row in index[~self._known[index]].tolist():
            height, width = self._marking.shapes[row].tolist()
            target = target_of(self._marking.marks[row], (height, width), self._spec)
            if self._shelf is None:
                self._shelf = Shelf(len(self._marking), target.shape)
            self._shelf.put(np.array([row]), target[None])
            self._known[row] = True
        assert self._shelf is not None
        return self._shelf.take(index)
