"""From what the head answers to marks in stored pixels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from primum.cohort.images.reading import placed
from primum.evidence.marks import Mark, components
from primum.model.regions.losses import distances
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


def marks_of(outputs: torch.Tensor, shape: tuple[int, int], spec: RegionSpec) -> tuple[Mark, ...]:
    """Return the marks of one picture, in pixels of the stored image.

    Args:
        outputs: of the head, shape (channels, s, s).
        shape: height and width of the stored image; 0 for none.
        spec: of the network.
    """
    if not all(shape):
        return ()
    return tuple(_masks(outputs, shape, spec) if spec.kind == "masks" else _boxes(outputs, shape, spec))


def _masks(outputs: torch.Tensor, shape: tuple[int, int], spec: RegionSpec) -> list[Mark]:
    top, left, high, wide = placed(*shape, spec.size)
    square = functional.interpolate(
        outputs[None].float(), size=(spec.size, spec.size), mode="bilinear", align_corners=False
    )
    stored = functional.interpolate(
        square[..., top : top + high, left : left + wide], size=shape, mode="bilinear", align_corners=False
    )
    p = torch.sigmoid(stored[0]).cpu().numpy()
    smallest = max(int(_SPECK * shape[0] * shape[1]), 1)
    return [
        mark
        for place, label in enumerate(spec.labels)
        for mark in components(p[place] >= 0.5, label, score=p[place], smallest=smallest)
    ]


def _boxes(outputs: torch.Tensor, shape: tuple[int, int], spec: RegionSpec) -> list[Mark]:
    k = len(spec.labels)
    heat = torch.sigmoid(outputs[:k].float())
    peak = functional.max_pool2d(heat[None], 3, stride=1, padding=1)[0] == heat
    label, row, column = torch.nonzero(peak & (heat >= _FAINT), as_tuple=True)
    score = heat[label, row, column]
    sides = distances(outputs[k:].float())[:, row, column].T  # (m, 4)
    middle = torch.stack([column + 0.5, row + 0.5], 1)
    corners = torch.cat([middle - sides[:, :2], middle + sides[:, 2:]], 1) * STRIDE
    top, left, down, across = frame_of(shape, spec.size)
    boxes = (corners.cpu().numpy().astype(np.float64) - [left, top, left, top]) / [across, down, across, down]
    boxes = np.clip(boxes, 0, [shape[1], shape[0]] * 2)
    kept = _once_each(boxes, score.cpu().numpy(), label.cpu().numpy())
    return [
        Mark(label=spec.labels[int(label[i])], box=tuple(map(float, boxes[i])), score=float(score[i]))  # type: ignore[arg-type]
        for i in kept
    ]


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
