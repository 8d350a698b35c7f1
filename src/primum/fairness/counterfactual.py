"""Counterfactual fairness: what a model says when the same record is of another sex, age band or name.

Only what a record says is exchanged; what sex or age would have changed in the patient's body or care is not. So a
shift shows that the model uses the attribute, not that it is wrong to: for a disease that differs between the sexes it
may be right. A record in which nothing can be swapped, or only into nonsense, is left out and counted.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from primum.cohort import Cohort, Records, Swap, Swapped, find_swaps, swapped_records, take
from primum.cohort.columns import coded
from primum.evidence.finding import Finding
from primum.evidence.intervals import LEVEL, wilson
from primum.evidence.metrics import METRICS
from primum.evidence.split_names import measured_splits
from primum.evidence.sufficiency import ENOUGH_FOR_A_MEAN, ENOUGH_FOR_A_SHARE
from primum.fairness.counterfactual_metrics import FLIP_RATE, SHIFT
from primum.later import stats

logger = logging.getLogger(__name__)

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
TextArray = npt.NDArray[np.object_]
_FLIPS = "share of patients with a changed decision; Wilson's score interval (Wilson 1927), for this comparison alone"
_SHIFTS = "mean over patients of the change; Student's t interval, for this comparison alone"


class Predictor(Protocol):
    """What is asked: any model of primum's, or another that answers records."""

    def predict(self, records: Records) -> FloatArray:
        """Return probabilities of shape (n, k), or numbers of shape (n,), in the records' order."""


class Decisions(Protocol):
    """How probabilities become decisions where it is not the largest one that decides."""

    @property
    def attribute(self) -> str:
        """The sensitive attribute that the decision depends on."""

    def decide(self, probabilities: FloatArray, levels: TextArray) -> tuple[IntArray, FloatArray]:
        """Return the decisions, coded as the target, and the probabilities to be shown."""


class Calibration(Protocol):
    """How a model's probabilities are corrected before anything is decided."""

    def apply(self, probabilities: FloatArray, sites: TextArray | None = None) -> FloatArray:
        """Return the corrected probabilities of records from these hospitals."""


@dataclass(frozen=True, slots=True)
class _Model:
    """The model in use: what it answers, corrected and decided."""

    predictor: Predictor
    calibration: Calibration | None
    decisions: Decisions | None


@dataclass(frozen=True, slots=True)
class _Answers:
    decided: IntArray | None
    """Coded as the target, shape (n,) or (n, k); None for a number."""
    shown: FloatArray
    """Shape (n, k), or (n, 1) for a number."""


@dataclass(frozen=True, slots=True)
class _Moved:
    """Records that changed, in one direction, before and after."""

    slice_: Mapping[str, str]
    versus: Mapping[str, str]
    split: str
    patients: IntArray
    before: _Answers
    after: _Answers
    detail: Mapping[str, Any]


def counterfactual_findings(
    predictor: Predictor,
    cohort: Cohort,
    split: TextArray,
    *,
    calibration: Calibration | None = None,
    decisions: Decisions | None = None,
    most: int = 2000,
    seed: int = 7,
) -> list[Finding]:
    """Return how decisions and predictions move on test and external when a sensitive attribute alone is exchanged.

    One comparison for each direction: slice {sex: Female} versus {sex: Male} are the patients recorded as female, had
    they been recorded as male; for names {name: as written}. Where nothing of an attribute can be swapped there is no
    finding and the log says so.

    Args:
        predictor: the model.
        cohort: the records and their attributes.
        split: name of each record's split, shape (n,).
        calibration: corrects the probabilities before anything is decided.
        decisions: decisions that depend on a sensitive attribute, which is then exchanged there too.
        most: records of a split that are asked about, since each swap costs a prediction; of more, so many are drawn.
        seed: of that draw.
    Source: Kusner et al. 2017, NeurIPS; for text Garg et al. 2019, AIES.
    """
    findings: list[Finding] = []
    swaps = find_swaps(cohort)
    if not swaps:
        logger.info("counterfactual_none reason=no attribute of the study stands in the text or the vitals")
    for name in measured_splits(split) if swaps else ():
        rows = _drawn(np.flatnonzero(split == name), most, seed)
        if len(rows):
            findings += _of_split(_Model(predictor, calibration, decisions), take(cohort, rows), name, swaps)
    return findings


def _drawn(rows: IntArray, most: int, seed: int) -> IntArray:
    if len(rows) <= most:
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))


def _of_split(model: _Model, part: Cohort, split: str, swaps: list[Swap]) -> list[Finding]:
    before: _Answers | None = None
    findings: list[Finding] = []
    for swap in swaps:
        swapped = swapped_records(part, swap)
        rows = np.flatnonzero(swapped.changed)
        if not len(rows):
            logger.info("counterfactual_none attribute=%s split=%s reason=nothing to swap", swap.attribute, split)
            continue
        if before is None:
            before = _asked(model, part, part.sensitive)
        levels = dict(part.sensitive)
        if swapped.groups is not None:
            levels[swap.attribute] = swapped.groups
        other = take(replace(part, records=swapped.records), rows)
        after = _asked(model, other, {name: values[rows] for name, values in levels.items()})
        for moved in _directions(part, swap, swapped, split, before, after):
            findings += _findings(moved, part)
    return findings


