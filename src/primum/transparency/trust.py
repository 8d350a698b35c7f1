"""Whether a reason can be trusted: what it names must matter more than as much chosen at random, to this model, now.

A reason is withheld when its parts miss the difference that they promise to sum to, when taking away what it names
moves the answer no more than taking away as many parts at random, or when it changes under harmless rewording.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from primum.transparency.asking import Subject
from primum.transparency.parts import BoolArray, FloatArray, IntArray, Parts

SHARE = 0.2
"""Share of a record's parts that are its reason (DeYoung et al. 2020 look at 1 to 50 %)."""
DRAWS = 19
"""Random choices that a reason is compared with."""
RANDOM = "randomised"
"""Why a reason is withheld that a model which learnt nothing gets as well."""
_SUFFICIENCY_DRAWS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """What a reason must reach to be shown."""

    gap: float = 0.05
    """Most of the difference that the parts may miss."""
    excess: float = 0.05
    """Least fall of the probability (of a number: share of its difference from a blank record) beyond chance."""
    beaten: float = 0.95
    """Least share of random choices of the same size, from the rest of the record, that must move the answer less: all
    of 19, which at most one meaningless reason in five does (docs/how-to/explain.md)."""
    stability: float = 0.5
    """Least mean rank correlation with the reasons for the reworded record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Faithfulness:
    """How the answers move when the reason is taken away, or is all that is left; each of shape (n,)."""

    comprehensiveness: FloatArray
    """Fall of the probability without the reason; higher is better."""
    random_comprehensiveness: FloatArray
    """Mean fall without as many parts chosen at random."""
    sufficiency: FloatArray
    """Fall of the probability with nothing but the reason; lower is better."""
    random_sufficiency: FloatArray
    """Mean fall with nothing but as many parts chosen at random."""
    beaten: FloatArray
    """Share of the random choices whose removal moves the answer less, ties counted half."""


def faithfulness(
    subject: Subject, found: Sequence[FloatArray], *, draws: int = DRAWS, seed: int = 7, share: float = SHARE
) -> Faithfulness:
    """Return comprehensiveness and sufficiency of a reason, and of as many of the record's other parts at random.

    The random choices are drawn from the parts that the reason leaves out. Drawn from all, one in five would hold the
    one word that decides, and a true reason could not be told from chance. The price: a reason that is itself a random
    choice beats 19 of the others in 9 to 20 % of records, not in 5 % (docs/how-to/explain.md derives both).

    Args:
        subject: records and model.
        found: what each part adds, one array a record.
        draws: random choices a record; sufficiency is compared with the first few of them alone.
        seed: of these.
        share: of the parts that make up a reason, at least one.
    Source: DeYoung et al. 2020, ACL (ERASER), section 4, but for where the choices are drawn from.
    """
    generator = np.random.default_rng([seed, 13])
    chosen = [_choices(parts, generator, draws=draws, share=share) for parts in found]
    few = 1 + min(draws, _SUFFICIENCY_DRAWS)
    rows = np.repeat(np.arange(len(found)), 1 + draws + few)
    kept = [keep for own in chosen for keep in np.concatenate([~own, own[:few]])]
    whole = subject.question.chance(subject.answers)
    fall = whole[rows] - subject.question.chosen(rows).chance(subject.ask(rows, kept))
    fall = fall.reshape(len(found), 1 + draws + few)
    without, only = fall[:, : 1 + draws], fall[:, 1 + draws :]
    beaten = (without[:, :1] > without[:, 1:]).mean(1) + 0.5 * (without[:, :1] == without[:, 1:]).mean(1)
    return Faithfulness(
        comprehensiveness=without[:, 0],
        random_comprehensiveness=without[:, 1:].mean(1),
        sufficiency=only[:, 0],
        random_sufficiency=only[:, 1:].mean(1),
        beaten=np.asarray(beaten, dtype=np.float64),
    )


def _choices(parts: FloatArray, generator: np.random.Generator, *, draws: int, share: float) -> BoolArray:
    """Return the reason, then `draws` random choices of its size among the other parts, shape (1 + draws, parts)."""
    n = len(parts)
    size = min(max(round(share * n), 1), n)
    own = np.zeros((1 + draws, n), dtype=bool)
    order = np.argsort(-parts, kind="stable")
    own[0, order[:size]] = True
    others = order[size:] if n > size else order  # of a single part there are no others: chance is then a tie
    for draw in range(1, 1 + draws):
        own[draw, generator.permutation(others)[:size]] = True
    return own


def stability(
    own: Sequence[FloatArray], own_parts: Sequence[Parts], other: Sequence[FloatArray], other_parts: Sequence[Parts]
) -> FloatArray:
    """Return the rank correlation of two reasons over the parts that both records share, shape (n,).

    A part of which a reason is NaN is left out. NaN where fewer than three parts are compared, or one of the reasons
    says the same of all.
    """
    found = np.full(len(own), np.nan)
    for row, (a, b) in enumerate(zip(own, other, strict=True)):
        left, right = shared_places(own_parts[row], other_parts[row])
        known = np.isfinite(a[left]) & np.isfinite(b[right])
        left, right = left[known], right[known]
        if len(left) >= 3 and np.ptp(a[left]) > 0 and np.ptp(b[right]) > 0:
            found[row] = np.corrcoef(_ranks(a[left]), _ranks(b[right]))[0, 1]
    return found


def _ranks(values: FloatArray) -> FloatArray:
    """Return the rank of each value, equal ones sharing their mean rank: Spearman's correlation is Pearson's of these.

    SciPy has both, but a service that gives reasons would hold 60 MiB of it for this alone.
    """
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(count) - (count - 1) / 2)[place], dtype=np.float64)


def shared_places(a: Parts, b: Parts) -> tuple[IntArray, IntArray]:
    """Return the places of the parts that both have: a word is known by its letters and how often it came before."""
    mine, theirs = _places(a), _places(b)
    both = [part for part in mine if part in theirs]
    return (
        np.array([mine[part] for part in both], dtype=np.int64),
        np.array([theirs[part] for part in both], dtype=np.int64),
    )


def _places(parts: Parts) -> dict[tuple[str, int], int]:
    found: dict[tuple[str, int], int] = {}
    came: Counter[str] = Counter()
    for place, word in enumerate(parts.words):
        text = word.text.lower()
        found[text, came[text]] = place
        came[text] += 1
    vitals = {(name, -1): parts.of_vitals.start + i for i, name in enumerate(parts.names)}
    cells = {("", -1 - cell): parts.of_cells.start + i for i, cell in enumerate(parts.cells.tolist())}
    return found | vitals | cells


def faults(
    bars: Bars, faithful: Faithfulness, relative_gap: FloatArray, stable: FloatArray, *, scale: FloatArray | float = 1.0
) -> list[tuple[str, ...]]:
    """Return why each reason is withheld, empty where it holds: gap, chance, unstable.

    Args:
        bars: what it must reach.
        faithful: its faithfulness.
        relative_gap: share of the difference that the parts miss; NaN where they promise no sum.
        stable: rank correlation under rewording; NaN where there was nothing to reword.
        scale: what a fall of the answer is measured in: 1 for a probability.
    """
    excess = (faithful.comprehensiveness - faithful.random_comprehensiveness) / scale
    wrong: dict[str, BoolArray] = {
        "gap": np.asarray(relative_gap > bars.gap),
        "chance": np.asarray((excess < bars.excess) | (faithful.beaten < bars.beaten)),
        "unstable": np.asarray(stable < bars.stability),
    }
    return [tuple(name for name, bad in wrong.items() if bad[row]) for row in range(len(excess))]
