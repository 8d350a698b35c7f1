"""What of a picture a network's gradients speak of: its pixels, or its last map of features, told by cell.

The last map is found by looking: whatever the family, it is the last thing with places that the network computes, or,
where the first token stands for the picture, what its last layer is given.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import isqrt
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import nn

from primum.model.encoders import ImageEncoder
from primum.model.inputs.base import Batch
from primum.model.inputs.cells import blank_of, spread_by_cell, summed_by_cell


@dataclass(frozen=True, slots=True, kw_only=True)
class MapPlace:
    """Where in a network its last map of features is."""

    module: nn.Module
    given: bool
    """Whether the map is what the module is given; else it is what it returns."""


_PLACES: WeakKeyDictionary[ImageEncoder, MapPlace | None] = WeakKeyDictionary()


def map_place(encoder: ImageEncoder, batch: Batch) -> MapPlace | None:
    """Return where the last map is; None where no map has more than one place.

    Args:
        encoder: the network, which is asked about one picture when it is first met.
        batch: with pixels of shape (b, 3, s, s).
    """
    if encoder not in _PLACES:
        _PLACES[encoder] = _looked_for(encoder, batch)
    return _PLACES[encoder]


def _looked_for(encoder: ImageEncoder, batch: Batch) -> MapPlace | None:
    if any(getattr(module, "first_token", False) is True for module in encoder.backbone.modules()):
        lists = [m for m in encoder.backbone.modules() if isinstance(m, nn.ModuleList) and len(m)]
        return MapPlace(module=max(lists, key=len)[-1], given=True) if lists else None
    seen: list[nn.Module] = []

    def look(module: nn.Module, given: Any, output: Any) -> None:
        if isinstance(output, torch.Tensor) and _places(output) is not None:
            seen.append(module)

    hooks = [module.register_forward_hook(look) for module in encoder.backbone.modules()]
    try:
        with torch.no_grad():
            encoder({"pixels": batch["pixels"][:1].to(next(encoder.parameters()).device)})
    finally:
        for hook in hooks:
            hook.remove()
    return MapPlace(module=seen[-1], given=False) if seen else None


def _places(values: torch.Tensor) -> tuple[int, int] | None:
    """Return rows and columns of a map, (b, c, h, w) or (b, h * w, c); None where it is none or has one place alone."""
    if values.ndim == 4 and values.shape[2] * values.shape[3] > 1:
        return int(values.shape[2]), int(values.shape[3])
    if values.ndim != 3 or min(values.shape[1:]) < 2:
        return None
    side = isqrt(values.shape[1])
    return (side, side) if side * side == values.shape[1] else None


@contextmanager
def watched_map(place: MapPlace) -> Iterator[list[torch.Tensor]]:
    """Collect the map of what is encoded meanwhile, ready to be derived by; nothing before it is part of the graph."""
    seen: list[torch.Tensor] = []

    def cut(values: torch.Tensor) -> torch.Tensor:
        seen.append(values.detach().requires_grad_())
        return seen[-1]

    if place.given:
        hook = place.module.register_forward_pre_hook(lambda module, given: (cut(given[0]), *given[1:]))
    else:
        hook = place.module.register_forward_hook(lambda module, given, output: cut(output))
    try:
        yield seen
    finally:
        hook.remove()


def map_by_cell(values: torch.Tensor, slope: torch.Tensor) -> torch.Tensor:
    """Return a map of features times its gradient, summed over features and told by cell, shape (b, CELLS).

    Args:
        values: shape (b, c, h, w), or tokens (b, t, c), of which the last square number are places of the picture.
        slope: the score's gradient, of the same shape.
    """
    if values.ndim == 4:
        return spread_by_cell((values.detach() * slope).sum(1))
    places = _places(values)
    side = isqrt(values.shape[1] - 1) if places is None else places[0]  # a first token stands in front of a square
    product = (values.detach() * slope).sum(2)[:, -(side * side) :]
    return spread_by_cell(product.reshape(-1, side, side))


def pixel_ends(batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
    """Return a batch's pixels (b, 3, s, s), and those of pictures that show nothing but their own mean colour."""
    own = batch["pixels"]
    return own, blank_of(own).expand_as(own)


def pixels_by_cell(product: torch.Tensor) -> torch.Tensor:
    """Return what pixels (b, 3, s, s) add, told by cell, shape (b, CELLS)."""
    return summed_by_cell(product.sum(1).double())
