"""Records in other forms that say the same: notes in other words, pictures as another export would show them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from primum.cohort.build import take_records
from primum.cohort.images import ChosenImages, JoinedImages, harmless_images
from primum.cohort.records import ImageColumn, Records, TextList
from primum.transparency.parts import BoolArray, IntArray
from primum.transparency.rewording import reworded

_SEED = 7
"""Of the side to which a picture is turned: the same for the same picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variants:
    """The other forms of some records, one under the other."""

    records: Records
    rows: IntArray
    """The record that each is a form of, shape (m,)."""
    pictures: BoolArray
    """Whether it is the picture that was changed, else the note, shape (m,)."""


def variants_of(records: Records) -> Variants | None:
    """Return each record with its note in other words, and with its picture a little otherwise; None without either."""
    texts = [None] * len(records) if records.text is None else records.text.take(np.arange(len(records)))
    others = [(row, other) for row, text in enumerate(texts) if text for other in reworded(text).values()]
    of_notes = np.array([row for row, _ in others], dtype=np.int64)
    of_pictures, changed = _pictures(records)
    rows = np.concatenate([of_notes, of_pictures])
    if not len(rows):
        return None
    found = take_records(records, rows)
    if records.text is not None:
        found = replace(found, text=TextList([*(other for _, other in others), *(texts[row] for row in of_pictures)]))
    if records.image is not None and changed:
        found = replace(found, image=JoinedImages([ChosenImages(records.image, of_notes), *changed]))
    pictures = np.arange(len(rows)) >= len(of_notes)
    return Variants(records=found, rows=rows, pictures=pictures)


def _pictures(records: Records) -> tuple[IntArray, list[ImageColumn]]:
    if records.image is None:
        return np.empty(0, np.int64), []
    there = np.flatnonzero([key is not None for key in records.image.keys.tolist()]).astype(np.int64)
    if not len(there):
        return there, []
    changed: list[ImageColumn] = [*harmless_images(ChosenImages(records.image, there), seed=_SEED)]
    return np.tile(there, len(changed)), changed
