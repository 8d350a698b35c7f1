"""Models whose rule is known: what they answer hangs on planted words and on one vital, and on nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pytest

from primum.cohort.records import Records, TextList, VitalColumn
from primum.model.inputs.text import TokenPlaces
from primum.transparency.words import words_of


class KnownModel:
    """Answers by a function of the words and vitals that are left; each word is one token."""

    def __init__(self, rule: Callable[[Sequence[str], Mapping[str, float]], Sequence[float]], k: int = 2) -> None:
        self.rule = rule
        self.classes = tuple(f"c{i}" for i in range(k))
        self.names: tuple[str, ...] = ()
        self.asked = 0

    def prepare(self, records: Records):
        texts = records.text.take(np.arange(len(records))) if records.text is not None else [None] * len(records)
        self.names = tuple(records.vitals)
        words = [[word.text for word in words_of(text or "")] for text in texts]
        rows = [{name: float(v.values[i]) for name, v in records.vitals.items()} for i in range(len(records))]
        return list(zip(words, rows, strict=True))

    def predict_prepared(self, prepared):
        self.asked += len(prepared)
        logits = np.array([self.rule(w, {k: x for k, x in v.items() if x == x}) for w, v in prepared], dtype=float)
        e = np.exp(logits - logits.max(1, keepdims=True))
        return e / e.sum(1, keepdims=True)

    def token_places(self, records: Records):
        texts = records.text.take(np.arange(len(records))) if records.text is not None else [None] * len(records)
        spans = [np.array([[w.start, w.end] for w in words_of(t or "")], dtype=np.int64).reshape(-1, 2) for t in texts]
        return [
            TokenPlaces(text=t or "", spans=s, special=np.zeros(len(s), bool))
            for t, s in zip(texts, spans, strict=True)
        ]

    def vital_names(self):
        return self.names

    def vitals_there(self, prepared):
        return np.array([[v[name] == v[name] for name in self.names] for _, v in prepared], dtype=bool).reshape(
            len(prepared), len(self.names)
        )

    def thinned(self, prepared, rows, tokens, vitals):
        left = []
        for row, token, vital in zip(rows, tokens, vitals, strict=True):
            words, values = prepared[row]
            kept = {name: values[name] for name, there in zip(self.names, vital, strict=True) if there}
            left.append(([w for w, keep in zip(words, token, strict=True) if keep], kept))
        return left


def records_of(texts: Sequence[str | None], **vitals: Sequence[float]) -> Records:
    columns = {
        name: VitalColumn(name=name, kind="number", values=np.asarray(values, dtype=np.float64))
        for name, values in vitals.items()
    }
    return Records(n=len(texts), text=TextList(texts), vitals=columns)


@pytest.fixture
def known():
    return KnownModel


@pytest.fixture
def table():
    return records_of
