"""Figures over records whose patients are resampled: means, sums and the ends of their intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from primum.evidence.intervals import LEVEL
from primum.evidence.resampling import weight_chunks
from primum.later import sparse

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
RESAMPLES = 500
"""Resamples of patients: the ends of a 95 % interval are then known to about a twentieth of its width."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patients:
    """Whose the records are, and how often each patient comes in every resample."""

    of_record: IntArray
    """The patient of each record as a code from 0, shape (n,)."""
    weights: FloatArray
    """Shape (patients, resamples)."""

    @property
    def count(self) -> int:
        """How many patients there are."""
        return len(self.weights)

    def among(self, records: npt.NDArray[np.bool_] | IntArray) -> int:
        """Return how many patients some of the records are of."""
        return len(np.unique(self.of_record[records]))

    def of_records(self) -> FloatArray:
        """Return how often each record comes in every resample, shape (n, resamples)."""
        return self.weights[self.of_record]

    def sums(self, values: FloatArray, cells: IntArray, n_cells: int, rows: IntArray) -> tuple[FloatArray, FloatArray]:
        """Return the sum of values in each cell, as it is and in every resample: shapes (cells,), (cells, resamples).

        Args:
            values: shape (m,).
            cells: the cell of each value, shape (m,).
            n_cells: how many cells there are.
            rows: the record of each value, shape (m,).
        """
        matrix = sparse.csr_array((values, (cells, self.of_record[rows])), shape=(n_cells, self.count))
        return np.asarray(matrix.sum(1)).ravel(), np.asarray(matrix @ self.weights)

    def mean(self, values: FloatArray, rows: IntArray) -> tuple[float, FloatArray]:
        """Return the mean of values over records, as it is and in every resample, shape (resamples,)."""
        one = np.zeros(len(rows), dtype=np.int64)
        total, totals = self.sums(values, one, 1, rows)
        n, ns = self.sums(np.ones(len(rows)), one, 1, rows)
        with np.errstate(invalid="ignore", divide="ignore"):
            return float(total[0] / n[0]), np.asarray(totals[0] / ns[0], dtype=np.float64)


def patients_of(names: npt.NDArray[np.object_], *, resamples: int = RESAMPLES, seed: int = 7) -> Patients:
    """Return whose the records are.

    Args:
        names: the patient of each record, shape (n,).
        resamples: how many are drawn.
        seed: of the draw.
    """
    codes = np.unique(names.astype(str), return_inverse=True)[1].astype(np.int64)
    weights = np.concatenate(list(weight_chunks(int(codes.max()) + 1, resamples, seed=seed)), axis=1)
    return Patients(of_record=codes, weights=weights)


def ends(resampled: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the percentile interval along the last axis; a resample that leaves a figure undefined is left out."""
    low, high = np.nanquantile(resampled, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=-1)
    return np.asarray(low, dtype=np.float64), np.asarray(high, dtype=np.float64)
