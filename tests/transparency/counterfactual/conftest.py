"""Models whose rule is known, asked only through `predict`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from primum.cohort.records import Records, TextList, VitalColumn
from primum.transparency.counterfactual import fit_terrain


class Rule:
    """Answers by a function of the vitals (by name, each of shape (n,)) and the texts."""

    classes = ("no", "yes")

    def __init__(self, score):
        self.score = score
        self.calls = 0

    def predict(self, records):
        self.calls += 1
        texts = [None] * len(records) if records.text is None else records.text.take(np.arange(len(records)))
        scores = np.asarray(self.score({name: v.values for name, v in records.vitals.items()}, texts), dtype=np.float64)
        yes = 1 / (1 + np.exp(-np.clip(scores, -30, 30)))
        return np.column_stack([1 - yes, yes])


def vitals_of(**columns):
    made = {}
    for name, values in columns.items():
        number = not isinstance(values[0], str)
        cells = np.asarray(values, dtype=np.float64) if number else np.array(values, dtype=object)
        made[name] = VitalColumn(name=name, kind="number" if number else "category", values=cells)
    return made


def records_of(texts=None, **columns):
    n = len(texts) if texts is not None else len(next(iter(columns.values())))
    return Records(n=n, text=None if texts is None else TextList(texts), vitals=vitals_of(**columns))


@pytest.fixture
def rule():
    return Rule


@pytest.fixture
def table():
    return records_of


@pytest.fixture
def everywhere():
    """Return a terrain of these training vitals in which everything is plausible."""

    def made(columns, **directions):
        patients = np.arange(len(next(iter(columns.values())))).astype(str)
        return replace(fit_terrain(vitals_of(**columns), patients, directions=directions), nearby=None)

    return made
