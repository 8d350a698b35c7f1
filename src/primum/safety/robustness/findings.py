"""How well a model stands small changes: accuracy lost, decisions changed, the worst case, and denied key symptoms.

All variants of all records go to the model in one call. Everything is paired: the same patients before and after.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from primum.cohort import Cohort, TextList, negation, take
from primum.evidence.finding import Finding
from primum.evidence.intervals import LEVEL, wilson
from primum.evidence.sufficiency import ENOUGH_FOR_A_MEAN, ENOUGH_FOR_A_SHARE
from primum.later import stats
from primum.safety.robustness.asking import (
    BoolArray,
    Decide,
    FloatArray,
    IntArray,
    Predictor,
    answers_of,
    decider,
    differs,
)
from primum.safety.robustness.metrics import DROP, FLIPS, NEGATION, WORST
from primum.safety.robustness.perturbations import PERTURBATIONS, perturbed
from primum.safety.robustness.told import told

logger = logging.getLogger(__name__)

_DROP = "mean over patients of the paired difference; Student's t interval, or Wilson's where no record changed sides"
_SHARE = "share of patients; Wilson's score interval (Wilson 1927), for this comparison alone"
KEY = 0.05
"""Probability that a clause's absence must cost before it is the key of an answer."""
_MOST_DENIED = 40


@dataclass(frozen=True, slots=True)
class _Asked:
    """Test records, what was decided of them, and of each perturbation of them."""

    part: Cohort
    rows: IntArray
    patients: IntArray
    right: BoolArray
    decided: IntArray
    answers: FloatArray
    after: Mapping[str, tuple[BoolArray, IntArray]]
    """Perturbation -> which records it changed, and what was decided of all after it."""


def robustness_findings(
    predictor: Predictor,
    cohort: Cohort,
    split: npt.NDArray[np.object_],
    *,
    decide: Decide | None = None,
    most: int = 80,
    seed: int = 7,
) -> list[Finding]:
    """Return what every perturbation does to accuracy and decisions on test; nothing for a target of type number.

    Args:
        predictor: the model.
        cohort: the records.
        split: name of each record's split, shape (n,).
        decide: how probabilities become decisions; None: the most probable class, or labels of 0.5 and above.
        most: test records that are asked about, since each perturbation costs an answer; of more, so many are drawn.
        seed: of that draw and of the perturbations.
    Source: Ribeiro et al. 2020, ACL (CheckList), invariance and directional tests.
    """
    rows = np.flatnonzero(split == "test")
    if cohort.target.kind == "number" or not len(rows):
        logger.info("robustness_none reason=no decisions on the split test")
        return []
    if len(rows) > most:
        rows = np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))
    asked = _ask(predictor, take(cohort, rows), rows, decide or decider(cohort.target.kind), seed)
    findings = [one for name in asked.after for one in _of_perturbation(asked, name)]
    findings += _worst_cases(asked)
    if cohort.target.kind == "classes" and asked.part.records.text is not None:
        findings += _denied(predictor, asked)
    return findings


def _ask(predictor: Predictor, part: Cohort, rows: IntArray, decide: Decide, seed: int) -> _Asked:
    variants = {name: perturbed(part.records, name, seed=seed) for name in PERTURBATIONS}
    made = {name: records for name, records in variants.items() if records is not None}
    changed = {name: differs(part.records, records) for name, records in made.items()}
    made = {name: records for name, records in made.items() if changed[name].any()}
    first, *others = answers_of(predictor, [part.records, *made.values()])
    decided = decide(first, rows)
    return _Asked(
        part=part,
        rows=rows,
        patients=np.unique(part.patients.astype(str), return_inverse=True)[1].astype(np.int64),
        right=_equal(decided, part.target.values.astype(np.int64)),
        decided=decided,
        answers=first,
        after={name: (changed[name], decide(answers, rows)) for name, answers in zip(made, others, strict=True)},
    )


def _equal(a: IntArray, b: IntArray) -> BoolArray:
    same = a == b
    return np.asarray(same.all(1) if same.ndim == 2 else same, dtype=bool)


