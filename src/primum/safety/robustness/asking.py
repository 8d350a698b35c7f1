"""Asking a model about many variants of the same records at once, each different record only once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from primum.cohort.images import ChosenImages, JoinedImages
from primum.cohort.records import Records, TextList, VitalColumn, record_keys

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
Decide = Callable[[FloatArray, IntArray], IntArray]
"""From probabilities and the cohort's row of each to decisions, coded as the target."""


class Predictor(Protocol):
    """What is asked: any model of primum's, or another that answers records."""

    def predict(self, records: Records) -> FloatArray:
        """Return probabilities of shape (n, k), or numbers of shape (n,), in the records' order."""


def decider(kind: str) -> Decide:
    """Return the plain decisions: the most probable class, or the labels of 0.5 and above."""
    if kind == "classes":
        return lambda p, rows: p.argmax(1).astype(np.int64)
    return lambda p, rows: (p >= 0.5).astype(np.int64)


def differs(old: Records, new: Records) -> BoolArray:
    """Return which records say something else, shape (n,)."""
    rows = np.arange(len(old))
    found = np.zeros(len(old), dtype=bool)
    if old.text is not None and new.text is not None:
        found |= np.array([a != b for a, b in zip(old.text.take(rows), new.text.take(rows), strict=True)], dtype=bool)
    if old.image is not None and new.image is not None:
        found |= old.image.keys != new.image.keys
    for name, vital in old.vitals.items():
        pairs = zip(vital.values.tolist(), new.vitals[name].values.tolist(), strict=True)
        found |= np.array([a != b and not (a != a and b != b) for a, b in pairs], dtype=bool)
    return found


def answers_of(predictor: Predictor, variants: Sequence[Records]) -> list[FloatArray]:
    """Return what the model says of each variant, in one call and without asking about equal records twice."""
    keys = [key for records in variants for key in record_keys(records)]
    place: dict[object, int] = {}
    index = np.array([place.setdefault(key, len(place)) for key in keys], dtype=np.int64)
    _, first = np.unique(index, return_index=True)
    answers = np.asarray(predictor.predict(_stacked(variants, first)), dtype=np.float64)[index]
    ends = np.cumsum([len(records) for records in variants])
    return list(np.split(answers, ends[:-1]))


def _stacked(variants: Sequence[Records], rows: IntArray) -> Records:
    """Return these rows of the variants, one under the other."""
    like = variants[0]
    text = None
    if like.text is not None:
        texts = [t for one in variants if one.text is not None for t in one.text.take(np.arange(len(one)))]
        text = TextList([texts[row] for row in rows.tolist()])
    vitals = {}
    for name, vital in like.vitals.items():
        values = np.concatenate([one.vitals[name].values for one in variants])[rows]
        vitals[name] = VitalColumn(name=name, kind=vital.kind, values=values, unit=vital.unit, range=vital.range)
    images = [one.image for one in variants if one.image is not None]
    image = ChosenImages(JoinedImages(images), rows) if images else None
    return Records(n=len(rows), text=text, vitals=vitals, image=image)
