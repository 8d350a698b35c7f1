"""Yes, no, or not known, for many records at once: a field that a record lacks leaves a clinical rule silent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

import numpy as np
import numpy.typing as npt

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Truth:
    """What holds of each record; a record in neither array is one of which it is not known.

    Source: Kleene 1952, Introduction to Metamathematics, section 64 (the strong three-valued connectives).
    """

    yes: BoolArray
    """Where it is known to hold, shape (n,)."""
    no: BoolArray
    """Where it is known not to hold, shape (n,)."""

    @classmethod
    def known(cls, yes: BoolArray) -> Truth:
        """Return what holds where `yes` says so and nowhere else."""
        return cls(yes, ~yes)

    @classmethod
    def unknown(cls, n: int) -> Truth:
        """Return what is not known of any of n records."""
        return cls(np.zeros(n, dtype=bool), np.zeros(n, dtype=bool))

    def opposite(self) -> Truth:
        """Return its negation; what is not known stays so."""
        return Truth(self.no, self.yes)

    def on(self, there: BoolArray) -> Truth:
        """Return the same, known only where `there` says so."""
        return Truth(self.yes & there, self.no & there)


def all_of(parts: Iterable[Truth]) -> Truth:
    """Return where every part holds: one that does not decides, one that is not known leaves the rest undecided."""
    return reduce(lambda a, b: Truth(a.yes & b.yes, a.no | b.no), parts)


def any_of(parts: Iterable[Truth]) -> Truth:
    """Return where at least one part holds."""
    return reduce(lambda a, b: Truth(a.yes | b.yes, a.no & b.no), parts)
