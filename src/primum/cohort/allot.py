"""Dividing one stratum's patients over the splits."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]


def keyed_order(patients: Sequence[str], seed: int) -> IntArray:
    """Return the order of patients by a hash of seed and id, so that neither file order nor n plays a part."""
    key = str(seed).encode()
    digests = [hashlib.blake2b(patient.encode(), digest_size=16, key=key).digest() for patient in patients]
    return np.argsort(np.array(digests, dtype="S16"), kind="stable").astype(np.int64)


def quota(n: int, fractions: npt.NDArray[np.float64], carry: npt.NDArray[np.float64], least: IntArray) -> IntArray:
    """Return how many of n patients each split receives.

    Args:
        n: patients of the stratum.
        fractions: share of each split, summing to 1; shape (k,).
        carry: what earlier strata left each split short of (positive) or gave it too much; shape (k,).
        least: how many each split must receive where n suffices for all of them; shape (k,).
    Source: largest-remainder apportionment (Hamilton), carried from stratum to stratum so that the totals of small
        strata still follow the fractions.
    """
    ideal = n * fractions + carry
    start = least if least.sum() <= n else np.zeros_like(least)
    given = np.maximum(start, np.floor(np.clip(ideal, 0, None) + 1e-9).astype(np.int64))
    given[fractions == 0] = 0
    while given.sum() > n:
        spare = np.where(given > start, given - ideal, -np.inf)
        given[int(np.argmax(spare))] -= 1
    while given.sum() < n:
        short = np.where(fractions > 0, ideal - given, -np.inf)
        given[int(np.argmax(short))] += 1
    return given
