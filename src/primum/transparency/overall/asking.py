"""Asking any model about changed copies of some records, many of them in one call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, cast

import numpy as np
import numpy.typing as npt

from primum.cohort.build import take_records
from primum.cohort.records import Records, TextList
from primum.cohort.roles import TargetKind

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64] | npt.NDArray[np.object_]
MOST_ROWS = 40_000
"""Most copies in one call; a model that reads each different text once reads it once a call."""
_SMALLEST = 1e-12


class Predictor(Protocol):
    """What is asked: any model that answers records."""

    def predict(self, records: Records) -> FloatArray:
        """Return probabilities of shape (n, k), or numbers of shape (n,), in the records' order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Copies:
    """Records once more, some of their inputs other than they are."""

    rows: IntArray
    """The record that each is a copy of, shape (m,)."""
    vitals: Mapping[str, Values] = field(default_factory=dict)
    """The vitals that are other, each of shape (m,)."""
    texts: IntArray | None = None
    """The record whose text each has, -1 for none, shape (m,); None: its own."""


class Asker:
    """A model and the records whose copies it is asked about."""

    def __init__(self, predictor: Predictor, records: Records) -> None:
        self.records = records
        self._predictor = predictor
        self._texts = None if records.text is None else records.text.take(np.arange(len(records)))

    def __len__(self) -> int:
        return len(self.records)

    def ask(self, copies: Sequence[Copies]) -> list[FloatArray]:
        """Return the answers to each of `copies`, shape (m, k) or (m,); all of them are asked about together."""
        found: list[FloatArray] = []
        for together in _calls(copies):
            sizes = np.cumsum([len(one.rows) for one in together])[:-1]
            answers = np.asarray(self._predictor.predict(self._joined(together)), dtype=np.float64)
            found += np.split(answers, sizes)
        return found

    def _joined(self, copies: Sequence[Copies]) -> Records:
        rows = np.concatenate([one.rows for one in copies])
        vitals = {}
        for name, column in self.records.vitals.items():
            pieces = [one.vitals.get(name, column.values[one.rows]) for one in copies]
            joined = np.concatenate(pieces).astype(column.values.dtype)
            vitals[name] = replace(column, values=cast(Values, joined))
        copied = replace(take_records(self.records, rows), vitals=vitals)
        if self._texts is None:
            return copied
        sources = np.concatenate([one.rows if one.texts is None else one.texts for one in copies]).tolist()
        texts = TextList([None if source < 0 else self._texts[source] for source in sources])
        return replace(copied, text=texts)


def absent(values: Values) -> npt.NDArray[np.bool_]:
    """Return which values of a vital are missing."""
    if values.dtype == object:
        return np.array([value is None for value in values], dtype=bool)
    return np.asarray(np.isnan(values.astype(np.float64)), dtype=bool)


def nothing_of(values: Values, count: int) -> Values:
    """Return `count` missing values of the kind that `values` are."""
    return np.full(count, None, dtype=object) if values.dtype == object else np.full(count, np.nan)


def losses(answers: FloatArray, target: npt.NDArray[np.int64] | FloatArray, kind: TargetKind) -> FloatArray:
    """Return the loss of each answer, by a proper score: minus log probability, of a number the squared error."""
    if kind == "number":
        return np.asarray((answers.reshape(len(answers)) - target) ** 2, dtype=np.float64)
    chance = np.clip(answers, _SMALLEST, 1.0)
    if kind == "classes":
        return -np.log(chance[np.arange(len(chance)), target.astype(np.int64)])
    rest = np.clip(1.0 - answers, _SMALLEST, 1.0)
    return np.asarray(-np.where(target == 1, np.log(chance), np.log(rest)).mean(1), dtype=np.float64)


def log_odds(answers: FloatArray) -> FloatArray:
    """Return the log-odds of probabilities, cut where they are sure."""
    inside = np.clip(answers, _SMALLEST, 1.0)
    return np.log(inside) - np.log(np.clip(1.0 - answers, _SMALLEST, 1.0))


def _calls(copies: Sequence[Copies]) -> Iterator[list[Copies]]:
    """Yield copies in as few lots as keep each below MOST_ROWS; one that is larger goes alone."""
    lot: list[Copies] = []
    size = 0
    for one in copies:
        if lot and size + len(one.rows) > MOST_ROWS:
            yield lot
            lot, size = [], 0
        lot.append(one)
        size += len(one.rows)
    if lot:
        yield lot
