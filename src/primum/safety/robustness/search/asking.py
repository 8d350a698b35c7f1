"""What a search asks of a model: by how much the right answer leads, and whether the decision is a wrong one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from primum.cohort import Cohort, TextList, take
from primum.safety.robustness.asking import BoolArray, Decide, FloatArray, IntArray, Predictor, answers_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """A model, the records it is asked about and how its probabilities become decisions."""

    predictor: Predictor
    part: Cohort
    rows: IntArray
    """The row of the whole cohort that each record of `part` is."""
    decide: Decide

    def texts(self) -> list[str]:
        """Return the texts of the records, empty where there is none."""
        text = self.part.records.text
        return ["" if one is None else one for one in text.take(np.arange(len(self.rows)))] if text else []

    def of_texts(self, own: Sequence[int], texts: Sequence[str]) -> tuple[FloatArray, BoolArray]:
        """Return margins and whether lost, of these records with other texts."""
        return self.of_variants(own, texts, {})

    def of_variants(
        self, own: Sequence[int], texts: Sequence[str] | None, vitals: Mapping[str, FloatArray]
    ) -> tuple[FloatArray, BoolArray]:
        """Return margins and whether lost, each of shape (len(own),).

        Args:
            own: the record of `part` that each variant is made from.
            texts: instead of the records' own; None: as they are.
            vitals: numbers instead of the records' own, by vital, shape (len(own),).
        """
        index = np.asarray(own, dtype=np.int64)
        records = take(self.part, index).records
        columns = {name: replace(records.vitals[name], values=values) for name, values in vitals.items()}
        records = replace(records, vitals={**records.vitals, **columns})
        if texts is not None:
            # A text of which nothing is left is no text.
            records = replace(records, text=TextList([text if text.strip() else None for text in texts]))
        [answers] = answers_of(self.predictor, [records])
        truth = self.part.target.values[index].astype(np.int64)
        decided = self.decide(answers, self.rows[index])
        lost = (decided != truth).any(1) if decided.ndim == 2 else decided != truth
        return margins(answers, truth), np.asarray(lost, dtype=bool)


def margins(answers: FloatArray, truth: IntArray) -> FloatArray:
    """Return by how much the right answer leads, shape (n,): over the next class, or, of labels, the least sure one.

    Args:
        answers: probabilities, shape (n, k).
        truth: classes (n,), or 0/1 for each label (n, k).
    """
    if truth.ndim == 2:
        lead: FloatArray = ((2 * truth - 1) * (2 * answers - 1)).min(1)
        return lead
    rows = np.arange(len(truth))
    others = answers.copy()
    others[rows, truth] = -np.inf
    return np.asarray(answers[rows, truth] - others.max(1), dtype=np.float64)
