"""What is measured of groups of similar patients: how small they are, what they cost, and whom they give away."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from primum.cohort import Cohort
from primum.evidence.finding import Finding
from primum.evidence.intervals import LEVEL, area_interval, delong
from primum.evidence.sufficiency import ENOUGH_FOR_A_MEAN
from primum.later import stats
from primum.transparency.grouping import FloatArray
from primum.transparency.similar.answer import PATIENTS, chosen_groups, nearest_records
from primum.transparency.similar.groups import Groups, by_patient
from primum.transparency.similar.metrics import LOSS, MEMBERS, SMALLEST
from primum.transparency.telling import figure

_COUNT = "count of the patients of every group"
_MEAN = "mean over patients; Student's t interval, for this figure alone"
_AREA = "Mann-Whitney; DeLong's variance on the logit scale (DeLong et al. 1988)"
_MOST = 2000
"""Patients of each split that are compared: each with every training patient."""


def group_findings(
    groups: Groups, cohort: Cohort, split: npt.NDArray[np.object_], features: FloatArray, *, seed: int
) -> list[Finding]:
    """Return the size of the smallest group, what groups cost against exact neighbours, and whether they give away.

    Args:
        groups: of the cohort's training patients.
        cohort: the records.
        split: name of each record's split, shape (n,).
        features: what the model makes of each record, shape (n, width).
        seed: of the patients that are drawn where there are very many.
    """
    train = by_patient(cohort, np.flatnonzero(split == "train"), features)
    test, _ = by_patient(cohort, np.flatnonzero(split == "test"), features)
    smallest = int(groups.patients.min())
    found = [
        figure(
            SMALLEST,
            float(smallest),
            None,
            int(groups.patients.sum()),
            split="train",
            enough=True,
            method=_COUNT,
            detail={"groups": len(groups.patients), "of_one_outcome": _of_one_outcome(groups)},
        )
    ]
    if len(test) >= 2:
        found += _compared(groups, train, _some(test, seed), seed)
    return found


def _some(points: FloatArray, seed: int) -> FloatArray:
    if len(points) <= _MOST:
        return points
    return points[np.sort(np.random.default_rng([seed, 29]).choice(len(points), _MOST, replace=False))]


def _of_one_outcome(groups: Groups) -> float | None:
    """Return the share of groups all of whose patients are in one class; None for other targets."""
    if groups.kind != "classes":
        return None
    return float((groups.outcomes.max(1) >= groups.patients - 1e-6).mean())


def _compared(groups: Groups, train: tuple[FloatArray, FloatArray], test: FloatArray, seed: int) -> Iterator[Finding]:
    points, outcomes = train
    away = groups.away(test)
    lost, shared = np.empty(len(test)), np.empty(len(test))
    chosen = chosen_groups(groups, away, PATIENTS)
    most = max(int(groups.patients[own].sum()) for own in chosen)
    rows, _ = nearest_records(groups, test, points, count=most)
    spread = max(float(outcomes[:, 0].std()), 1e-12)
    for row, own in enumerate(chosen):
        n = int(groups.patients[own].sum())
        told, exact = groups.outcomes[own].sum(0) / n, outcomes[rows[row, :n]].mean(0)
        if groups.kind == "number":
            lost[row] = abs(told[0] - exact[0]) / spread
        else:
            lost[row] = np.abs(told - exact).sum() / 2 if groups.kind == "classes" else np.abs(told - exact).mean()
        shared[row] = abs(float(told.max() - exact.max()))
    yield _mean(lost, {"patients": PATIENTS, "most": float(lost.max()), "likeliest_differs_by": float(shared.mean())})
    near = np.concatenate([groups.away(_some(points, seed)).min(1), away.min(1)])
    inside = np.arange(len(near)) < len(near) - len(test)
    area, influence = delong(-near, inside)
    fewest = int(min(inside.sum(), (~inside).sum()))
    value, low, high = area_interval(area, float(np.sqrt((influence**2).sum())), fewest)
    yield figure(
        MEMBERS, value, (low, high), len(near), split="train", enough=fewest >= ENOUGH_FOR_A_MEAN, method=_AREA,
        detail={"train": int(inside.sum()), "test": len(test)},
    )  # fmt: skip


def _mean(values: FloatArray, detail: dict[str, object]) -> Finding:
    n, value = len(values), float(values.mean())
    half = float(stats.t.ppf((1 + LEVEL) / 2, n - 1) * values.std(ddof=1) / np.sqrt(n))
    ends = (max(value - half, 0.0), value + half)
    return figure(LOSS, value, ends, n, split="test", enough=n >= ENOUGH_FOR_A_MEAN, method=_MEAN, detail=detail)
