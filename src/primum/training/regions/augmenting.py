"""Changes of a training picture that its marks go along with: mirrored, brighter or darker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from primum.model.inputs import PreparedImage
from primum.model.inputs.base import Batch
from primum.model.net import Net
from primum.model.regions.pictures import PreparedMaps, read_maps
from primum.model.regions.reading import Tick
from primum.model.regions.spec import RegionSpec

MIRRORED: tuple[tuple[int, ...], ...] = ((), (3,), (2,), (2, 3))
"""Axes along which a picture may be mirrored: none, left and right, top and bottom, both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JointAugmentation:
    """What may happen to a picture and its marks in training, each time anew."""

    intensity: float = 0.1
    """Largest change of contrast, share of itself, and of brightness, share of four standard deviations of pixels."""
    allow_flips: bool = False
    """Whether left and right, and top and bottom, may be swapped."""

    def applied(
        self, pixels: torch.Tensor, labels: torch.Tensor, spec: RegionSpec
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Return pixels (b, 3, h, w) and labels (b, c, s, s), changed alike; the global generator draws how."""
        b = len(pixels)
        if self.allow_flips:
            how = torch.randint(len(MIRRORED), (b,))
            pixels = torch.stack(
                [one.flip([a - 1 for a in MIRRORED[int(h)]]) for one, h in zip(pixels, how, strict=True)]
            )
            labels = mirrored_labels(labels, how, spec)
        contrast, brightness = (torch.rand(2, b, 1, 1, 1) * 2 - 1) * self.intensity
        mean = pixels.mean((1, 2, 3), keepdim=True)
        return mean + (1 + contrast) * (pixels - mean) + 4 * brightness, labels


def mirrored_labels(labels: torch.Tensor, how: torch.Tensor, spec: RegionSpec) -> torch.Tensor:
    """Return what is to be answered about mirrored pictures: of boxes, distances to two sides change places.

    Args:
        labels: as `primum.model.regions.targets` makes them, shape (b, c, s, s).
        how: of each picture, an index into MIRRORED, shape (b,).
        spec: of the network.
    """
    found = []
    for one, number in zip(labels, how.tolist(), strict=True):
        axes = MIRRORED[number]
        order = list(range(len(one)))
        k = len(spec.labels)
        for axis, near in ((3, k), (2, k + 1)):  # left and right, top and bottom
            if spec.kind == "boxes" and axis in axes:
                order[near], order[near + 2] = order[near + 2], order[near]
        found.append(one[order].flip([axis - 1 for axis in axes]))
    return torch.stack(found)


class MirroredMaps:
    """What a frozen encoder makes of the training pictures and of their mirror images."""

    def __init__(
        self, net: Net, image: PreparedImage, plain: PreparedMaps, rows: npt.NDArray[np.int64], *, tick: Tick
    ) -> None:
        """Read the mirror images of the records `rows`, whose plain maps are known."""
        chosen = image.chosen(rows)
        self._plain = plain
        self._place = np.full(len(plain.present), -1, np.int64)
        self._place[rows] = np.arange(len(rows))
        self._mirrored = [read_maps(net, chosen, axes=axes, tick=tick) for axes in MIRRORED[1:]]

    def drawn(self, rows: Sequence[int] | npt.NDArray[np.int64]) -> tuple[Batch, torch.Tensor]:
        """Return maps of these records, each mirrored in one way or none, and the ways as indices into MIRRORED."""
        index = np.asarray(rows, dtype=np.int64)
        how = torch.randint(len(MIRRORED), (len(index),))
        parts: list[Batch] = []
        for row, number in zip(index.tolist(), how.tolist(), strict=True):
            one = self._plain if number == 0 else self._mirrored[number - 1]
            parts.append(one.collate([row if number == 0 else int(self._place[row])]))
        return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}, how
