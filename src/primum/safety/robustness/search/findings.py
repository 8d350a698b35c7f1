"""What an adversary within plausible bounds reaches: worst-case accuracy, decisions turned, changes needed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from primum.cohort import Cohort, take
from primum.evidence.finding import Finding
from primum.evidence.intervals import LEVEL, clopper_pearson
from primum.evidence.sufficiency import ENOUGH_FOR_A_SHARE
from primum.later import stats
from primum.safety.robustness.asking import BoolArray, Decide, IntArray, Predictor, decider
from primum.safety.robustness.metrics import ADVERSARIAL, CHANGES, TURNED
from primum.safety.robustness.search.asking import Asker
from primum.safety.robustness.search.attacks import (
    LETTERS,
    Attacked,
    VitalsAttack,
    WordsAttack,
    affordable,
    together,
)
from primum.safety.robustness.search.vitals import REPEATABILITY, bounds_of
from primum.safety.robustness.search.words import SHARE, words_of
from primum.safety.robustness.told import told

FEWEST = 5
"""Patients below which no mean is given: it would describe single records."""
_KNOWN_TEXTS = 2000
_SHARE = "share of patients; Clopper & Pearson's exact interval (1934); greedy search"
_MEAN = "mean over turned records; Student's t interval; greedy search with unnecessary changes taken back"


def adversarial_findings(
    predictor: Predictor,
    cohort: Cohort,
    split: npt.NDArray[np.object_],
    *,
    decide: Decide | None = None,
    most: int = 80,
    letters: int = LETTERS,
    seed: int = 7,
) -> list[Finding]:
    """Return what a search for the worst plausible change reaches on test; nothing for a target of type number.

    Words: at most a tenth of a note's words mistyped, abbreviated or replaced by a synonym. Vitals: every number within
    a tenth of the interquartile range of the training records, inside what was observed. Both: both at once.

    Args:
        predictor: the model.
        cohort: the records.
        split: name of each record's split, shape (n,).
        decide: how probabilities become decisions; None: the most probable class, or labels of 0.5 and above.
        most: test records that are searched, of more so many are drawn; fewer where notes are long.
        letters: characters of text that the model may be asked about.
        seed: of that draw and of the typing errors.
    Source: Jin et al. 2020, AAAI (TextFooler); Carlini et al. 2019, arXiv:1902.06705 (bounds and adaptive attacks).
    """
    rows = np.flatnonzero(split == "test")
    if cohort.target.kind == "number" or not len(rows):
        return []
    rows = drawn(rows, most, seed)
    if cohort.records.text is not None:
        texts = [one or "" for one in cohort.records.text.take(rows)]
        rows = drawn(rows, max(affordable(texts, letters), ENOUGH_FOR_A_SHARE), seed)
    part = take(cohort, rows)
    asker = Asker(predictor=predictor, part=part, rows=rows, decide=decide or decider(cohort.target.kind))
    margin, lost = asker.of_variants(range(len(rows)), None, {})
    right = ~lost
    words = vitals = None
    reached: dict[str, Attacked] = {}
    if part.records.text is not None:
        words = WordsAttack(asker, known_words(cohort, split, rows), seed=seed)
        reached["words"] = words.run(margin, right, letters=letters)
    bounds = bounds_of(cohort.records.vitals, np.flatnonzero(split == "train"))
    if bounds:
        vitals = VitalsAttack(asker, bounds)
        reached["vitals"] = vitals.run(margin, right)
    if words is not None and vitals is not None:
        reached["both"] = _whichever(reached["words"], reached["vitals"], together(asker, words, vitals, right))
    patients = np.unique(part.patients.astype(str), return_inverse=True)[1].astype(np.int64)
    return [one for name, attacked in reached.items() for one in reached_findings(name, attacked, right, patients)]


def drawn(rows: IntArray, most: int, seed: int) -> IntArray:
    """Return at most `most` of these rows, drawn at random and in order."""
    if len(rows) <= most:
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))


def known_words(cohort: Cohort, split: npt.NDArray[np.object_], rows: IntArray) -> frozenset[str]:
    """Return the words of the records asked about and of training records."""
    assert cohort.records.text is not None
    train = np.flatnonzero(split == "train")[:_KNOWN_TEXTS]
    texts = cohort.records.text.take(np.concatenate([rows, train]))
    return frozenset(word for text in texts if text for word in words_of(text))


def _whichever(words: Attacked, vitals: Attacked, both: Attacked) -> Attacked:
    """Return the least that turns each record: words alone, vitals alone, or both."""
    changes = np.where(words.turned, words.changes, np.where(vitals.turned, vitals.changes, both.changes))
    asked = words.asked + vitals.asked + both.asked
    return Attacked(turned=words.turned | vitals.turned | both.turned, changes=changes, asked=asked)


def reached_findings(
    name: str, attacked: Attacked, right: BoolArray, patients: IntArray, *, bound: float | None = None
) -> Iterator[Finding]:
    """Yield what a search reached: accuracy under it, right decisions turned, and changes needed where they count.

    Args:
        name: of the search.
        attacked: what it reached.
        right: which records were decided rightly, shape (n,).
        patients: codes from 0 of the records' patients, shape (n,).
        bound: most that it changed; None: that of words or vitals.
    """
    n = int(patients.max()) + 1
    wrong_before = np.bincount(patients, weights=~right, minlength=n) > 0
    turned = (np.bincount(patients, weights=attacked.turned, minlength=n) > 0) & ~wrong_before
    rightly, hits = int((~wrong_before).sum()), int(turned.sum())
    usual = SHARE if name == "words" else REPEATABILITY
    about = {"search": name, "bound": usual if bound is None else bound, "asked": attacked.asked}
    kept = rightly - hits
    detail = {**about, "before": rightly / n}
    yield told(ADVERSARIAL, kept / n, clopper_pearson(kept, n), n, n >= ENOUGH_FOR_A_SHARE, _SHARE, name, detail)
    if rightly:
        ends, enough = clopper_pearson(hits, rightly), rightly >= ENOUGH_FOR_A_SHARE
        yield told(TURNED, hits / rightly, ends, rightly, enough, _SHARE, name, about)
    if hits >= FEWEST and attacked.changes.any():
        counts = attacked.changes[attacked.turned].astype(np.float64)
        half = float(stats.t.ppf((1 + LEVEL) / 2, len(counts) - 1) * counts.std(ddof=1) / np.sqrt(len(counts)))
        ends = (float(counts.mean()) - half, float(counts.mean()) + half)
        yield told(CHANGES, float(counts.mean()), ends, hits, hits >= ENOUGH_FOR_A_SHARE, _MEAN, name, about)
