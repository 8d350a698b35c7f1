"""How far a probability holds: for every class an interval of the share that truly is in it.

The patients of the calibration split are ordered by the model's own probability of a class, as it was before
calibration, and cut into groups of ten to nineteen. What happened to the groups just below a probability bounds the
true share there from below, what happened to those just above it from above: supposing that the share never falls where
the probability rises, a sum of their outcomes is stochastically no larger, or no smaller, than a binomial one at that
share, so Clopper and Pearson's exact limits hold for it. One, two, four, eight … neighbouring groups are looked at and
the narrowest limit is taken; the error is divided by how many were looked at and by the classes, so that all intervals
of one answer hold together.

Source: Dimitriadis, Dümbgen, Henzi, Puke & Ziegel 2023, Biometrika 110(3):663-680 (honest calibration assessment: the
same limits under the same assumption); Clopper & Pearson 1934, Biometrika 26. Theirs hold at all probabilities
together; these hold at any one, which is what one patient is told, and are narrower for it.

Probabilities before calibration, because calibration is fitted on the same patients: of calibrated ones even those that
had not seen the patient (cross-fitted) lean away from his outcome, and such intervals held a flat truth in 78 % instead
of 95 % (benchmarks/intervals.py). So nothing is supposed of how well the model is calibrated.

What breaks the promise: patients of another kind than the calibration split's, and a share that falls where the model's
probability rises. What is kept is made of sums over ten patients or more, at places rounded to a grid: no patient's
probability is in it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from primum.cohort.table1 import SMALL
from primum.evidence.intervals import LEVEL
from primum.evidence.predictions import FloatArray, Predictions
from primum.evidence.resampling import units_of
from primum.evidence.sufficiency import ENOUGH_FOR_A_MEAN
from primum.files import read_saved
from primum.later import stats
from primum.safety.calibration.scores import BoolArray, Kind, sigmoid, truth_of
from primum.safety.folds import SEED

RELIABILITY_FILE = "reliability.json"
"""Its name in the model's folder."""
FEWEST_TO_TELL = ENOUGH_FOR_A_MEAN
"""Patients of the calibration split below which nothing is told: three groups."""
GROUP = 10
"""Patients of a group, at least."""
_GRID = np.concatenate([[0.0], sigmoid(np.arange(-80, 81) / 10), [1.0]])
"""Places that the ends of groups are rounded to: steps of a tenth in log odds, at most 0.025 in probability."""
_DIGITS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """Bounds of one class's share; each jumps where a group ends."""

    low_from: tuple[float, ...]
    """Probabilities from which on each lower bound holds, rising; below the first it is 0."""
    low: tuple[float, ...]
    high_to: tuple[float, ...]
    """Probabilities up to which each upper bound holds, rising; above the last it is 1."""
    high: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliability:
    """What the calibration split says of the true share at every probability."""

    classes: tuple[str, ...]
    level: float
    """Confidence with which all intervals of one answer hold."""
    patients: int | None
    """Of the calibration split; None for fewer than five."""
    steps: tuple[Steps, ...]
    """Of each class; empty where the patients are too few to tell."""

    @property
    def enough(self) -> bool:
        """Whether there were patients enough to tell."""
        return bool(self.steps)

    def intervals(self, probabilities: FloatArray) -> FloatArray | None:
        """Return the interval of each class's true share, shape (n, k, 2); None where patients were too few to tell.

        Args:
            probabilities: the model's own, before calibration, shape (n, k).
        """
        if not self.steps:
            return None
        found = np.empty((*probabilities.shape, 2))
        for column, own in enumerate(self.steps):
            given = probabilities[:, column]
            low = np.array([0.0, *own.low])[np.searchsorted(own.low_from, given, side="right")]
            high = np.array([*own.high, 1.0])[np.searchsorted(own.high_to, given, side="left")]
            found[:, column, 0], found[:, column, 1] = np.minimum(low, high), np.maximum(low, high)
        return found

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {"format": 1, **asdict(self)}

    @classmethod
    def load(cls, model_folder: Path) -> Reliability | None:
        """Return what was saved with a model; None where nothing was.

        Raises:
            InputError: the file is damaged.
        """
        return read_saved(model_folder / RELIABILITY_FILE, cls._from, what="a reliability")

    @classmethod
    def _from(cls, given: dict[str, Any]) -> Reliability:
        steps = tuple(Steps(**{name: tuple(values) for name, values in one.items()}) for one in given.pop("steps"))
        if steps and len(steps) != len(given["classes"]):
            raise ValueError("bounds of other classes")
        return cls(**{**given, "classes": tuple(given["classes"]), "steps": steps})


