"""The search for the worst change of a picture within a bound on every pixel, by the model's own gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from primum.cohort import Cohort, take
from primum.cohort.records import Records
from primum.evidence.finding import Finding
from primum.evidence.intervals import clopper_pearson
from primum.evidence.sufficiency import ENOUGH_FOR_A_SHARE
from primum.safety.robustness.asking import BoolArray, Decide, FloatArray, IntArray, decider
from primum.safety.robustness.metrics import MISSED
from primum.safety.robustness.search.attacks import Attacked
from primum.safety.robustness.search.findings import drawn, reached_findings
from primum.safety.robustness.told import told

Attack = Callable[[Records, IntArray, float, int], FloatArray]
"""From records, their truth, the bound (share of white) and the steps to the answers after the worst move."""
Doubt = Callable[[Records, IntArray, float], FloatArray]
"""Another search than that along gradients, or one with more effort: from records, truth and bound to the answers."""
_DOUBTED, _MOST_DOUBTED = "pixels_2", 12
_MISSED = "share of patients whom the search by gradients left standing; Clopper & Pearson's exact interval (1934)"


@dataclass(frozen=True, slots=True, kw_only=True)
class PixelSearch:
    """One way of moving pixels; in SEARCHES each may do all that those before it may."""

    name: str
    levels: int
    """Most that a pixel moves, of 255."""
    steps: int


SEARCHES = (
    PixelSearch(name="pixels_once_2", levels=2, steps=1),
    PixelSearch(name="pixels_2", levels=2, steps=6),
    PixelSearch(name="pixels_4", levels=4, steps=6),
)


def pixel_findings(
    attack: Attack,
    cohort: Cohort,
    split: npt.NDArray[np.object_],
    *,
    decide: Decide | None = None,
    doubts: Mapping[str, Doubt] | None = None,
    most: int = 40,
    seed: int = 7,
) -> list[Finding]:
    """Return how many right decisions on test turn when pixels move by at most 2 or 4 of 255, which nobody sees.

    Nothing for a target of type number, or where no record of test has an image.

    Args:
        attack: the model under attack.
        cohort: the records.
        split: name of each record's split, shape (n,).
        decide: how probabilities become decisions; None: the most probable class, or labels of 0.5 and above.
        doubts: other searches, by name, that are asked about a few of the records that stood 2 of 255; what they turn
            the gradients hid (Athalye et al. 2018, ICML), and the other figures are then too good.
        most: test records that are searched; of more, so many are drawn.
        seed: of that draw.
    Source: Goodfellow et al. 2015, ICLR (FGSM); Madry et al. 2018, ICLR (PGD).
    """
    images = cohort.records.image
    if images is None or cohort.target.kind == "number":
        return []
    there = np.array([key is not None for key in images.keys.tolist()], dtype=bool)
    rows = drawn(np.flatnonzero((split == "test") & there), most, seed)
    if not len(rows):
        return []
    part, decide = take(cohort, rows), decide or decider(cohort.target.kind)
    truth = part.target.values.astype(np.int64)
    right = ~_wrong(decide(attack(part.records, truth, 0.0, 0), rows), truth)
    patients = np.unique(part.patients.astype(str), return_inverse=True)[1].astype(np.int64)
    found: list[Finding] = []
    turned = np.zeros(len(rows), dtype=bool)
    for one in SEARCHES:  # each may do all that those before it did, so what they turned is not asked about again
        bound, open_ = one.levels / 255, np.flatnonzero(right & ~turned)
        if len(open_):
            answers = attack(take(part, open_).records, truth[open_], bound, one.steps)
            turned = turned.copy()
            turned[open_] = _wrong(decide(answers, rows[open_]), truth[open_])
        asked = (one.steps + 1) * len(open_)
        reached = Attacked(turned=turned, changes=np.zeros(len(rows), dtype=np.int64), asked=asked)
        found += reached_findings(one.name, reached, right, patients, bound=bound)
        if one.name == _DOUBTED and doubts:
            few = drawn(np.flatnonzero(right & ~turned), _MOST_DOUBTED, seed)
            found += _missed(doubts, take(part, few), patients[few], bound, lambda a, few=few: decide(a, rows[few]))  # type: ignore[misc]
    return found


def _missed(
    doubts: Mapping[str, Doubt],
    part: Cohort,
    patients: IntArray,
    bound: float,
    decide: Callable[[FloatArray], IntArray],
) -> Iterator[Finding]:
    """Yield the share of patients left standing whom another search turns; nothing where none was left standing."""
    if not len(patients):
        return
    truth = part.target.values.astype(np.int64)
    turned = {name: _wrong(decide(doubt(part.records, truth, bound)), truth) for name, doubt in doubts.items()}
    any_of_them = np.any(list(turned.values()), axis=0)
    n, hits = len(np.unique(patients)), len(np.unique(patients[any_of_them]))
    detail = {"search": _DOUBTED, "bound": bound, **{f"by_{name}": int(one.sum()) for name, one in turned.items()}}
    ends = clopper_pearson(hits, n)
    yield told(MISSED, hits / n, ends, n, n >= ENOUGH_FOR_A_SHARE, _MISSED, _DOUBTED, detail)


def _wrong(decided: IntArray, truth: IntArray) -> BoolArray:
    wrong = decided != truth
    return np.asarray(wrong.any(1) if wrong.ndim == 2 else wrong, dtype=bool)
