"""What a search finds: changes of one record after which the model answers otherwise."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from primum.transparency.grouping import FloatArray

NoteEdit = Literal["left_out", "denied", "affirmed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class VitalChange:
    """One vital, otherwise."""

    vital: str
    before: float | str
    after: float | str
    size: float
    """Standard deviations of the training records; 1 for another level of a category."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteChange:
    """One place of a note, otherwise."""

    edit: NoteEdit
    """A sentence left out; a finding denied; a denied finding affirmed."""
    start: int
    """First character of the place in the note."""
    end: int
    before: str
    after: str
    """Empty where it is left out."""
    size: float
    """Share of the note's characters that the place is."""

    @property
    def place(self) -> str:
        """What is changed, as something that can be compared."""
        return f"{self.start}:{self.end}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterfactual:
    """A record as it is not, of which the model says something else."""

    changes: tuple[VitalChange, ...] | tuple[NoteChange, ...]
    answer: FloatArray
    """What the model says of it: probabilities (k,), or one number of shape ()."""
    decided: tuple[int, ...]
    """Code of the class that is decided, or 0/1 of each label; empty for a number."""

    @property
    def size(self) -> float:
        """Sum of the sizes of its changes."""
        return float(sum(one.size for one in self.changes))

    @property
    def distance(self) -> float:
        """Number of changes plus their size: one change fewer always counts as much as one standard deviation."""
        return len(self.changes) + self.size

    def places(self) -> frozenset[str]:
        """Return what it changes."""
        return frozenset(one.vital if isinstance(one, VitalChange) else one.place for one in self.changes)


def diverse(found: Iterable[Counterfactual], most: int) -> tuple[Counterfactual, ...]:
    """Return the nearest, then the nearest that changes neither the same nor more than one chosen before, and so on.

    Args:
        found: of one record.
        most: how many.
    """
    chosen: list[Counterfactual] = []
    for one in sorted(found, key=lambda c: (c.distance, sorted(c.places()))):
        if len(chosen) < most and not any(other.places() <= one.places() for other in chosen):
            chosen.append(one)
    return tuple(chosen)