def fit_reliability(table: Predictions, *, level: float = LEVEL) -> Reliability:
    """Return what patients say of the true share at every probability.

    Of a patient with several records one is drawn, so that outcomes are independent.

    Args:
        table: of the calibration split, as the model answered before calibration.
        level: confidence with which all intervals of one answer hold together.
    """
    if table.probabilities is None:
        raise ValueError("a number has no probabilities")
    kind: Kind = "labels" if table.target_type == "labels" else "classes"
    n = units_of(table)[1] if len(table) else 0
    told: dict[str, Any] = {"classes": table.classes, "level": level, "patients": n if n >= SMALL else None}
    if n < FEWEST_TO_TELL:
        return Reliability(**told, steps=())
    rows = _one_each(table)
    shown, truth = table.probabilities[rows], truth_of(table.target[rows].astype(np.int64), kind, len(table.classes))
    if kind == "classes" and shown.shape[1] == 2:
        second = _steps(shown[:, 1], truth[:, 1], miss=1 - level)
        return Reliability(**told, steps=(_mirrored(second), second))
    miss = (1 - level) / shown.shape[1]
    return Reliability(**told, steps=tuple(_steps(p, t, miss=miss) for p, t in zip(shown.T, truth.T, strict=True)))


def _one_each(table: Predictions) -> npt.NDArray[np.int64]:
    """Return one row of every patient, in an order that no outcome can have decided."""
    units, _ = units_of(table)
    order = np.random.default_rng([SEED, 31]).permutation(len(table))
    return np.asarray(order[np.sort(np.unique(units[order], return_index=True)[1])])


def _steps(given: FloatArray, hits: BoolArray, *, miss: float) -> Steps:
    order = np.argsort(given, kind="stable")
    groups = np.array_split(order, len(order) // GROUP)
    n, k = np.array([len(own) for own in groups]), np.array([int(hits[own].sum()) for own in groups])
    starts = _GRID[np.searchsorted(_GRID, [given[own[0]] for own in groups], side="right") - 1]
    ends = _GRID[np.searchsorted(_GRID, [given[own[-1]] for own in groups], side="left")]
    low = _lower(n, k, miss / 2)
    high = 1 - _lower(n[::-1], (n - k)[::-1], miss / 2)[::-1]
    scale = 10**_DIGITS
    return Steps(
        low_from=tuple(ends.tolist()),
        low=tuple((np.floor(low * scale) / scale).tolist()),
        high_to=tuple(starts.tolist()),
        high=tuple((np.ceil(high * scale) / scale).tolist()),
    )


def _lower(n: npt.NDArray[np.int64], k: npt.NDArray[np.int64], miss: float) -> FloatArray:
    """Return the largest exact lower limit that a group and those just before it give, shape (groups,)."""
    sizes = 2 ** np.arange(int(np.log2(len(n))) + 1)
    patients, hits = (np.concatenate([[0], np.cumsum(one)]) for one in (n, k))
    last = np.arange(1, len(n) + 1)
    found = np.zeros(len(n))
    for size in sizes.tolist():
        there = last[size - 1 :]
        out_of, of = patients[there] - patients[there - size], hits[there] - hits[there - size]
        limit = stats.beta.ppf(miss / len(sizes), np.maximum(of, 1), out_of - of + 1)
        found[size - 1 :] = np.maximum(found[size - 1 :], np.where(of > 0, limit, 0.0))
    return found


def _mirrored(other: Steps) -> Steps:
    """Return the bounds of the first of two classes from those of the second."""
    return Steps(
        low_from=tuple(1 - one for one in reversed(other.high_to)),
        low=tuple(round(1 - one, _DIGITS) for one in reversed(other.high)),
        high_to=tuple(1 - one for one in reversed(other.low_from)),
        high=tuple(round(1 - one, _DIGITS) for one in reversed(other.low)),
    )
