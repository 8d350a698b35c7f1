"""From marks in stored pixels to what the head is to answer in the small square picture, and back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from primum.cohort.images.reading import placed
from primum.evidence.marks import Mark, mask_of
from primum.model.regions.spec import STRIDE, RegionSpec

FloatArray = npt.NDArray[np.float32]
Frame = tuple[float, float, float, float]
"""Top and left of an image in its square picture, and pixels there to a stored one, down and across."""
_NEAR = 0.3
"""Share of a box's sides that is the standard deviation, either way, of what counts as near its centre, over two."""
_CORE = 0.6
"""Heat from which a place learns the sides of a box besides its centre."""


def frame_of(shape: tuple[int, int], size: int) -> Frame:
    """Return where an image of (height, width) stands in its picture of this side."""
    top, left, high, wide = placed(*shape, size)
    return float(top), float(left), high / shape[0], wide / shape[1]


def mask_target(marks: Sequence[Mark], shape: tuple[int, int], spec: RegionSpec) -> FloatArray:
    """Return the share of each place that is inside, -1 where the picture does not reach, shape (labels, s, s)."""
    side = spec.size // STRIDE
    target = np.zeros((len(spec.labels), side, side), np.float32)
    if not all(shape):
        return target - 1.0
    top, left, high, wide = placed(*shape, spec.size)
    for place, label in enumerate(spec.labels):
        inside = np.zeros(shape, bool)
        for mark in marks:
            if mark.label == label and mark.runs is not None:
                inside |= mask_of(mark.runs, shape)
        square = np.zeros((spec.size, spec.size), np.float32)
        square[top : top + high, left : left + wide] = _shrunk(inside, (high, wide))
        target[place] = square.reshape(side, STRIDE, side, STRIDE).mean((1, 3))
    there = np.zeros((spec.size, spec.size), np.float32)
    there[top : top + high, left : left + wide] = 1.0
    target[:, there.reshape(side, STRIDE, side, STRIDE).mean((1, 3)) == 0] = -1.0
    return target


def _shrunk(mask: npt.NDArray[np.bool_], shape: tuple[int, int]) -> FloatArray:
    """Return the mask at another size, each pixel the share of it that is inside."""
    if mask.shape == shape:
        return mask.astype(np.float32)
    found = mask.astype(np.float64)
    for length in shape:
        n = found.shape[0]
        sums = np.concatenate([np.zeros((1, found.shape[1])), np.cumsum(found, 0)])
        ends = np.linspace(0, n, length + 1)
        below = np.minimum(ends.astype(np.int64), n - 1)
        upto = sums[below] + (ends - below)[:, None] * found[below]  # inside pixels above each end
        found = (np.diff(upto, axis=0) / (n / length)).T  # rows, then columns
    return found.astype(np.float32)


def box_target(marks: Sequence[Mark], shape: tuple[int, int], spec: RegionSpec) -> FloatArray:
    """Return heat maps, distances to the four sides and the weight of each place, shape (labels + 5, s, s).

    The smallest box last, so that a small one before a large one is not hidden by it.
    """
    k, side = len(spec.labels), spec.size // STRIDE
    target = np.zeros((k + 5, side, side), np.float32)
    if not all(shape):
        return target
    top, left, down, across = frame_of(shape, spec.size)
    middle = np.arange(side, dtype=np.float32) + 0.5  # of each place
    for mark in sorted(marks, key=lambda m: -(m.box[2] - m.box[0]) * (m.box[3] - m.box[1])):
        x0, y0, x1, y1 = mark.box
        x0, x1 = (left + x0 * across) / STRIDE, (left + x1 * across) / STRIDE
        y0, y1 = (top + y0 * down) / STRIDE, (top + y1 * down) / STRIDE
        column, row = (min(int(c / 2), side - 1) for c in (x0 + x1, y0 + y1))
        spread = max((x1 - x0) * _NEAR / 2, 0.5), max((y1 - y0) * _NEAR / 2, 0.5)
        off = ((middle - middle[column]) / spread[0])[None, :] ** 2 + ((middle - middle[row]) / spread[1])[:, None] ** 2
        heat = np.exp(-off / 2)
        heat[row, column] = 1.0
        place = spec.labels.index(mark.label)
        target[place] = np.maximum(target[place], heat)
        core = (heat >= _CORE) & _within(middle, (x0, x1))[None, :] & _within(middle, (y0, y1))[:, None]
        core[row, column] = True
        sides = np.broadcast_arrays(middle - x0, (middle - y0)[:, None], x1 - middle, (y1 - middle)[:, None])
        for channel, distance in enumerate(sides, start=k):
            target[channel][core] = np.maximum(np.broadcast_to(distance, core.shape)[core], 1e-3)
        target[-1][core] = heat[core] / heat[core].sum()  # a small box, of one place, counts as much as a large one
    return target


def _within(middle: FloatArray, ends: tuple[float, float]) -> npt.NDArray[np.bool_]:
    return (middle > ends[0]) & (middle < ends[1])


def target_of(marks: Sequence[Mark], shape: tuple[int, int], spec: RegionSpec) -> FloatArray:
    """Return what the head is to answer about a picture."""
    return (mask_target if spec.kind == "masks" else box_target)(marks, shape, spec)
