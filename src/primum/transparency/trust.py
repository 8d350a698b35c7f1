"""Whether a reason can be trusted: what it names must matter more than as much chosen at random, to this model, now.

A reason is withheld when its parts miss the difference that they promise to sum to, when taking away what it names
moves the answer no more than taking away as many parts at random, or when it changes under harmless rewording.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np
from scipy import stats

from primum.cohort.augment import synonym_places
from primum.transparency.asking import Subject
from primum.transparency.parts import BoolArray, FloatArray, IntArray, Parts

SHARE = 0.2
"""Share of a record's parts that are its reason (DeYoung et al. 2020 look at 1 to 50 %)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars:
    """What a reason must reach to be shown."""

    gap: float = 0.05
    """Most of the difference that the parts may miss."""
    excess: float = 0.05
    """Least fall of the probability (of a number: share of its difference from a blank record) beyond chance."""
    beaten: float = 0.75
    """Least share of random choices of the same size that must move the answer less; one in five names any given word,
    so that a reason of a single word cannot beat them all."""
    stability: float = 0.5
    """Least rank correlation with the reason for the reworded record."""


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
    subject: Subject, found: Sequence[FloatArray], *, draws: int = 10, seed: int = 7, share: float = SHARE
) -> Faithfulness:
    """Return comprehensiveness and sufficiency of a reason, and of random ones of the same size.

    Args:
        subject: records and model.
        found: what each part adds, one array a record.
        draws: random choices a record.
        seed: of these.
        share: of the parts that make up a reason, at least one.
    Source: DeYoung et al. 2020, ACL (ERASER), section 4.
    """
    generator = np.random.default_rng([seed, 13])
    chosen: list[BoolArray] = []
    for parts in found:
        n = len(parts)
        size = min(max(round(share * n), 1), n)
        own = np.zeros((1 + draws, n), dtype=bool)
        own[0, np.argsort(-parts, kind="stable")[:size]] = True
        for draw in range(1, 1 + draws):
            own[draw, generator.permutation(n)[:size]] = True
        chosen.append(own)
    rows = np.repeat(np.arange(len(found)), 2 * (1 + draws))
    kept = [keep for own in chosen for keep in np.concatenate([~own, own])]
    whole = subject.question.chance(subject.answers)
    fall = whole[rows] - subject.question.chosen(rows).chance(subject.ask(rows, kept))
    fall = fall.reshape(len(found), 2, 1 + draws)
    without, only = fall[:, 0], fall[:, 1]
    beaten = (without[:, :1] > without[:, 1:]).mean(1) + 0.5 * (without[:, :1] == without[:, 1:]).mean(1)
    return Faithfulness(
        comprehensiveness=without[:, 0],
        random_comprehensiveness=without[:, 1:].mean(1),
        sufficiency=only[:, 0],
        random_sufficiency=only[:, 1:].mean(1),
        beaten=np.asarray(beaten, dtype=np.float64),
    )


def reworded(text: str) -> str:
    """Return the text with every word that has a synonym replaced by the first of them."""
    pieces, at = [], 0
    for start, end, others in sorted(synonym_places(text)):
        if start >= at:
            pieces += [text[at:start], others[0]]
            at = end
    return "".join([*pieces, text[at:]])


def stability(
    own: Sequence[FloatArray], own_parts: Sequence[Parts], other: Sequence[FloatArray], other_parts: Sequence[Parts]
) -> FloatArray:
    """Return the rank correlation of two reasons over the parts that both records share, shape (n,).

    NaN where fewer than three parts are shared, or one of the reasons says the same of all.
    """
    found = np.full(len(own), np.nan)
    for row, (a, b) in enumerate(zip(own, other, strict=True)):
        left, right = _shared(own_parts[row], other_parts[row])
        if len(left) >= 3 and np.ptp(a[left]) > 0 and np.ptp(b[right]) > 0:
            found[row] = float(stats.spearmanr(a[left], b[right]).statistic)
    return found


def _shared(a: Parts, b: Parts) -> tuple[IntArray, IntArray]:
    mine, theirs = [w.text.lower() for w in a.words], [w.text.lower() for w in b.words]
    blocks = SequenceMatcher(a=mine, b=theirs, autojunk=False).get_matching_blocks()
    left = [i for m in blocks for i in range(m.a, m.a + m.size)]
    right = [i for m in blocks for i in range(m.b, m.b + m.size)]
    both = [name for name in a.names if name in b.names]
    left += [len(mine) + list(a.names).index(name) for name in both]
    right += [len(theirs) + list(b.names).index(name) for name in both]
    return np.array(left, dtype=np.int64), np.array(right, dtype=np.int64)


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
