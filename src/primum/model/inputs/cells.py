"""The cells of a picture: one grid whatever the network, so that reasons speak of places and not of single pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import torch

GRID = 7
"""Cells of a side: the last feature map of most networks at 224 pixels."""
CELLS = GRID * GRID
IntArray = npt.NDArray[np.int64]


def band_of_pixel(side: int) -> IntArray:
    """Return the row (or column) of cells that each row (or column) of pixels lies in, shape (side,)."""
    return np.asarray(np.arange(side) * GRID // side, dtype=np.int64)


def without_cells(pixels: torch.Tensor, kept: torch.Tensor) -> torch.Tensor:
    """Return pictures of which only some cells are left; the others show the picture's own mean colour.

    Args:
        pixels: shape (b, 3, s, s).
        kept: which cells stay, row by row, shape (b, CELLS).
    """
    import torch

    band = torch.from_numpy(band_of_pixel(pixels.shape[-1])).to(pixels.device)
    mask = kept.reshape(-1, GRID, GRID)[:, band][:, :, band].unsqueeze(1)  # (b, 1, s, s)
    return torch.where(mask, pixels, blank_of(pixels))


def blank_of(pixels: torch.Tensor) -> torch.Tensor:
    """Return each picture's mean colour, shape (b, 3, 1, 1): a picture that shows nothing."""
    return pixels.mean((2, 3), keepdim=True)


def summed_by_cell(values: torch.Tensor) -> torch.Tensor:
    """Return what pixels (b, s, s) sum to in each cell, shape (b, CELLS)."""
    import torch

    band = torch.from_numpy(band_of_pixel(values.shape[-1])).to(values.device)
    own = torch.nn.functional.one_hot(band, GRID).to(values.dtype)  # (s, GRID)
    return (own.T @ values @ own).flatten(1)


def spread_by_cell(values: torch.Tensor) -> torch.Tensor:
    """Return a map of any shape (b, h, w) on the grid, shape (b, CELLS), each picture's sum unchanged.

    Every place of the map shares its value among the cells by the area that they have in common.
    """
    rows, columns = (_shares(side).to(values) for side in values.shape[-2:])
    return (rows.T @ values @ columns).flatten(1)


def _shares(side: int) -> torch.Tensor:
    """Return which share of each of `side` equal bands lies in each row of cells, shape (side, GRID)."""
    import torch

    edges, own = np.arange(GRID + 1) / GRID, np.arange(side + 1) / side
    low, high = np.maximum(own[:-1, None], edges[None, :-1]), np.minimum(own[1:, None], edges[None, 1:])
    return torch.from_numpy(np.clip(high - low, 0.0, None) * side)
