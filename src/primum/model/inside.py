"""What a model computes of records on the way to its answer; plain arrays, so that nothing here needs torch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inside:
    """Fused features, logits and answers of n records."""

    features: FloatArray
    """What the head reads, shape (n, width)."""
    logits: FloatArray
    """What the head says before it is turned into an answer, shape (n, outputs)."""
    answers: FloatArray
    """Probabilities of shape (n, k), or numbers of shape (n,)."""

    def take(self, rows: npt.NDArray[np.int64] | npt.NDArray[np.bool_]) -> Inside:
        """Return these records alone."""
        return Inside(features=self.features[rows], logits=self.logits[rows], answers=self.answers[rows])
