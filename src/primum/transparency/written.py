"""Whether text that is burned into pictures decides the answer: it is masked, and the answer is asked for again.

A marker of a ward or a scanner tells a class without a sign of disease. Masking hides a place of the picture as well,
so masked text is held against places of the same shape in the same picture where nothing is written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from primum.cohort import Cohort, take
from primum.cohort.build import take_records
from primum.cohort.images import HeldImages
from primum.cohort.records import Records
from primum.evidence.finding import Finding
from primum.evidence.metrics import METRICS
from primum.evidence.sufficiency import ENOUGH_FOR_A_MEAN
from primum.transparency.means import ends_of_mean, mean_by
from primum.transparency.metrics import WRITTEN
from primum.transparency.parts import FloatArray, Predictor

FEWEST_PIXELS = 96
"""Of a side, below which nothing that was written can be read any more."""
CONTROLS = 3
"""Places without text that each picture's text is compared with."""
_TRIES, _RIM = 40, 2
_METHOD = (
    "fall of the likeliest class's probability without the text, minus that without as much of the same picture where "
    "nothing is written, mean over patients with text in their picture; Student's t interval"
)
Picture = npt.NDArray[np.uint8]


class Box(Protocol):
    """Where something is written, in pixels; the ends are beyond the last pixel."""

    top: int
    bottom: int
    left: int
    right: int


Finder = Callable[[Picture], Sequence[Any]]
"""From a picture, shape (rows, columns) or (rows, columns, 3), to the boxes in which something is written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """A picture with text, and the same without it and without other places."""

    row: int
    without: Picture
    others: tuple[Picture, ...]


def written_findings(
    predictor: Predictor,
    cohort: Cohort,
    split: npt.NDArray[np.object_],
    *,
    find: Finder,
    most: int = 60,
    seed: int = 7,
) -> list[Finding]:
    """Return how much text in pictures decides on test; nothing where none is found, or the answer is a number.

    Args:
        predictor: the model.
        cohort: the records.
        split: name of each record's split, shape (n,).
        find: reads text in a picture.
        most: pictures that are read; of more, so many are drawn.
        seed: of the draws.
    """
    images = cohort.records.image
    if images is None or images.size < FEWEST_PIXELS or not predictor.classes:
        return []
    rows = np.flatnonzero((split == "test") & np.array([key is not None for key in images.keys.tolist()], dtype=bool))
    generator = np.random.default_rng([seed, 29])
    if len(rows) > most:
        rows = np.sort(generator.choice(rows, most, replace=False))
    part = take(cohort, rows)
    read = _read(part.records, find, generator)
    if not read:
        return []
    falls, turned = _falls(predictor, part.records, read)
    patients = part.patients[[one.row for one in read]].astype(str)
    codes = np.unique(patients, return_inverse=True)[1].astype(np.int64)
    return [_told(mean_by(falls, codes), float(turned.mean()), pictures=len(read), looked=len(rows))]


def _read(records: Records, find: Finder, generator: np.random.Generator) -> list[_Read]:
    assert records.image is not None
    found = []
    for row in range(len(records)):
        picture = records.image.take([row])[0]
        boxes = find(picture[..., 0] if picture.shape[2] == 1 else picture)
        others = [_elsewhere(boxes, picture.shape[0], generator) for _ in range(CONTROLS)] if boxes else []
        placed = [one for one in others if one is not None]
        if placed:
            spots = [(one.top, one.bottom, one.left, one.right) for one in boxes]
            masked = tuple(masked_at(picture, one) for one in placed)
            found.append(_Read(row=row, without=masked_at(picture, spots), others=masked))
    return found


Spot = tuple[int, int, int, int]
"""Top, bottom, left and right, in pixels."""


def _elsewhere(boxes: Sequence[Box], side: int, generator: np.random.Generator) -> list[Spot] | None:
    """Return a place for each box, of its shape, that touches no box; None where there is no room."""
    placed: list[Spot] = []
    for box in boxes:
        high, wide = box.bottom - box.top, box.right - box.left
        for _ in range(_TRIES):
            top = int(generator.integers(0, max(side - high, 0) + 1))
            left = int(generator.integers(0, max(side - wide, 0) + 1))
            spot = (top, top + high, left, left + wide)
            if not any(_meet(spot, (one.top, one.bottom, one.left, one.right)) for one in boxes):
                placed.append(spot)
                break
        else:
            return None
    return placed


def _meet(a: Spot, b: Spot) -> bool:
    return a[0] < b[1] and b[0] < a[1] and a[2] < b[3] and b[2] < a[3]


def masked_at(picture: Picture, spots: Sequence[Spot]) -> Picture:
    """Return a picture whose spots show the median shade of the pixels around each.

    Args:
        picture: shape (size, size, channels).
        spots: to be masked.
    """
    masked = picture.copy()
    for top, bottom, left, right in spots:
        around = picture[max(top - _RIM, 0) : bottom + _RIM, max(left - _RIM, 0) : right + _RIM]
        inner = np.zeros(around.shape[:2], dtype=bool)
        above, before = top - max(top - _RIM, 0), left - max(left - _RIM, 0)
        inner[above : above + bottom - top, before : before + right - left] = True
        rim = around[~inner] if not inner.all() else around.reshape(-1, picture.shape[2])
        masked[top:bottom, left:right] = np.median(rim, axis=0).astype(np.uint8)
    return masked


def _falls(predictor: Predictor, records: Records, read: Sequence[_Read]) -> tuple[FloatArray, npt.NDArray[np.bool_]]:
    """Return the fall by the text beyond that by other places, and whether another class is likeliest without it."""
    assert records.image is not None
    counts = [2 + len(one.others) for one in read]
    owner = np.repeat([one.row for one in read], counts).astype(np.int64)
    squares: list[Picture | None] = []
    for one in read:
        squares += [records.image.take([one.row])[0], one.without, *one.others]
    asked = replace(take_records(records, owner), image=HeldImages(squares, records.image.size))
    answers = np.asarray(predictor.predict_prepared(predictor.prepare(asked)), dtype=np.float64)
    falls, turned = np.zeros(len(read)), np.zeros(len(read), dtype=bool)
    for place, own in enumerate(np.split(answers, np.cumsum(counts)[:-1])):
        about = int(own[0].argmax())
        chance = own[:, about]
        falls[place] = chance[2:].mean() - chance[1]
        turned[place] = int(own[1].argmax()) != about
    return falls, turned


def _told(values: FloatArray, turned: float, *, pictures: int, looked: int) -> Finding:
    low, high = ends_of_mean(values)
    return Finding(
        pillar="transparency",
        metric=WRITTEN,
        value=float(values.mean()),
        low=low,
        high=high,
        level=None if low is None else 0.95,
        n=len(values),
        split="test",
        enough=len(values) >= ENOUGH_FOR_A_MEAN,
        method=_METHOD,
        reference=METRICS.get(WRITTEN).reference,
        detail={"pictures": pictures, "looked_at": looked, "turned": turned},
    )
