"""Patients as the units of an attack: a patient's records are averaged, and a patient is a member or is not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from primum.evidence.predictions import FloatArray, IntArray, Predictions
from primum.evidence.resampling import units_of

MEMBERS, OTHERS = "train", "test"
"""Whom training saw, and whom it did not. Not external: another population looks like one that was not trained on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patients:
    """Whose the records of a table are, and who of them is a member."""

    units: IntArray
    """Each record's patient, shape (n,)."""
    of_member: npt.NDArray[np.bool_]
    """Whether each record was trained on, shape (n,)."""
    first: IntArray
    """The first record of each patient, shape (patients,)."""

    @classmethod
    def of(cls, table: Predictions) -> Patients:
        """Return the patients of a table that holds the records of train and test and no others."""
        units, _ = units_of(table)
        _, first = np.unique(units, return_index=True)
        return cls(units=units, of_member=np.asarray(table.split == MEMBERS, dtype=bool), first=first)

    @property
    def member(self) -> npt.NDArray[np.bool_]:
        """Whether each patient is a member, shape (patients,)."""
        return self.of_member[self.first]

    def sides(self, score: FloatArray, rows: npt.NDArray[np.bool_] | None = None) -> tuple[FloatArray, FloatArray]:
        """Return the mean score of each member and of each non-member.

        Args:
            score: of every record, shape (n,).
            rows: records that count; left out: all. A patient without any is left out.
        """
        if len(self.first) == len(self.units):
            chosen = slice(None) if rows is None else rows
            values, member = score[chosen], self.of_member[chosen]
            return values[member], values[~member]
        units, values, member = self.units, score, self.of_member
        if rows is not None:
            units, values, member = units[rows], values[rows], member[rows]
        return _means(values[member], units[member]), _means(values[~member], units[~member])


def members_and_others(predictions: Predictions) -> Predictions:
    """Return the rows of the splits train and test."""
    return predictions.take((predictions.split == MEMBERS) | (predictions.split == OTHERS))


def _means(values: FloatArray, units: IntArray) -> FloatArray:
    if not len(values):
        return values
    counts = np.bincount(units)
    there = counts > 0
    return np.asarray(np.bincount(units, weights=values)[there] / counts[there])
