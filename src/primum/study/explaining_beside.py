"""What goes beside the reasons for an answer: the smallest changes that turn it, and similar patients."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from primum.cohort import Records
from primum.cohort.build import take_records
from primum.evidence.predictions import FloatArray, IntArray
from primum.evidence.slices import SITE
from primum.fairness import SliceDecisions
from primum.safety import Calibrator
from primum.study.in_use import in_use
from primum.study.predicting_trust import Levels
from primum.study.spec import StudySpec
from primum.transparency.counterfactual import (
    Counterfactual,
    Counterfactuals,
    Decide,
    NoteChange,
    Terrain,
    VitalChange,
    counterfactuals,
)
from primum.transparency.similar import SimilarPatients, similar_patients

if TYPE_CHECKING:  # needs torch, which is imported where a model is opened
    from primum.model.predictor import Predictor


_CHUNK = 64
"""Records that are searched at once, which bounds memory: each has some hundred variants."""


def told_counterfactuals(
    run: Path, spec: StudySpec, predictor: Predictor, records: Records, *, levels: Levels
) -> list[dict[str, Any] | None]:
    """Return the smallest changes that turn each answer, as plain JSON; None where the model was saved without limits.

    Args:
        run: folder of a run or a Release.
        spec: its study.
        predictor: its model.
        records: what the model may see.
        levels: of the records' attributes, by which decisions may differ.
    """
    terrain = Terrain.load(run / "model")
    if terrain is None:
        return [None] * len(records)
    asked = spec.assess.counterfactuals
    decide = None if spec.cohort.target.type == "number" else _decider(run, spec, levels)
    more = {} if asked is None else {"most_changes": asked.most_changes}
    told: list[dict[str, Any] | None] = []
    for start in range(0, len(records), _CHUNK):
        rows = np.arange(start, min(start + _CHUNK, len(records)), dtype=np.int64)
        some = None if decide is None else partial(_of_chunk, decide, rows)
        found = counterfactuals(predictor, take_records(records, rows), terrain, decide=some, **more)
        told += [_of_record(found, row, terrain, predictor.classes) for row in range(len(rows))]
    return told


def told_similar(run: Path, features: FloatArray) -> list[dict[str, Any] | None]:
    """Return how it went with training patients like each record, as plain JSON; None where no groups were saved.

    Args:
        run: folder of a run or a Release.
        features: what its model makes of the records, shape (n, width).
    """
    found = similar_patients(run / "model", features)
    return [None] * len(features) if found is None else [_plain(one) for one in found]


def _of_chunk(decide: Decide, chunk: IntArray, answers: FloatArray, rows: IntArray) -> IntArray:
    return decide(answers, chunk[rows])


def _decider(run: Path, spec: StudySpec, levels: Levels) -> Decide:
    """Return how the run decides in use; without the columns that its decisions depend on, the likeliest class."""
    calibrator, decisions = Calibrator.load(run / "model"), SliceDecisions.load(run / "model")
    needed = {*([SITE] if calibrator is not None and calibrator.sites else [])}
    needed |= {decisions.attribute} if decisions is not None else set()
    known = levels.known() if needed else {}
    if not needed <= set(known):
        calibrator, decisions = None, None

    def decide(answers: FloatArray, rows: IntArray) -> IntArray:
        of_rows = partial(_levels_of, known, rows)
        kind = spec.cohort.target.type
        decided, _ = in_use(answers, kind=kind, calibrator=calibrator, decisions=decisions, levels=of_rows)
        return np.asarray(decided, dtype=np.int64)

    return decide


def _levels_of(known: dict[str, Any], rows: IntArray, name: str) -> Any:
    return known[name][rows] if name in known else None


def _of_record(found: Counterfactuals, row: int, terrain: Terrain, classes: tuple[str, ...]) -> dict[str, Any]:
    decided = tuple(int(code) for code in np.atleast_1d(found.decided[row])) if len(found.decided) else ()
    return {
        "decided": _name(decided, classes),
        "vitals": [_change_of(one, terrain, classes) for one in found.of_vitals[row]],
        "note": [_change_of(one, terrain, classes) for one in found.of_note[row]],
    }


def _name(decided: tuple[int, ...], classes: tuple[str, ...]) -> str | None:
    """Return what is decided, by name: a class, or the labels joined by semicolons; None for a number."""
    if not decided:
        return None
    if len(decided) == 1 and len(classes) > 1:
        return classes[decided[0]]
    return ";".join(name for name, there in zip(classes, decided, strict=True) if there)


def _change_of(one: Counterfactual, terrain: Terrain, classes: tuple[str, ...]) -> dict[str, Any]:
    answer = np.atleast_1d(one.answer)
    single = len(one.decided) == 1 and len(classes) > 1
    return {
        "changes": [_plain_change(change, terrain) for change in one.changes],
        "decided": _name(one.decided, classes),
        "answer": float(answer[one.decided[0]]) if single else float(answer[0]) if not one.decided else None,
        "distance": one.distance,
    }


def _plain_change(change: VitalChange | NoteChange, terrain: Terrain) -> dict[str, Any]:
    if isinstance(change, VitalChange):
        unit = terrain.of(change.vital).unit
        return {"vital": change.vital, "from": change.before, "to": change.after, "unit": unit}
    place = {"start": change.start, "end": change.end}
    return {"edit": change.edit, **place, "from": change.before.strip(), "to": change.after.strip()}


def _plain(one: SimilarPatients) -> dict[str, Any]:
    return {
        "patients": one.patients,
        "outcomes": [
            {"class": outcome.name, "value": outcome.value, "low": outcome.low, "high": outcome.high}
            for outcome in one.outcomes
        ],
        "distance": one.distance,
        "usual_distance": one.usual,
        "nearer": one.nearer,
        "far": one.far,
    }
