"""The answer about a new patient: how it went with similar ones, told of many together, and how similar they are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from primum.errors import InputError
from primum.evidence.intervals import LEVEL, wilson_bounds
from primum.later import special
from primum.transparency.grouping import FEWEST, FloatArray, IntArray, distances
from primum.transparency.similar.groups import LEVELS, Groups

PATIENTS = 25
"""Similar patients that an answer is about, at least."""
FAR = 0.95
"""Share of usual patients that are nearer to their nearest group, from which on an answer is called far."""
_CRITICAL = NormalDist().inv_cdf((1 + LEVEL) / 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of similar patients."""

    name: str | None
    """The class or label; None for a number."""
    value: float
    """Share of the patients, or the mean of their numbers."""
    low: float
    high: float
    """The interval: Wilson's for a share, Student's t for a mean."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A training record, for a viewer who may see records."""

    id: str
    distance: float
    """In standard deviations of the features."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarPatients:
    """What is told of the training patients most like one new patient."""

    patients: int
    """How many the answer is about."""
    outcomes: tuple[Outcome, ...]
    distance: float
    """Distance from the nearest group, in standard deviations of the model's features."""
    usual: float
    """Median of that distance over patients who were not grouped."""
    nearer: float
    """Share of those patients who are nearer to their nearest group; 0.05 to 0.95, as nothing beyond is kept."""
    records: tuple[Known, ...] = ()
    """The nearest training records; empty unless the viewer may see records."""

    @property
    def far(self) -> bool:
        """Whether nobody in training was like this patient: then the outcomes are of others."""
        return self.nearer >= FAR


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRecords:
    """The training records themselves: for who holds them and may see them, never part of a Release."""

    ids: npt.NDArray[np.object_]
    """Shape (n,)."""
    features: FloatArray
    """What the model makes of each, shape (n, width)."""


def similar_patients(
    folder: Path | str,
    features: FloatArray,
    *,
    patients: int = PATIENTS,
    training: TrainingRecords | None = None,
    viewer_may_see_records: bool = False,
) -> list[SimilarPatients] | None:
    """Return what became of the training patients most like each new one, told of many together.

    Args:
        folder: of a model, as a run or a Release holds it (`model/`).
        features: what that model makes of the new records, shape (n, width).
        patients: fewest similar patients that an answer is about, at least five.
        training: the training records; only with `viewer_may_see_records`.
        viewer_may_see_records: name the nearest training records too. Somebody has to have decided that the viewer may
            see them; a Release holds none.
    Returns:
        One answer a record; None where the model was saved without groups of patients.
    Raises:
        InputError: `patients` is below five, the features are of another model, or records are asked for without them,
            or given to a viewer who may not see them.
    """
    if patients < FEWEST:
        raise InputError(f"patients: expected {FEWEST} or more, got {patients}; fewer would tell of single patients.")
    if viewer_may_see_records != (training is not None):
        raise InputError(
            "training: records are shown only where they are given and viewer_may_see_records is True; set both."
        )
    groups = Groups.load(Path(folder))
    if groups is None:
        return None
    found = patients_like(groups, features, patients=patients)
    if training is None:
        return found
    rows, away = nearest_records(groups, np.asarray(features, dtype=np.float64), training.features, count=patients)
    return [
        SimilarPatients(
            patients=one.patients,
            outcomes=one.outcomes,
            distance=one.distance,
            usual=one.usual,
            nearer=one.nearer,
            records=tuple(Known(id=str(training.ids[row]), distance=float(d)) for row, d in zip(own, far, strict=True)),
        )
        for one, own, far in zip(found, rows.tolist(), away.tolist(), strict=True)
    ]


def nearest_records(
    groups: Groups, features: FloatArray, others: FloatArray, *, count: int
) -> tuple[IntArray, FloatArray]:
    """Return the exact nearest of other records, nearest first, and how far they are, each of shape (n, count).

    Args:
        groups: say how features are standardised.
        features: of the records asked about, shape (n, width).
        others: of those that are searched, shape (m, width).
        count: how many; all where there are fewer.
    """
    away = distances((features - groups.centre) / groups.scale, (others - groups.centre) / groups.scale)
    rows = np.argsort(away, axis=1, kind="stable")[:, :count].astype(np.int64)
    return rows, np.take_along_axis(away, rows, axis=1)


def chosen_groups(groups: Groups, away: FloatArray, patients: int) -> list[IntArray]:
    """Return, for each record, the nearest groups that have so many patients together, nearest first.

    Args:
        groups: the groups.
        away: distance from each, shape (n, groups).
        patients: fewest patients together; all groups where they have fewer.
    """
    order = np.argsort(away, axis=1, kind="stable").astype(np.int64)
    enough = (np.cumsum(groups.patients[order], axis=1) < patients).sum(1) + 1
    return [own[:count] for own, count in zip(order, enough.tolist(), strict=True)]


def patients_like(groups: Groups, features: FloatArray, *, patients: int = PATIENTS) -> list[SimilarPatients]:
    """Return what `similar_patients` returns, from groups that were opened before.

    Args:
        groups: of the model.
        features: what that model makes of the new records, shape (n, width).
        patients: fewest similar patients that an answer is about; all where the groups have fewer.
    """
    if not len(features):
        return []
    away = groups.away(features)
    found = []
    for row, own in enumerate(chosen_groups(groups, away, patients)):
        nearest = float(away[row].min())
        found.append(
            SimilarPatients(
                patients=int(groups.patients[own].sum()),
                outcomes=_outcomes(groups, own),
                distance=nearest,
                usual=float(np.median(groups.usual)),
                nearer=float(np.interp(nearest, groups.usual, LEVELS)),
            )
        )
    return found


def _outcomes(groups: Groups, own: IntArray) -> tuple[Outcome, ...]:
    n = int(groups.patients[own].sum())
    sums = groups.outcomes[own].sum(0)
    if groups.kind == "number":
        mean = float(sums[0]) / n
        error = float(np.sqrt(max(float(sums[1]) / n - mean**2, 0.0) / (n - 1)))
        half = float(special.stdtrit(n - 1, (1 + LEVEL) / 2)) * error
        return (Outcome(name=None, value=mean, low=mean - half, high=mean + half),)
    hits = np.clip(sums, 0.0, n)
    shares, (low, high) = hits / n, wilson_bounds(hits, np.full(len(hits), float(n)), critical=_CRITICAL)
    return tuple(
        Outcome(name=name, value=float(shares[c]), low=float(low[c]), high=float(high[c]))
        for c, name in enumerate(groups.classes)
    )