def _asked(model: _Model, cohort: Cohort, levels: Mapping[str, TextArray]) -> _Answers:
    answers = np.asarray(model.predictor.predict(cohort.records), dtype=np.float64)
    if cohort.target.kind == "number":
        return _Answers(None, answers.reshape(len(answers), 1))
    if model.calibration is not None:
        answers = model.calibration.apply(answers, cohort.site)
    if model.decisions is not None:
        return _Answers(*model.decisions.decide(answers, levels[model.decisions.attribute]))
    decided = answers.argmax(1) if cohort.target.kind == "classes" else answers >= 0.5
    return _Answers(decided.astype(np.int64), answers)


def _directions(
    part: Cohort, swap: Swap, swapped: Swapped, split: str, before: _Answers, after: _Answers
) -> Iterator[_Moved]:
    """Yield the changed records of each recorded group; those of unknown group as a direction of their own."""
    groups = part.sensitive.get(swap.attribute)
    levels = ["as written"] if groups is None else sorted(set(groups[swapped.changed].tolist()))
    rows = np.flatnonzero(swapped.changed)
    patients = coded(part.patients)[0]
    for level in levels:
        of_level = np.ones(len(part), dtype=bool) if groups is None else np.asarray(groups == level, dtype=bool)
        mine = np.flatnonzero(of_level[rows])
        skipped = int((swapped.skipped & of_level).sum())
        yield _Moved(
            slice_={swap.attribute: level},
            versus={swap.attribute: swap.to.get(level, "another")},
            split=split,
            patients=patients[rows[mine]],
            before=_chosen(before, rows[mine]),
            after=_chosen(after, mine),
            detail={
                "kind": swap.kind,
                "records": len(mine),
                "skipped": skipped,
                "unchanged": int(of_level.sum()) - len(mine) - skipped,
            },
        )


def _chosen(answers: _Answers, rows: IntArray) -> _Answers:
    return _Answers(None if answers.decided is None else answers.decided[rows], answers.shown[rows])


def _findings(moved: _Moved, part: Cohort) -> list[Finding]:
    target = part.target
    findings = [] if moved.before.decided is None else [_flips(moved, target.classes)]
    classes: list[tuple[int, str | None]] = [(0, None)] if target.kind == "number" else [*enumerate(target.classes)]
    if target.kind == "classes" and len(classes) == 2:
        classes = classes[1:]
    return findings + [_shift(moved, place, name) for place, name in classes]


def _flips(moved: _Moved, classes: tuple[str, ...]) -> Finding:
    before, after = moved.before.decided, moved.after.decided
    assert before is not None and after is not None
    differs = before != after
    flipped = differs.any(axis=1) if differs.ndim == 2 else differs
    units = np.unique(moved.patients)
    hits, n = len(np.unique(moved.patients[flipped])), len(units)
    low, high = wilson(hits, n)
    gained = (differs & (after > before)).sum(axis=0) if differs.ndim == 2 else _counts(after[flipped], len(classes))
    became = {name: int(count) for name, count in zip(classes, gained, strict=True) if count}
    return _finding(
        moved,
        metric=FLIP_RATE,
        value=hits / n,
        low=low,
        high=high,
        n=n,
        enough=n >= ENOUGH_FOR_A_SHARE,
        method=_FLIPS,
        detail={**moved.detail, "flipped": hits, "became": became},
    )


def _counts(codes: IntArray, k: int) -> IntArray:
    return np.bincount(codes, minlength=k).astype(np.int64)


def _shift(moved: _Moved, place: int, class_: str | None) -> Finding:
    changes = moved.after.shown[:, place] - moved.before.shown[:, place]
    by_patient = _means(changes, moved.patients)
    n, value = len(by_patient), float(by_patient.mean())
    half = float("nan")
    if n > 1:
        half = float(stats.t.ppf((1 + LEVEL) / 2, n - 1) * by_patient.std(ddof=1) / np.sqrt(n))
    return _finding(
        moved,
        metric=SHIFT,
        class_=class_,
        value=value,
        low=value - half,
        high=value + half,
        n=n,
        enough=n >= ENOUGH_FOR_A_MEAN,
        method=_SHIFTS,
        detail={**moved.detail, "mean_absolute": float(_means(np.abs(changes), moved.patients).mean())},
    )


def _means(values: FloatArray, patients: IntArray) -> FloatArray:
    _, place = np.unique(patients, return_inverse=True)
    return np.bincount(place, weights=values) / np.bincount(place)


def _finding(moved: _Moved, *, metric: str, low: float, high: float, **more: Any) -> Finding:
    known = bool(np.isfinite(low))
    return Finding(
        pillar="fairness",
        metric=metric,
        low=low if known else None,
        high=high if known else None,
        level=LEVEL if known else None,
        slice=moved.slice_,
        versus=moved.versus,
        split=moved.split,
        reference=METRICS.get(metric).reference,
        **more,
    )
