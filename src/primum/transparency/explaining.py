"""Reasons for answers: asked for, checked, and withheld where they do not hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from primum.cohort.records import Records
from primum.errors import InputError, nearest
from primum.transparency.asking import Question, Subject, question_of
from primum.transparency.methods import METHODS, InputShares, input_shares
from primum.transparency.parts import BoolArray, FloatArray, IntArray, Parts, Predictor, parts_of
from primum.transparency.stable import in_other_words
from primum.transparency.trust import DRAWS, RANDOM, Bars, Faithfulness, faithfulness, faults

DEFAULT_METHOD = "attention_gradient"
"""Second in faithfulness on three studies, at a sixth of the cost of the first (benchmarks/RESULTS.md)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasons:
    """The reasons for the answers on n records, and whether they can be trusted."""

    method: str
    classes: tuple[str, ...]
    """Empty for a number."""
    subject: Subject
    """The records' parts, the answers of the model before calibration, and what was asked."""
    found: Sequence[FloatArray]
    """What each part adds to the score, one array a record."""
    start: FloatArray
    """Score of the record when nothing of it is known, shape (n,)."""
    gap: FloatArray
    """Share of the difference from `start` that the parts miss; NaN where the method promises no sum."""
    faithful: Faithfulness
    stable: FloatArray
    """Mean rank correlation with the reasons for the harmlessly changed record; NaN where nothing could be changed."""
    worst: FloatArray
    """The least of these correlations."""
    withheld: Sequence[tuple[str, ...]]
    """Why each is withheld: gap, chance, unstable, randomised; empty where it holds."""
    inputs: InputShares

    def __len__(self) -> int:
        return len(self.found)

    @property
    def parts(self) -> Sequence[Parts]:
        """The parts of each record."""
        return self.subject.parts

    @property
    def question(self) -> Question:
        """Which score of each record is explained."""
        return self.subject.question

    def holds(self) -> BoolArray:
        """Return which reasons hold, shape (n,)."""
        return np.array([not why for why in self.withheld], dtype=bool)

    def scores(self) -> FloatArray:
        """Return the score of each record as it is."""
        return self.question.score(self.subject.answers)


def explain(
    predictor: Predictor,
    records: Records,
    *,
    method: str = DEFAULT_METHOD,
    about: str | None = None,
    contrast: bool = False,
    bars: Bars | None = None,
    draws: int = DRAWS,
    ignores_model: bool = False,
    seed: int = 7,
) -> Reasons:
    """Return the reasons for a model's answers on records, each with its faithfulness, gap and stability.

    Args:
        predictor: the model.
        records: what it is asked about.
        method: a name from METHODS.
        about: the class asked about; None: the likeliest of each record.
        contrast: ask why this class and not the runner-up.
        bars: below which a reason is withheld; None: the usual ones.
        draws: random reasons that each is compared with.
        ignores_model: whether the method was found to give the same reasons for a model that learnt nothing; then all
            are withheld.
        seed: of these and of sampled Shapley values.
    Raises:
        InputError: the method or class is not known, or the model gives no gradients for it.
    """
    attribute = METHODS.get(method)
    subject = subject_of(predictor, records, about=about, contrast=contrast)
    if not any(map(len, subject.parts)):
        raise InputError("explain: reasons are of words, vitals and images, and the model reads none in these records.")
    attributed = attribute(subject, seed)
    start = subject.scores(np.arange(len(records)), [np.zeros(len(p), dtype=bool) for p in subject.parts])
    difference = np.abs(subject.question.score(subject.answers) - start)
    faithful = faithfulness(subject, attributed.parts, draws=draws, seed=seed)
    stable, worst = in_other_words(subject, records, attributed, method=method, seed=seed)
    scale = np.maximum(difference, 1e-9) if subject.answers.ndim == 1 else 1.0
    return Reasons(
        method=method,
        classes=tuple(predictor.classes),
        subject=subject,
        found=attributed.parts,
        start=start,
        gap=attributed.gap,
        faithful=faithful,
        stable=stable,
        worst=worst,
        withheld=[
            (*why, *([RANDOM] if ignores_model else []))
            for why in faults(bars or Bars(), faithful, attributed.gap, stable, scale=scale)
        ],
        inputs=input_shares(subject),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerUp:
    """The same parts asked about the class that came second, or first where another was asked about."""

    about: IntArray
    """That class, shape (n,)."""
    found: Sequence[FloatArray]
    """What each part adds to its log-odds, one array a record."""
    own: Sequence[FloatArray]
    """What each part adds to the log-odds of the class asked about."""


def runner_up(reasons: Reasons, *, seed: int = 7) -> RunnerUp | None:
    """Return what the parts add to the runner-up beside what they add to the class asked about.

    None where there are fewer than three classes: of two, what speaks for one speaks against the other.

    Args:
        reasons: whose parts and method they are.
        seed: of sampled Shapley values.
    """
    subject, question = reasons.subject, reasons.question
    if len(reasons.classes) < 3:
        return None
    others = subject.answers.copy()
    others[np.arange(len(others)), question.about] = -np.inf
    second, nobody = others.argmax(1).astype(np.int64), np.full(len(others), -1, dtype=np.int64)
    alone = replace(subject, question=Question(about=second, against=nobody))
    own = reasons.found
    if (question.against >= 0).any():
        asked = replace(subject, question=Question(about=question.about, against=nobody))
        own = METHODS.get(reasons.method)(asked, seed).parts
    return RunnerUp(about=second, found=METHODS.get(reasons.method)(alone, seed).parts, own=own)


def subject_of(predictor: Predictor, records: Records, *, about: str | None = None, contrast: bool = False) -> Subject:
    """Return what the methods work on: the records' parts, the answers and what is asked.

    Raises:
        InputError: the model has no such class.
    """
    prepared = predictor.prepare(records)
    answers = np.asarray(predictor.predict_prepared(prepared), dtype=np.float64)
    code = None if about is None else _code(predictor.classes, about)
    question = question_of(answers, contrast=contrast, about=code)
    parts = parts_of(predictor, records, prepared)
    return Subject(predictor=predictor, prepared=prepared, parts=parts, answers=answers, question=question)


def _code(classes: Sequence[str], about: str) -> int:
    if about not in classes:
        known = ", ".join(classes) or "none"
        raise InputError(f"class: {about!r} is not known{nearest(about, classes)}; the model has {known}.")
    return list(classes).index(about)
