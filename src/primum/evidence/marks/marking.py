"""What is marked in each of many pictures: boxes, or masks as one mark a connected piece."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from primum.evidence.marks.runs import BoolArray, Runs, mask_of, runs_of
from primum.evidence.regions import Region
from primum.later import ndimage

MarkKind = Literal["boxes", "masks"]
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One marked place, as small as it can be kept."""

    label: str
    box: Box
    """Left, top, right and bottom in pixels of the picture as it is stored; right and bottom are outside."""
    score: float | None = None
    """The model's confidence in [0, 1]; None where a person marked it."""
    runs: Runs | None = None
    """Which pixels, as run lengths; None where the box is all that is known."""

    def region(self, shape: tuple[int, int]) -> Region:
        """Return the mark with its mask unpacked, in a picture of (height, width)."""
        mask = None if self.runs is None else mask_of(self.runs, shape)
        return Region(label=self.label, box=self.box, score=self.score, mask=mask)


@dataclass(frozen=True, slots=True, kw_only=True)
class Marking:
    """The marks of n pictures."""

    kind: MarkKind
    """boxes: each mark is a box; masks: each is a connected piece of its label's mask, and no two of a label touch."""
    labels: tuple[str, ...]
    """Every label that may occur, sorted."""
    shapes: npt.NDArray[np.int64]
    """Height and width of each picture as it is stored, 0 where there is none, shape (n, 2)."""
    marks: tuple[tuple[Mark, ...], ...]
    """Of each picture, n of them."""

    def __len__(self) -> int:
        return len(self.marks)

    def take(self, rows: npt.NDArray[np.int64] | npt.NDArray[np.bool_]) -> Marking:
        """Return the chosen pictures (indices or a mask)."""
        chosen = np.flatnonzero(rows) if rows.dtype == bool else rows
        return replace(self, shapes=self.shapes[chosen], marks=tuple(self.marks[int(row)] for row in chosen))

    def amounts(self) -> npt.NDArray[np.float64]:
        """Return how much is marked in each picture, shape (n,): how many boxes, or the masks' share of the picture."""
        if self.kind == "boxes":
            return np.array([len(of) for of in self.marks], dtype=np.float64)
        return np.array([self._share(row) for row in range(len(self))], dtype=np.float64)

    def _share(self, row: int) -> float:
        height, width = self.shapes[row].tolist()
        if not height or not self.marks[row]:
            return 0.0
        marked = np.zeros((height, width), bool)
        for mark in self.marks[row]:
            assert mark.runs is not None
            marked |= mask_of(mark.runs, (height, width))
        return float(marked.mean())

    def above(self, threshold: float) -> Marking:
        """Return the marks whose score is at least the threshold."""
        kept = tuple(tuple(m for m in of if m.score is None or m.score >= threshold) for of in self.marks)
        return replace(self, marks=kept)


def components(
    mask: BoolArray, label: str, *, score: npt.NDArray[np.float32] | None = None, smallest: int = 1
) -> list[Mark]:
    """Return the connected pieces of a mask as marks, pixels that touch at a corner together.

    Args:
        mask: shape (height, width).
        label: of all of them.
        score: each pixel's probability, whose mean over a piece is its score; None for none.
        smallest: pieces of fewer pixels are left out.
    """
    pieces, _ = ndimage.label(mask, structure=np.ones((3, 3), int))
    marks = []
    for number, place in enumerate(ndimage.find_objects(pieces), start=1):
        if place is None:
            continue
        within = pieces[place] == number
        if within.sum() < smallest:
            continue
        rows, columns = place
        whole = np.zeros(mask.shape, bool)
        whole[place] = within
        mean = None if score is None else float(score[place][within].mean())
        box = float(columns.start), float(rows.start), float(columns.stop), float(rows.stop)
        marks.append(Mark(label=label, box=box, score=mean, runs=runs_of(whole)))
    return marks


def pasted(parts: Sequence[Marking]) -> Marking:
    """Return several markings of one kind, one behind the other."""
    labels = tuple(sorted({label for part in parts for label in part.labels}))
    return replace(
        parts[0],
        labels=labels,
        shapes=np.concatenate([part.shapes for part in parts]),
        marks=tuple(of for part in parts for of in part.marks),
    )
