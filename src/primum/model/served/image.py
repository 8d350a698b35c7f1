"""Pixels without torch: what `PreparedImage.collate` makes of a picture, or of some of its cells, by numpy alone."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

from primum.model.inputs.cells import GRID, band_of_pixel
from primum.model.inputs.image import PreparedImage

Float32Array = npt.NDArray[np.float32]


def pixels_of(prepared: PreparedImage, row: int, *, side: int) -> Float32Array:
    """Return one record's pixels, normalised, shape (1, 3, side, side), the whole picture; it has one."""
    assert prepared.images is not None
    picture = prepared.images.take([row])[0].astype(np.float32) / np.float32(255.0)  # (s, s, c)
    if picture.shape[0] != side:
        weights = _weights(picture.shape[0], side)
        picture = np.einsum("yh,hwc,xw->yxc", weights, picture, weights, optimize=True).astype(np.float32)
    mean, scale = (np.array(values, np.float32) for values in (prepared.form.mean, prepared.form.scale))
    return np.ascontiguousarray(((picture - mean) / scale).transpose(2, 0, 1)[None])


def cells_left(pixels: Float32Array, kept: npt.NDArray[np.bool_]) -> Float32Array:
    """Return a picture of which only some cells are left; the others show its own mean colour.

    Args:
        pixels: shape (1, 3, s, s).
        kept: which cells stay, row by row, shape (CELLS,).
    """
    if kept.all():
        return pixels
    band = band_of_pixel(pixels.shape[-1])
    there = kept.reshape(GRID, GRID)[band][:, band]  # (s, s)
    return np.where(there, pixels, pixels.mean((2, 3), keepdims=True, dtype=np.float32))


@cache
def _weights(given: int, wanted: int) -> Float32Array:
    """Return how much each of `given` pixels adds to each of `wanted`, shape (wanted, given); rows sum to 1.

    Antialiased bilinear interpolation: a triangle about each new pixel's centre, as wide as the coarser grid's pixels.
    """
    half, one = np.float32(0.5), np.float32(1.0)  # in float32 and in torch's order, so that both round alike
    scale = np.float32(given) / np.float32(wanted)
    centres = scale * (np.arange(wanted, dtype=np.float32) + half)
    away = (np.arange(given, dtype=np.float32)[None] - centres[:, None] + half) * (one / max(scale, one))
    weights = np.clip(one - np.abs(away), 0.0, None)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))
