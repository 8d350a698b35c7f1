"""What a search asks of a model: does it answer these variants of a record otherwise, and how near it comes to that."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from primum.cohort.build import take_records
from primum.cohort.records import Records, TextList
from primum.transparency.grouping import BoolArray, FloatArray, IntArray

Decide = Callable[[FloatArray, IntArray], IntArray]
"""From probabilities and the rows of the records they are of to what is decided: classes (n,), or 0/1 labels (n, k)."""
_MOST_VARIANTS = 8192
"""Variants in one call of the model, which bounds memory."""


class Asked(Protocol):
    """What is asked: any model that answers records."""

    def predict(self, records: Records) -> FloatArray:
        """Return probabilities of shape (n, k), or numbers of shape (n,), in the records' order."""


def most_probable(answers: FloatArray, rows: IntArray) -> IntArray:
    """Return the most probable class of each record, whichever record it is."""
    return np.asarray(answers.argmax(1), dtype=np.int64)


def likely_labels(answers: FloatArray, rows: IntArray) -> IntArray:
    """Return the labels of 0.5 and above, whichever record it is."""
    return (answers >= 0.5).astype(np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a model says of variants of records."""

    answers: FloatArray
    """Shape (m, k), or (m,) for a number."""
    changed: BoolArray
    """Whether it decides otherwise than of the record as it is, shape (m,)."""
    lead: FloatArray
    """By how much what was decided leads, in probability or the number's unit; the smaller, the nearer to a change."""


@dataclass(slots=True, kw_only=True)
class Asker:
    """A model and the records that variants are made of."""

    predictor: Asked
    records: Records
    decide: Decide | None
    """None for a number."""
    margin: float
    """By how much a number must move to count as another answer."""
    calls: int = 0
    """How often the model was called."""
    asked: int = 0
    """Variants that it was asked about."""
    own: FloatArray = field(init=False)
    """Its answers on the records as they are."""
    decided: IntArray = field(init=False)
    """What it decides of them; empty for a number."""

    def __post_init__(self) -> None:
        self.own = self._predict(self.records)
        rows = np.arange(len(self.records), dtype=np.int64)
        self.decided = np.empty(0, np.int64) if self.decide is None else self.decide(self.own, rows)

    def ask(
        self,
        rows: Sequence[int],
        *,
        vitals: Mapping[str, np.ndarray[Any, Any]] | None = None,
        texts: Sequence[str | None] | None = None,
    ) -> tuple[Told, Records]:
        """Return what the model says of variants, and these as records.

        Args:
            rows: the record that each is made of, shape (m,).
            vitals: values instead of the records' own, by vital, each of shape (m,).
            texts: instead of their own.
        """
        index = np.asarray(rows, dtype=np.int64)
        records = take_records(self.records, index)
        columns = {name: replace(records.vitals[name], values=values) for name, values in (vitals or {}).items()}
        records = replace(records, vitals={**records.vitals, **columns})
        if texts is not None:
            records = replace(records, text=TextList(texts))
        return self.told(self._predict(records), index), records

    def decision(self, answer: FloatArray, row: int) -> tuple[int, ...]:
        """Return what one answer about a record decides: a class, or 0/1 of each label; empty for a number."""
        if self.decide is None:
            return ()
        one = self.decide(answer[None], np.array([row], dtype=np.int64))
        return tuple(int(code) for code in np.atleast_1d(one[0]))

    def told(self, answers: FloatArray, rows: IntArray) -> Told:
        """Return what answers on variants of these records mean."""
        if self.decide is None:
            moved = np.abs(answers - self.own[rows])
            return Told(answers=answers, changed=(moved >= self.margin) & (moved > 0), lead=self.margin - moved)
        decided, before = self.decide(answers, rows), self.decided[rows]
        if decided.ndim == 2:
            lead = np.where(before == 1, answers - 0.5, 0.5 - answers).min(1)
            return Told(answers=answers, changed=(decided != before).any(1), lead=lead)
        m = np.arange(len(rows))
        others = answers.copy()
        others[m, before] = -np.inf
        return Told(answers=answers, changed=decided != before, lead=answers[m, before] - others.max(1))

    def _predict(self, records: Records) -> FloatArray:
        self.asked += len(records)
        found = []
        for start in range(0, max(len(records), 1), _MOST_VARIANTS):
            rows = np.arange(start, min(start + _MOST_VARIANTS, len(records)), dtype=np.int64)
            part = records if len(rows) == len(records) else take_records(records, rows)
            found.append(np.asarray(self.predictor.predict(part), dtype=np.float64))
            self.calls += 1
        return np.concatenate(found)