def _of_perturbation(asked: _Asked, name: str) -> Iterator[Finding]:
    changed, decided = asked.after[name]
    truth = asked.part.target.values.astype(np.int64)
    right = _equal(decided, truth)
    about = {"family": PERTURBATIONS.get(name).family, "meaning": PERTURBATIONS.get(name).meaning}
    loss = _means(asked.right.astype(np.float64) - right, asked.patients)
    n, value = len(loss), float(loss.mean())
    low, high = _paired_ends(loss)
    detail = {**about, "before": float(asked.right.mean()), "after": float(right.mean()), "changed": int(changed.sum())}
    enough = n >= ENOUGH_FOR_A_MEAN and int(changed.sum()) >= ENOUGH_FOR_A_SHARE
    yield told(DROP, value, (low, high), n, enough, _DROP, name, detail)
    units = np.unique(asked.patients[changed])
    flipped = np.unique(asked.patients[changed & ~_equal(decided, asked.decided)])
    ends = wilson(len(flipped), len(units))
    enough = len(units) >= ENOUGH_FOR_A_SHARE
    yield told(FLIPS, len(flipped) / len(units), ends, len(units), enough, _SHARE, name, about)


def _means(values: FloatArray, patients: IntArray) -> FloatArray:
    return np.bincount(patients, weights=values) / np.bincount(patients)


def _paired_ends(loss: FloatArray) -> tuple[float, float]:
    n, value = len(loss), float(loss.mean())
    spread = float(loss.std(ddof=1)) if n > 1 else 0.0
    if spread == 0.0:
        _, high = wilson(0, n)
        return value - high, value + high
    half = float(stats.t.ppf((1 + LEVEL) / 2, n - 1)) * spread / np.sqrt(n)
    return value - half, value + half


def _worst_cases(asked: _Asked) -> Iterator[Finding]:
    """Yield worst-case accuracy over each family that takes nothing away, and over all that keep the meaning."""
    truth = asked.part.target.values.astype(np.int64)
    made = {name: PERTURBATIONS.get(name) for name in asked.after}
    families: dict[str, list[str]] = {}
    for name, one in made.items():
        if one.meaning != "less":
            families.setdefault(one.family, []).append(name)
    kept = [name for name, one in made.items() if one.meaning == "kept"]
    for family, names in [*families.items(), *([("all", kept)] if kept else [])]:
        right = asked.right.copy()
        for name in names:
            right &= _equal(asked.after[name][1], truth)
        by_patient = _means(right.astype(np.float64), asked.patients)
        n, value = len(by_patient), float(by_patient.mean())
        detail = {"family": family, "before": float(asked.right.mean()), "perturbations": len(names)}
        yield told(WORST, value, wilson(value * n, n), n, n >= ENOUGH_FOR_A_SHARE, _SHARE, family, detail)


def _denied(predictor: Predictor, asked: _Asked) -> Iterator[Finding]:
    """Yield how often denying the clause that an answer hangs on moves the answer."""
    records = asked.part.records
    assert records.text is not None
    rows = np.flatnonzero(asked.right)[:_MOST_DENIED]
    texts = records.text.take(rows)
    cases = [
        (int(row), text, span) for row, text in zip(rows, texts, strict=True) if text for span in negation.clauses(text)
    ]
    if not cases:
        return
    own = np.array([row for row, _, _ in cases], dtype=np.int64)
    absent = [negation.without(text, span) or None for _, text, span in cases]
    truth = asked.part.target.values.astype(np.int64)[own]
    before = asked.answers[own, truth]
    lost = before - _asked_with(predictor, asked.part, own, absent)[np.arange(len(own)), truth]
    keys = [group[lost[group].argmax()] for group in (np.flatnonzero(own == row) for row in np.unique(own))]
    keys = [key for key in keys if lost[key] >= KEY]
    if not keys:
        return
    denied: list[str | None] = [negation.denied(text, span) for _, text, span in (cases[key] for key in keys)]
    after = _asked_with(predictor, asked.part, own[keys], denied)[np.arange(len(keys)), truth[keys]]
    moved = dict(zip(keys, before[keys] - after, strict=True))
    answered = {int(asked.patients[own[key]]): bool(moved[key] >= 0.5 * lost[key]) for key in keys}
    n, hits = len(answered), sum(answered.values())
    detail = {"family": "negation", "looked_at": len(np.unique(own))}
    yield told(NEGATION, hits / n, wilson(hits, n), n, n >= ENOUGH_FOR_A_SHARE, _SHARE, "denied_key", detail)


def _asked_with(predictor: Predictor, part: Cohort, rows: IntArray, texts: list[str | None]) -> FloatArray:
    """Return the answers on these records with other texts, shape (len(rows), k)."""
    [answers] = answers_of(predictor, [replace(take(part, rows).records, text=TextList(texts))])
    return answers
