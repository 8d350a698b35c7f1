"""Whether what one input says depends on another: Friedman's H for two vitals, and the game of note and vitals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from primum.cohort.records import Records
from primum.transparency.asking import question_of
from primum.transparency.overall.asking import Asker, Copies, FloatArray, IntArray, absent, nothing_of
from primum.transparency.patients import Patients, ends

MOST_RECORDS = 30
"""Records that a pair is asked about: every one with the values of every other."""
FLAT = 0.02
"""Spread of the joint effect, in log-odds or standard deviations of the answers, below which neither vital matters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """How much of the joint effect of two vitals is no sum of their own effects."""

    h: float
    """0: the effects add up; 1: nothing but interaction."""
    low: float
    high: float
    spread: float
    """Standard deviation of the part that does not add up, in the score's unit."""
    joint: float
    """Standard deviation of the joint effect, in the score's unit."""


def crossed(name: tuple[str, ...], records: Records, rows: IntArray) -> Copies:
    """Return each of the rows with the values that the first of them has, then with those of the second, and so on."""
    donors = np.repeat(rows, len(rows))
    vitals = {one: records.vitals[one].values[donors] for one in name}
    return Copies(rows=np.tile(rows, len(rows)), vitals=vitals)


def h_statistic(
    joint: FloatArray, first: FloatArray, second: FloatArray, patients: Patients, rows: IntArray
) -> Interaction:
    """Return Friedman's H of two vitals.

    Args:
        joint: scores on what `crossed` made of both, shape (m x m,).
        first: on what it made of the first alone.
        second: of the second alone.
        patients: resampled, as those who lend values and as those who get them alike.
        rows: the records.
    Source: Friedman & Popescu 2008, Annals of Applied Statistics 2(3), equation 44, its root.
    """
    m = len(rows)
    weights = np.concatenate([np.ones((m, 1)), patients.of_records()[rows]], axis=1)
    share = weights / np.maximum(weights.sum(0), 1.0)
    both, one, other = (_centred(table.reshape(m, m), share) for table in (joint, first, second))
    apart = (share * (both - one - other) ** 2).sum(0)
    whole = (share * both**2).sum(0)
    h = np.sqrt(apart / np.where(whole > 0, whole, np.nan))
    low, high = ends(h[1:])
    return Interaction(
        h=float(h[0]), low=float(low), high=float(high), spread=float(apart[0] ** 0.5), joint=float(whole[0] ** 0.5)
    )


def _centred(table: FloatArray, share: FloatArray) -> FloatArray:
    """Return partial dependence at each record's values, minus its mean, shape (m, 1 + resamples)."""
    dependence = table @ share
    return np.asarray(dependence - (share * dependence).sum(0), dtype=np.float64)


def of_two_inputs(asker: Asker, rows: IntArray) -> list[Copies]:
    """Return the records with their note alone, with their vitals alone, and with neither."""
    nothing = np.full(len(rows), -1, dtype=np.int64)
    blank = {name: nothing_of(v.values, len(rows)) for name, v in asker.records.vitals.items()}
    return [Copies(rows=rows, vitals=blank), Copies(rows=rows, texts=nothing),
            Copies(rows=rows, vitals=blank, texts=nothing)]  # fmt: skip


def have_both(asker: Asker) -> IntArray:
    """Return the records that have a note and a vital."""
    records = asker.records
    if records.text is None or not records.vitals:
        return np.empty(0, dtype=np.int64)
    noted = np.array([bool(text and text.strip()) for text in records.text.take(np.arange(len(records)))], dtype=bool)
    some = ~np.all([absent(v.values) for v in records.vitals.values()], axis=0)
    return np.flatnonzero(noted & some).astype(np.int64)


def input_interaction(whole: FloatArray, parts: list[FloatArray]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return by how much more the note adds to each answer with the vitals than without, and what it adds in each case.

    The score is the log-odds of what is answered on the whole record, or the number. In the game of the two inputs the
    first figure is Shapley's interaction index: above 0 each matters more when the other is there; below 0 they say the
    same thing, or one speaks against the other.

    Args:
        whole: answers on the records as they are.
        parts: answers on what `of_two_inputs` returned.
    Source: Grabisch & Roubens 1999, Int. J. Game Theory 28(4), for two players.
    """
    question = question_of(whole)
    both, note, vitals, nothing = (question.score(answers) for answers in (whole, *parts))
    with_vitals, without = both - vitals, note - nothing
    return with_vitals - without, with_vitals, without
