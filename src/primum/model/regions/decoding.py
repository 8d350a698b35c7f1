"""From what the head answers to marks in stored pixels; no torch, so that a serving process decodes alike."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from primum.cohort.images.reading import placed
from primum.evidence.marks import Mark, components
from primum.model.regions.spec import STRIDE, RegionSpec
from primum.model.regions.targets import frame_of

FloatArray = npt.NDArray[np.float32]
_FAINT = 0.03
"""Score below which a box is not kept at all: curves need some below the threshold, but not thousands."""
_MOST = 100
_SAME = 0.5
"""Overlap over union from which two boxes of a label are one."""
_SPECK = 1e-3
"""Share of a picture below which a piece of a mask is dust."""
_STEEPEST = 80.0
"""Logit beyond which the sigmoid of a float32 is 0 or 1."""


def marks_of(outputs: FloatArray, shape: tuple[int, int], spec: RegionSpec) -> tuple[Mark, ...]:
    """Return the marks of one picture, in pixels of the stored image.

    Args:
        outputs: of the head, shape (channels, s, s).
        shape: height and width of the stored image; 0 for none.
        spec: of the network.
    """
    if not all(shape):
        return ()
    return tuple(_masks(outputs, shape, spec) if spec.kind == "masks" else _boxes(outputs, shape, spec))


def sigmoid(logits: FloatArray) -> FloatArray:
    """Return 1 / (1 + exp(-x)), float32."""
    one = np.float32(1.0)
    return np.asarray(one / (one + np.exp(-np.clip(logits, -_STEEPEST, _STEEPEST))), dtype=np.float32)


def distances_of(raw: FloatArray) -> FloatArray:
    """Return the distances, in places of the map, that the head's raw values mean; see `losses.distances`."""
    return np.asarray(np.exp(np.clip(raw, -6.0, 6.0)) * np.float32(STRIDE / 2), dtype=np.float32)


def resized(maps: FloatArray, shape: tuple[int, int]) -> FloatArray:
    """Return maps (k, h, w) at another size, by bilinear interpolation between the pixels' centres, edges repeated."""
    for axis, wanted in ((1, shape[0]), (2, shape[1])):
        given = maps.shape[axis]
        at = np.maximum((np.arange(wanted) + 0.5) * (given / wanted) - 0.5, 0.0)
        below = at.astype(np.int64)
        above = np.minimum(below + 1, given - 1)
        share = (at - below).astype(np.float32).reshape((-1, 1) if axis == 1 else (-1,))
        low, high = np.take(maps, below, axis), np.take(maps, above, axis)
        maps = low + share * (high - low)
    return maps


def _masks(outputs: FloatArray, shape: tuple[int, int], spec: RegionSpec) -> list[Mark]:
    top, left, high, wide = placed(*shape, spec.size)
    square = resized(outputs.astype(np.float32), (spec.size, spec.size))
    p = sigmoid(resized(square[:, top : top + high, left : left + wide], shape))
    smallest = max(int(_SPECK * shape[0] * shape[1]), 1)
    return [
        mark
        for place, label in enumerate(spec.labels)
        for mark in components(p[place] >= 0.5, label, score=p[place], smallest=smallest)
    ]


def _boxes(outputs: FloatArray, shape: tuple[int, int], spec: RegionSpec) -> list[Mark]:
    k = len(spec.labels)
    heat = sigmoid(outputs[:k].astype(np.float32))
    label, row, column = np.nonzero(_peaks(heat) & (heat >= _FAINT))
    score = heat[label, row, column]
    sides = distances_of(outputs[k:].astype(np.float32))[:, row, column].T  # (m, 4)
    middle = np.stack([column + 0.5, row + 0.5], 1).astype(np.float32)
    corners = np.concatenate([middle - sides[:, :2], middle + sides[:, 2:]], 1) * STRIDE
    top, left, down, across = frame_of(shape, spec.size)
    boxes = (corners.astype(np.float64) - [left, top, left, top]) / [across, down, across, down]
    boxes = np.clip(boxes, 0, [shape[1], shape[0]] * 2)
    kept = _once_each(boxes, score, label)
    return [
        Mark(label=spec.labels[int(label[i])], box=tuple(map(float, boxes[i])), score=float(score[i]))  # type: ignore[arg-type]
        for i in kept
    ]


def _peaks(heat: FloatArray) -> npt.NDArray[np.bool_]:
    """Return which places none of their eight neighbours surpasses, shape (k, s, s)."""
    high, wide = heat.shape[1:]
    edged = np.pad(heat, ((0, 0), (1, 1), (1, 1)), constant_values=-np.inf)
    around = np.stack([edged[:, y : y + high, x : x + wide] for y in range(3) for x in range(3)])
    return np.asarray(around.max(0) == heat)


def _once_each(boxes: npt.NDArray[np.float64], score: FloatArray, label: npt.NDArray[np.int64]) -> list[int]:
    """Return the boxes that no better-scored one of their label overlaps by half, the best first."""
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    left = [int(i) for i in np.argsort(-score, kind="stable") if area[i] > 0]
    kept: list[int] = []
    while left and len(kept) < _MOST:
        first, rest = left[0], np.array(left[1:], np.int64)
        kept.append(first)
        corners = np.minimum(boxes[rest, 2:], boxes[first, 2:]) - np.maximum(boxes[rest, :2], boxes[first, :2])
        both = np.clip(corners, 0, None).prod(1)
        same = (both / (area[rest] + area[first] - both) >= _SAME) & (label[rest] == label[first])
        left = rest[~same].tolist()
    return kept
