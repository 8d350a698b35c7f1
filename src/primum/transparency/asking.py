"""Asking a model about records of which some parts are missing, all of them in one call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from primum.transparency.parts import BoolArray, FloatArray, IntArray, Parts, Predictor, thinned

_SMALLEST = 1e-12
"""Probability below which log-odds are cut, so that a sure answer stays a number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which score is explained: the log-odds of `about`, its lead over `against`, or a number."""

    about: IntArray
    """Class or label, shape (n,); 0 for a number."""
    against: IntArray
    """Class it is contrasted with, shape (n,); -1 for none."""

    def chosen(self, rows: IntArray) -> Question:
        """Return what is asked of these records."""
        return Question(about=self.about[rows], against=self.against[rows])

    def score(self, answers: FloatArray) -> FloatArray:
        """Return the score of each record from its answers, shape (n, k) or (n,)."""
        if answers.ndim == 1:
            return answers
        rows = np.arange(len(answers))
        own = np.clip(answers[rows, self.about], _SMALLEST, 1.0)
        rest = np.clip(1.0 - answers[rows, self.about], _SMALLEST, 1.0)
        other = np.clip(answers[rows, self.against.clip(min=0)], _SMALLEST, 1.0)
        if _sums_to_one(answers):
            return np.log(own) - np.log(np.where(self.against < 0, rest, other))
        odds_of_other = np.log(other) - np.log(np.clip(1.0 - other, _SMALLEST, 1.0))
        return np.log(own) - np.log(rest) - np.where(self.against < 0, 0.0, odds_of_other)

    def chance(self, answers: FloatArray) -> FloatArray:
        """Return the probability of `about`, or the number itself, shape (n,)."""
        return answers if answers.ndim == 1 else answers[np.arange(len(answers)), self.about]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The records that reasons are given for, and the model."""

    predictor: Predictor
    prepared: Mapping[str, Any]
    parts: Sequence[Parts]
    answers: FloatArray
    """On the records as they are."""
    question: Question

    def chosen(self, rows: IntArray) -> Subject:
        """Return these records alone, whole."""
        count = len(self.predictor.vital_names())
        parts = [self.parts[row] for row in rows.tolist()]
        whole = [np.ones(len(p), dtype=bool) for p in parts]
        tokens = [np.ones(len(p.token_word), dtype=bool) for p in parts]
        vitals = np.array([p.vitals_kept(keep, count) for p, keep in zip(parts, whole, strict=True)], dtype=bool)
        return Subject(
            predictor=self.predictor,
            prepared=self.predictor.thinned(self.prepared, rows, tokens, vitals.reshape(len(rows), count)),
            parts=parts,
            answers=self.answers[rows],
            question=self.question.chosen(rows),
        )

    def ask(self, rows: IntArray, kept: Sequence[BoolArray]) -> FloatArray:
        """Return the answers on parts of records.

        Args:
            rows: the record of each, shape (m,).
            kept: which of its parts are left, one array each.
        """
        left = thinned(self.predictor, self.prepared, rows, [self.parts[row] for row in rows.tolist()], kept)
        return np.asarray(self.predictor.predict_prepared(left), dtype=np.float64)

    def scores(self, rows: IntArray, kept: Sequence[BoolArray]) -> FloatArray:
        """Return the scores of parts of records, shape (m,)."""
        return self.question.chosen(rows).score(self.ask(rows, kept))


def question_of(answers: FloatArray, *, contrast: bool = False, about: int | None = None) -> Question:
    """Return the question after the likeliest class (or `about`); with `contrast`, why not the runner-up."""
    n = len(answers)
    if answers.ndim == 1:
        return Question(about=np.zeros(n, np.int64), against=np.full(n, -1))
    order = np.argsort(-answers, axis=1, kind="stable")
    first = order[:, 0] if about is None else np.full(n, about)
    second = np.where(order[:, 0] == first, order[:, min(1, answers.shape[1] - 1)], order[:, 0])
    against = second if contrast and answers.shape[1] > 1 else np.full(n, -1)
    return Question(about=first.astype(np.int64), against=against.astype(np.int64))


def _sums_to_one(answers: FloatArray) -> bool:
    return bool(np.allclose(answers.sum(1), 1.0, atol=1e-6)) if answers.shape[1] > 1 else False
