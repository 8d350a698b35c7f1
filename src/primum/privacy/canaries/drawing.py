"""Drawing canaries: random records with random labels, some to be planted and many more to compare them with."""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from primum.cohort import Cohort, Records, TextList, VitalColumn
from primum.cohort.build import take_records
from primum.cohort.images import MadeUpImages
from primum.errors import StudyError

IntArray = npt.NDArray[np.int64]
REFERENCES = 1000
"""Records never planted, with which each canary is compared: exposure then ends at log2(1001), about 10 bits."""
_WORDS, _LETTERS = (8, 16), (4, 10)
"""Fewest and most words of a canary's text, and letters of a word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Canaries:
    """Made-up records of one distribution: which of them are planted, chance alone decides."""

    planted: Records
    rows: IntArray
    """For each planted record, a training record that lends it its label; shape (n,)."""
    references: Records
    reference_rows: IntArray
    """The same for those never planted, shape (REFERENCES,)."""


def draw_canaries(cohort: Cohort, split: npt.NDArray[np.object_], n: int, *, seed: int) -> Canaries:
    """Return canaries for a cohort: texts of random letters, each vital drawn alone, a class drawn evenly.

    Args:
        cohort: its inputs are what a canary has too.
        split: each record's split, shape (n,).
        n: how many are planted.
        seed: of all draws, so that the same study plants the same.
    Raises:
        StudyError: the target is not of type classes.
    """
    if cohort.target.kind != "classes":
        raise StudyError(f"assess.canaries: a target of type {cohort.target.kind} has no canaries yet; classes have.")
    rng = np.random.default_rng([seed, 11])
    train = np.flatnonzero(split == "train").astype(np.int64)
    labels = cohort.target.values[train]
    present = np.unique(labels)
    drawn = rng.choice(present, size=n + REFERENCES)
    rows = np.array([rng.choice(train[labels == one]) for one in drawn], dtype=np.int64)
    records = _made_up(cohort.records, train, n + REFERENCES, rng)
    return Canaries(
        planted=_part(records, slice(0, n)),
        rows=rows[:n],
        references=_part(records, slice(n, None)),
        reference_rows=rows[n:],
    )


def _made_up(like: Records, train: IntArray, n: int, rng: np.random.Generator) -> Records:
    vitals: Mapping[str, VitalColumn] = {
        name: replace(vital, values=vital.values[rng.choice(train, size=n)]) for name, vital in like.vitals.items()
    }
    text = None if like.text is None else TextList([_nonsense(rng) for _ in range(n)])
    image = None if like.image is None else MadeUpImages(like.image, n, seed=int(rng.integers(2**32)))
    return Records(n=n, text=text, vitals=vitals, image=image)


def _nonsense(rng: np.random.Generator) -> str:
    letters = list(string.ascii_lowercase)
    lengths = rng.integers(*_LETTERS, size=rng.integers(*_WORDS), endpoint=True)
    return " ".join("".join(rng.choice(letters, size=length)) for length in lengths)


def _part(records: Records, rows: slice) -> Records:
    chosen = np.arange(records.n)[rows]
    return take_records(records, chosen)
