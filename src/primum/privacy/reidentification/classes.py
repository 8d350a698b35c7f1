"""Classes of look-alikes: the patients of a cohort who share every quasi-identifier."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from primum.evidence.predictions import IntArray, TextArray
from primum.evidence.slices import coded


@dataclass(frozen=True, slots=True, kw_only=True)
class LookAlikes:
    """Who shares the quasi-identifiers of whom. A value that is missing is a value like any other."""

    size: IntArray
    """How many patients look like each patient, itself included, by the rarest of its records; shape (patients,)."""
    group: IntArray
    """The class of each patient's first record, shape (patients,)."""
    first: IntArray
    """The first record of each patient, shape (patients,)."""

    @property
    def class_sizes(self) -> IntArray:
        """Patients in each class, by their first record; shape (classes,), none is 0."""
        return np.unique(self.group, return_counts=True)[1].astype(np.int64)


def look_alikes(quasi: Mapping[str, TextArray], patients: TextArray) -> LookAlikes:
    """Return the classes that quasi-identifiers make of patients.

    Args:
        quasi: name -> value of each record, shape (n,); one at least.
        patients: patient of each record, shape (n,).
    """
    patient = coded(patients)[0]
    key = np.zeros(len(patients), dtype=np.int64)
    for values in quasi.values():
        code = coded(values)[0]
        _, key = np.unique(key * (int(code.max(initial=0)) + 1) + code, return_inverse=True)
    pairs = np.unique(key * (int(patient.max(initial=0)) + 1) + patient)
    of_pair, who = np.divmod(pairs, int(patient.max(initial=0)) + 1)
    patients_of_key = np.bincount(of_pair)
    size = np.full(int(patient.max(initial=0)) + 1, len(patients), dtype=np.int64)
    np.minimum.at(size, who, patients_of_key[of_pair])
    _, first = np.unique(patient, return_index=True)
    return LookAlikes(size=size, group=key[first].astype(np.int64), first=first)


def outcomes_in_classes(alike: LookAlikes, target: npt.NDArray[np.int64]) -> tuple[IntArray, IntArray]:
    """Return the patients of each class and how many different targets they have, each of shape (classes,).

    Args:
        alike: the classes.
        target: of every record, coded: class index (n,), or labels (n, k).
    """
    own = target[alike.first]
    if own.ndim == 2:
        _, own = np.unique(own, axis=0, return_inverse=True)
    _, group = np.unique(alike.group, return_inverse=True)
    pairs = np.unique(group * (int(own.max(initial=0)) + 1) + own.ravel())
    kinds = np.bincount(pairs // (int(own.max(initial=0)) + 1))
    return np.bincount(group).astype(np.int64), kinds.astype(np.int64)
