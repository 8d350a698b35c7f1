"""Places where errors gather: leaves of a shallow tree that are worse than the rest on records it never saw.

A tree always finds leaves that look bad on what it was grown on. Here it is grown on one half of the patients, and a
leaf counts only if its error on the other half lies above that of all other records by an interval that holds for all
leaves together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from primum.evidence.intervals import LEVEL, exact_bounds, mover
from primum.evidence.simultaneous import sidak
from primum.evidence.withholding import SMALL
from primum.extras import require
from primum.later import stats
from primum.transparency.errors.questions import Question

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
DEPTH, LEAST_RECORDS = 3, 20
Said = dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One leaf, and how it does on the half that it was not grown on."""

    conditions: Mapping[str, str]
    """What its records have in common, by column."""
    error: float
    rest: float
    """Mean error of everybody else of that half."""
    low: float
    """Ends of the interval of the difference, which hold for all leaves together."""
    high: float
    records: int
    patients: int
    others: int
    """Patients of everybody else."""

    @property
    def stands_out(self) -> bool:
        """Whether errors gather here."""
        return self.low > 0


def half_of(patients: npt.NDArray[np.object_], *, seed: int) -> BoolArray:
    """Return which records are of the half that a tree is grown on; a patient's records stay together."""
    names, code = np.unique(patients.astype(str), return_inverse=True)
    drawn = np.random.default_rng([seed, 31]).permutation(len(names))
    return np.asarray((drawn < len(names) // 2)[code], dtype=bool)


def leaves(questions: Sequence[Question], errors: FloatArray, patients: npt.NDArray[np.object_], grown_on: BoolArray
           ) -> list[tuple[dict[str, str], BoolArray]]:  # fmt: skip
    """Return the leaves of a tree of depth 3: what their records have in common, and which records are there.

    Args:
        questions: what it may ask.
        errors: of each record, 0 or 1 or a size, shape (n,).
        patients: whose each record is, shape (n,).
        grown_on: the records it is grown on. A leaf has 20 of them, of five patients.
    """
    if not questions or grown_on.sum() < 2 * LEAST_RECORDS or np.ptp(errors[grown_on]) == 0:
        return []
    trees = require("sklearn.tree", extra="train", purpose="The search for places where errors gather")
    table = np.column_stack([one.answers for one in questions])
    tree = trees.DecisionTreeRegressor(max_depth=DEPTH, min_samples_leaf=LEAST_RECORDS, random_state=0)
    tree.fit(table[grown_on], errors[grown_on])
    grown = tree.tree_
    found = []
    stack: list[tuple[int, BoolArray, Said]] = [(0, np.ones(len(errors), dtype=bool), {})]
    while stack:
        node, inside, said = stack.pop()
        asked = int(grown.feature[node])
        if asked < 0:
            if said and len(np.unique(patients[inside & grown_on].astype(str))) >= SMALL:
                found.append(({name: " & ".join(words) for name, words in said.items()}, inside))
            continue
        question = questions[asked]
        for child, side, word in (
            (grown.children_left[node], inside & ~question.answers, question.no),
            (grown.children_right[node], inside & question.answers, question.yes),
        ):
            stack.append((int(child), side, _and(said, question.column, word)))
    return found


def held_to(
    found: Sequence[tuple[dict[str, str], BoolArray]],
    errors: FloatArray,
    patients: npt.NDArray[np.object_],
    held_out: BoolArray,
) -> list[Place]:
    """Return how each leaf does on the held-out half, beside everybody else there.

    A leaf of which fewer than 20 records or five patients are there is not tested. Shares have Clopper and Pearson's
    ends, combined as Newcombe does, over patients rather than records where one has several; sizes have Welch's
    interval over patients' means. Both are widened for all leaves by Sidak's bound.
    """
    codes = np.unique(patients.astype(str), return_inverse=True)[1]
    sides = [(said, inside & held_out, ~inside & held_out) for said, inside in found]
    fit = [one for one in sides if _large(one[1], codes) and _large(one[2], codes)]
    critical = sidak(len(fit), 1 - LEVEL)
    shares = bool(np.isin(errors, (0.0, 1.0)).all())
    places = []
    for said, here, there in fit:
        mine, others = _means(errors, codes, here), _means(errors, codes, there)
        low, high = _of_shares(mine, others, critical) if shares else _of_sizes(mine, others, critical)
        places.append(
            Place(
                conditions=said,
                error=float(mine.mean()),
                rest=float(others.mean()),
                low=low,
                high=high,
                records=int(here.sum()),
                patients=len(mine),
                others=len(others),
            )
        )
    return sorted(places, key=lambda place: -(place.error - place.rest))


def _large(records: BoolArray, codes: npt.NDArray[np.int64]) -> bool:
    return int(records.sum()) >= LEAST_RECORDS and len(np.unique(codes[records])) >= SMALL


def _means(errors: FloatArray, codes: npt.NDArray[np.int64], records: BoolArray) -> FloatArray:
    """Return the mean error of each patient among these records."""
    code = np.unique(codes[records], return_inverse=True)[1]
    return np.asarray(np.bincount(code, weights=errors[records]) / np.bincount(code), dtype=np.float64)


def _of_shares(mine: FloatArray, others: FloatArray, critical: float) -> tuple[float, float]:
    hits, n = np.array([mine.sum(), others.sum()]), np.array([len(mine), len(others)], dtype=np.float64)
    lows, highs = exact_bounds(hits, n, critical=critical)
    share = hits / n
    low, high = mover(share[0], (lows[0], highs[0]), share[1], (lows[1], highs[1]))
    return float(low), float(high)


def _of_sizes(mine: FloatArray, others: FloatArray, critical: float) -> tuple[float, float]:
    level = float(2 * stats.norm.cdf(critical) - 1)
    interval = stats.ttest_ind(mine, others, equal_var=False).confidence_interval(level)
    return float(interval.low), float(interval.high)


def _and(said: Said, column: str, word: str) -> Said:
    """Return the conditions with one more; what it says already is left out: a weaker cut, or another level."""
    kept = [
        one
        for one in said.get(column, ())
        if not (one[0] == word[0] != "≠") and not (one[0] == "≠" and word[0] in "=>")
    ]
    return {**said, column: (*kept, word)}
