"""Who takes part in a step: each patient by a coin of their own, with one of their records.

Poisson sampling is what the accountant assumes: a patient's part in a step says nothing of another's. The patient, not
the record, is the unit: whoever has many records is drawn as often as others, and one record speaks for them.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Rows = npt.NDArray[np.int64]


class PoissonPatients:
    """Batches of places in `patients`, drawn anew in every epoch from the system's secret randomness."""

    def __init__(self, patients: npt.NDArray[np.object_], *, expected: int, seed: int | None = None) -> None:
        """Draw from records of these patients.

        Args:
            patients: each training record's patient, shape (n,).
            expected: patients of a step on average.
            seed: None for secret draws, which the promise needs; a number repeats the draws, for tests.
        """
        codes = np.unique(patients.astype(str), return_inverse=True)[1]
        order = np.argsort(codes, kind="stable")
        self._records = np.split(order, np.flatnonzero(np.diff(codes[order])) + 1)
        self.patients = len(self._records)
        self.rate = min(expected / self.patients, 1.0)
        """Chance of a patient to take part in a step."""
        self._random = np.random.default_rng(secrets.randbits(128) if seed is None else seed)

    def __len__(self) -> int:
        """Return the steps of an epoch: in so many, every patient is expected once."""
        return max(round(1 / self.rate), 1)

    def __iter__(self) -> Iterator[list[int]]:
        """Yield one epoch's batches; a batch may be empty."""
        for _ in range(len(self)):
            drawn = np.flatnonzero(self._random.random(self.patients) < self.rate)
            yield [int(self._random.choice(self._records[patient])) for patient in drawn]
