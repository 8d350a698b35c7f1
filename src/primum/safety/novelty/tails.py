"""Scores of different kinds made comparable: how far out in its own tail each one lies.

A score's tail is taken as exponential beyond the 90th percentile of records that the model was not trained on (peaks
over a threshold; Pickands 1975, Annals of Statistics 3(1)). That it may be wrong costs power and never the rate of
false alarms, which the calibration split fixes afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
_START = 0.9
_CEILING = 1e6
"""Largest surprise, so that files hold finite numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tail:
    """Where a score's tail begins and how fast it falls."""

    start: float
    """The 90th percentile."""
    scale: float
    """Mean of what lies beyond it, above 0."""

    @classmethod
    def fit(cls, scores: FloatArray, *, floor: float) -> Tail:
        """Return the tail of a score; `floor` is the smallest scale, in the score's own unit."""
        known = scores[np.isfinite(scores)]
        if not len(known):
            return cls(start=0.0, scale=floor)
        start = float(np.quantile(known, _START))
        beyond = known[known > start]
        return cls(start=start, scale=max(float((beyond - start).mean()) if len(beyond) else 0.0, floor))

    def surprise(self, scores: FloatArray) -> FloatArray:
        """Return about minus the natural logarithm of the chance of a larger score; 0 where there is no score.

        Below the tail's start it is linear as well, and never below 0.
        """
        raw = -np.log(1 - _START) + (np.nan_to_num(scores, nan=-np.inf) - self.start) / self.scale
        return np.asarray(np.clip(raw, 0.0, _CEILING))


def surprises(scores: Sequence[FloatArray], tails: Sequence[Tail]) -> FloatArray:
    """Return `Tail.surprise` of several scores, each of shape (n,), at once; shape (n, scores)."""
    start = np.array([tail.start for tail in tails])
    scale = np.array([tail.scale for tail in tails])
    table = np.nan_to_num(np.column_stack(scores), nan=-np.inf)
    return np.asarray(np.clip(-np.log(1 - _START) + (table - start) / scale, 0.0, _CEILING))
