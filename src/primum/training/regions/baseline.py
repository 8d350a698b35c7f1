"""What thresholding alone marks: Otsu's grey level and connected pieces, the simplest thing that could work."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt

from primum.cohort.cohort import Cohort
from primum.cohort.images.reading import placed
from primum.evidence.marks import Mark, Marking, compare, components, point_figures
from primum.extras import require
from primum.later import ndimage

BoolArray = npt.NDArray[np.bool_]
_SPECK = 1e-3


def threshold_marks(cohort: Cohort, split: npt.NDArray[np.object_]) -> Marking:
    """Return what a threshold marks in every picture of a cohort.

    Otsu's level splits a picture's shades; whether the darker or the lighter side is meant is what fits the training
    marks better. A mask is that side, for the label that is commonest. A box is around a connected piece, for the label
    whose median area in training is nearest, and of the median sides of that label about the piece's middle.

    Args:
        cohort: with pictures and true marks.
        split: name of each record's split, shape (n,).
    Source: Otsu 1979, IEEE Trans. SMC 9(1).
    """
    assert cohort.regions is not None
    train = np.flatnonzero(split == "train")
    known = cohort.regions.take(train)
    sizes = _median_sizes(known)
    tried = [_marked(cohort, train, sizes, darker=darker) for darker in (True, False)]
    metric = "dice" if known.kind == "masks" else "map50"
    fits = [point_figures(compare(known, one), known.kind, threshold=0.0)[metric, None] or 0.0 for one in tried]
    return _marked(cohort, np.arange(len(cohort)), sizes, darker=fits[0] >= fits[1])


def _median_sizes(known: Marking) -> dict[str, tuple[float, float]]:
    """Return each label's median height and width in stored pixels, the commonest label first."""
    count = Counter(mark.label for of in known.marks for mark in of)
    sizes = {}
    for label, _ in count.most_common():
        boxes = np.array([mark.box for of in known.marks for mark in of if mark.label == label])
        sizes[label] = float(np.median(boxes[:, 3] - boxes[:, 1])), float(np.median(boxes[:, 2] - boxes[:, 0]))
    return sizes


def _marked(
    cohort: Cohort, rows: npt.NDArray[np.int64], sizes: dict[str, tuple[float, float]], *, darker: bool
) -> Marking:
    assert cohort.regions is not None and cohort.records.image is not None
    marks: list[tuple[Mark, ...]] = []
    for row in rows.tolist():
        height, width = cohort.regions.shapes[row].tolist()
        if not height or cohort.records.image.keys[row] is None or not sizes:
            marks.append(())
            continue
        picture = cohort.records.image.take([row])[0]
        top, left, high, wide = placed(height, width, picture.shape[0])
        side = _side(picture[top : top + high, left : left + wide].mean(2), darker=darker)
        of_kind = _masks if cohort.regions.kind == "masks" else _boxes
        marks.append(tuple(of_kind(side, (height, width), sizes)))
    taken = cohort.regions.take(rows)
    return Marking(kind=taken.kind, labels=taken.labels, shapes=taken.shapes, marks=tuple(marks))


def _side(grey: npt.NDArray[np.floating[Any]], *, darker: bool) -> BoolArray:
    filters: Any = require("skimage.filters", extra="imaging", purpose="The threshold baseline of marks")
    level = filters.threshold_otsu(grey) if np.ptp(grey) else float("inf")
    return np.asarray(grey <= level) if darker else np.asarray(grey > level)


def _masks(side: BoolArray, shape: tuple[int, int], sizes: dict[str, tuple[float, float]]) -> list[Mark]:
    row, column = (np.minimum((np.arange(n) + 0.5) * m / n, m - 1).astype(int) for n, m in zip(shape, side.shape))  # noqa: B905
    stored = side[np.ix_(row, column)]
    return components(
        stored, next(iter(sizes)), score=np.ones(shape, np.float32), smallest=max(int(_SPECK * stored.size), 1)
    )


def _boxes(side: BoolArray, shape: tuple[int, int], sizes: dict[str, tuple[float, float]]) -> list[Mark]:
    pieces, n = ndimage.label(ndimage.binary_opening(side, iterations=1))
    scale = shape[0] / side.shape[0], shape[1] / side.shape[1]
    marks = []
    numbers = np.arange(1, n + 1)
    areas = ndimage.sum_labels(np.ones_like(pieces), pieces, numbers) * scale[0] * scale[1]
    smallest = min(high * wide for high, wide in sizes.values()) / 4
    for area, (y, x) in zip(areas, ndimage.center_of_mass(pieces > 0, pieces, numbers), strict=True):
        if area < smallest:
            continue
        label = min(sizes, key=lambda name: abs(np.log(area / (sizes[name][0] * sizes[name][1]))))
        high, wide = sizes[label]
        row, column = (y + 0.5) * scale[0], (x + 0.5) * scale[1]
        box = np.clip(
            [column - wide / 2, row - high / 2, column + wide / 2, row + high / 2], 0, [shape[1], shape[0]] * 2
        )
        score = float(min(area, high * wide) / max(area, high * wide))  # how much the piece is of the label's size
        marks.append(Mark(label=label, box=tuple(map(float, box)), score=score))  # type: ignore[arg-type]
    return marks
