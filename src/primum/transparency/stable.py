"""Whether a reason stays what it is when a record says the same in another form: other words, another export."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from primum.cohort.build import take_records
from primum.cohort.records import Records
from primum.model.inputs import PreparedText
from primum.transparency.asking import Subject
from primum.transparency.methods import METHODS, Attributed, falls_without
from primum.transparency.parts import BoolArray, FloatArray, IntArray, Parts, parts_of
from primum.transparency.trust import shared_places, stability
from primum.transparency.variants import variants_of

COMPARED = 16
"""Words and vitals of each reworded record that are asked about where each costs an answer of its own."""
_PART_BY_PART = "occlusion"


def in_other_words(
    subject: Subject, records: Records, attributed: Attributed, *, method: str, seed: int
) -> tuple[FloatArray, FloatArray]:
    """Return the mean and the least rank correlation of each reason with those of its variants, each of shape (n,).

    A rewording of which the model reads the very same tokens, such as other white space, has the same reason: it is
    not asked about again. Where a method asks about one part after the other, some words of each rewording, drawn at
    random, are compared: the correlation over a sample has no other expectation to speak of, and costs a fraction. Of a
    picture every cell is: few of them decide, and a sample that misses these withholds a true reason.

    Args:
        subject: the records as they are.
        records: the same, with their texts and pictures.
        attributed: their reasons.
        method: that gave them.
        seed: of methods that draw, and of the parts that are compared.
    """
    made = variants_of(records)
    if made is None:
        return np.full(len(records), np.nan), np.full(len(records), np.nan)
    rows, changed = made.rows, made.records
    own, own_parts = [attributed.parts[row] for row in rows], [subject.parts[row] for row in rows]
    found, parts = [*own], [*own_parts]
    new = np.flatnonzero(_reads_otherwise(subject, subject.predictor.prepare(changed), rows) | made.pictures)
    if len(new):
        again = _asked_again(subject, take_records(changed, new), rows[new])
        values = _reasons(again, [own_parts[place] for place in new], method=method, seed=seed)
        for place, value, its in zip(new, values, again.parts, strict=True):
            found[place], parts[place] = value, its
    agreed = stability(own, own_parts, found, parts)
    of_record = [agreed[(rows == row) & np.isfinite(agreed)] for row in range(len(records))]
    mean = [own.mean() if len(own) else np.nan for own in of_record]
    least = [own.min() if len(own) else np.nan for own in of_record]
    return np.array(mean, dtype=np.float64), np.array(least, dtype=np.float64)


def _reasons(again: Subject, before: Sequence[Parts], *, method: str, seed: int) -> Sequence[FloatArray]:
    """Return the reasons for reworded records; NaN for parts that are not compared."""
    if method != _PART_BY_PART:
        return METHODS.get(method)(again, seed).parts
    generator = np.random.default_rng([seed, 19])
    some: list[BoolArray] = []
    for its, own in zip(again.parts, before, strict=True):
        _, shared = shared_places(own, its)
        drawn = np.zeros(len(its), dtype=bool)
        drawn[generator.permutation(shared[shared < its.of_cells.start])[:COMPARED]] = True
        drawn[its.of_cells] = True
        some.append(drawn)
    return falls_without(again, some)


def _asked_again(subject: Subject, changed: Records, rows: IntArray) -> Subject:
    prepared = subject.predictor.prepare(changed)
    return Subject(
        predictor=subject.predictor,
        prepared=prepared,
        parts=parts_of(subject.predictor, changed, prepared),
        answers=np.asarray(subject.predictor.predict_prepared(prepared), dtype=np.float64),
        question=subject.question.chosen(rows),
    )


def _reads_otherwise(subject: Subject, prepared: Any, rows: IntArray) -> BoolArray:
    """Return whether the model reads other tokens in each reworded record than in the record itself, shape (m,)."""
    both = (subject.prepared, prepared)
    before, after = (one.get("text") if isinstance(one, Mapping) else None for one in both)
    if not isinstance(before, PreparedText) or not isinstance(after, PreparedText):
        return np.ones(len(rows), dtype=bool)
    _, equal = before.chosen(rows).joined(after).distinct()
    return np.asarray(equal[: len(rows)] != equal[len(rows) :], dtype=bool)
