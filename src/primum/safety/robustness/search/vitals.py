"""What else an instrument could have shown: the values of a number around the measured one, within its error."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from primum.cohort.records import VitalColumn

FloatArray = npt.NDArray[np.float64]
REPEATABILITY = 0.1
"""How far a repeated measurement may lie from the first, in interquartile ranges of the training records. A convention
on the cautious side: 2 mmHg where the middle half of the patients spans 20."""
_MOST_DECIMALS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How far a number may be moved."""

    step: float
    """Most that it may move, in its unit."""
    low: float
    high: float
    """Ends of the observed values, which are not left."""
    decimals: int
    """Decimals that observed values have."""

    def options(self, value: float) -> tuple[float, ...]:
        """Return the lowest and the highest value it may take; nothing where it cannot move or lies outside."""
        if not (self.low <= value <= self.high):
            return ()
        grid = 10.0**self.decimals
        lowest = np.ceil(max(value - self.step, self.low) * grid - 1e-6) / grid
        highest = np.floor(min(value + self.step, self.high) * grid + 1e-6) / grid
        ends = (lowest if lowest < value - 1e-9 else None, highest if highest > value + 1e-9 else None)
        return tuple(float(end) for end in ends if end is not None)


def bounds_of(
    vitals: Mapping[str, VitalColumn], train_rows: npt.NDArray[np.int64], *, share: float = REPEATABILITY
) -> dict[str, Bounds]:
    """Return how far each number may be moved; a number that does not vary in training is left out.

    Args:
        vitals: of the whole cohort.
        train_rows: the records whose values say what is usual.
        share: of the interquartile range.
    """
    found = {}
    for name, vital in vitals.items():
        if vital.kind != "number":
            continue
        values = np.asarray(vital.values[train_rows], dtype=np.float64)
        values = values[np.isfinite(values)]
        step = share * float(np.subtract(*np.quantile(values, [0.75, 0.25]))) if len(values) else 0.0
        if step > 0:
            decimals = next((d for d in range(_MOST_DECIMALS) if np.all(np.abs(values - values.round(d)) < 1e-9)), 6)
            found[name] = Bounds(step=step, low=float(values.min()), high=float(values.max()), decimals=decimals)
    return found
