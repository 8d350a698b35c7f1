"""Folds of the calibration split: what is fitted on the others is looked at on the one left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from primum.evidence.predictions import IntArray, Predictions
from primum.evidence.resampling import units_of

FOLDS = 10
SEED = 7


def folds_of(table: Predictions) -> Iterator[tuple[IntArray, IntArray]]:
    """Yield the rows that are fitted on and those that are looked at; one patient's rows stay together."""
    units, n_units = units_of(table)
    fold = np.random.default_rng(SEED).permutation(n_units)[units] % min(FOLDS, max(n_units, 1))
    for one in range(int(fold.max(initial=-1)) + 1):
        yield np.flatnonzero(fold != one), np.flatnonzero(fold == one)


def out_of_fold(table: Predictions, fit: Callable[[Predictions], Callable[[Predictions], Predictions]]) -> Predictions:
    """Return the table as answered by what had not seen its rows: fitted on the other folds, applied to each fold.

    Conformal sets and thresholds of abstention rest on these answers, so that calibration and they may share one split:
    no record is scored by numbers that were fitted on it (cross-conformal prediction; Vovk 2015, Ann. Math. Artif.
    Intell. 74, and Barber et al. 2021, Annals of Statistics 49(1)).
    """
    parts: list[Predictions] = []
    places: list[npt.NDArray[np.int64]] = []
    for rest, held in folds_of(table):
        parts.append(fit(table.take(rest))(table.take(held)))
        places.append(held)
    return joined(parts).take(np.argsort(np.concatenate(places), kind="stable"))


def joined(parts: list[Predictions]) -> Predictions:
    """Return tables of the same model one after the other."""
    first = parts[0]
    given = all(one.probabilities is not None for one in parts)
    return Predictions(
        ids=np.concatenate([one.ids for one in parts]),
        split=np.concatenate([one.split for one in parts]),
        target_type=first.target_type,
        classes=first.classes,
        target=np.concatenate([one.target for one in parts]),
        predicted=np.concatenate([one.predicted for one in parts]),
        probabilities=np.concatenate([p for one in parts if (p := one.probabilities) is not None]) if given else None,
        groups={name: np.concatenate([one.groups[name] for one in parts]) for name in first.groups},
        site=None if first.site is None else np.concatenate([one.site for one in parts if one.site is not None]),
        patient=None
        if first.patient is None
        else np.concatenate([one.patient for one in parts if one.patient is not None]),
    )
