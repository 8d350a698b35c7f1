"""What counterfactuals of test records are worth: found, valid when asked again, near, plausible, within bounds."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from primum.cohort import Cohort, TextList, take
from primum.cohort.build import take_records
from primum.cohort.records import Records
from primum.evidence.finding import Finding
from primum.evidence.intervals import LEVEL, wilson
from primum.evidence.sufficiency import ENOUGH_FOR_A_MEAN, ENOUGH_FOR_A_SHARE
from primum.evidence.withholding import SMALL
from primum.later import stats
from primum.transparency.counterfactual.asking import Asked, Asker, Decide
from primum.transparency.counterfactual.found import Counterfactual, NoteChange, VitalChange
from primum.transparency.counterfactual.metrics import BREACHES, COVERAGE, DISTANCE, NAMED, PLAUSIBLE, VALIDITY
from primum.transparency.counterfactual.nearby import WITHIN, neighbour_distances
from primum.transparency.counterfactual.note import tells_of_patient, with_edits
from primum.transparency.counterfactual.searching import BUDGET, MOST, MOST_CHANGES, Counterfactuals, counterfactuals
from primum.transparency.counterfactual.terrain import Terrain
from primum.transparency.grouping import BoolArray, FloatArray, IntArray
from primum.transparency.parts import NOTE, VITALS
from primum.transparency.telling import figure

logger = logging.getLogger(__name__)

NEIGHBOUR = 5
"""The neighbour whose distance says whether a record is like the training records."""
_SHARE = "share of patients; Wilson's score interval (Wilson 1927)"
_MEAN = "mean over patients; Student's t interval, for this figure alone"
_COUNT = "count of broken promises among all changes found"
_KINDS = ("immutable", "direction", "range", "step", "level")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """Counterfactuals of test records, and what is needed to judge them."""

    terrain: Terrain
    asker: Asker
    records: Records
    patients: IntArray
    found: Counterfactuals
    training: Records


def smallest_change_findings(
    predictor: Asked,
    cohort: Cohort,
    split: npt.NDArray[np.object_],
    terrain: Terrain,
    *,
    decide: Decide | None,
    most: int = 25,
    most_changes: int = MOST_CHANGES,
    seed: int = 7,
) -> list[Finding]:
    """Return what the smallest changes of test records that change the answer are worth, for vitals and for notes.

    Args:
        predictor: the model.
        cohort: the records.
        split: name of each record's split, shape (n,).
        terrain: what may change, and what is plausible.
        decide: from probabilities and rows of the cohort to what is decided; None for a number.
        most: test records that are searched, since each costs many answers; of more, so many are drawn.
        most_changes: changes at once.
        seed: of the draw.
    """
    rows = np.flatnonzero(split == "test")
    if not len(rows):
        logger.info("counterfactuals_none reason=no records on the split test")
        return []
    if len(rows) > most:
        rows = np.sort(np.random.default_rng([seed, 31]).choice(rows, most, replace=False))
    part = take(cohort, rows)
    of_cohort: Decide | None = None if decide is None else lambda answers, own: decide(answers, rows[own])
    found = counterfactuals(
        predictor, part.records, terrain, decide=of_cohort, most=MOST, most_changes=most_changes, budget=BUDGET
    )
    judged = _Judged(
        terrain=terrain,
        asker=Asker(predictor=predictor, records=part.records, decide=of_cohort, margin=terrain.margin),
        records=part.records,
        patients=np.unique(part.patients.astype(str), return_inverse=True)[1].astype(np.int64),
        found=found,
        training=take(cohort, np.flatnonzero(split == "train")).records,
    )
    findings: list[Finding] = []
    if any(limits.movable for limits in terrain.limits):
        findings += [*_of(judged, VITALS, found.of_vitals), *_plausible(judged), *_named(judged)]
    if part.records.text is not None:
        findings += _of(judged, NOTE, found.of_note)
    return findings


def _of(judged: _Judged, kind: str, found: Sequence[tuple[Counterfactual, ...]]) -> Iterator[Finding]:
    """Yield coverage, and of those found validity, distance and broken promises."""
    versus = {"changes": kind}
    covered = _every(np.array([bool(one) for one in found]), judged.patients, how="any")
    about = {"asked": judged.found.asked, "calls": judged.found.calls, "records": len(judged.records)}
    yield _share(COVERAGE, covered, versus, detail=about)
    some = np.array([row for row, one in enumerate(found) if one], dtype=np.int64)
    if not len(some):
        return
    owner = judged.patients[some]
    again = asked_again(judged.asker, found)
    valid = np.array([all(again[row]) for row in some.tolist()])
    counts = {"changes": sum(len(one) for one in found), "valid": sum(sum(one) for one in again)}
    yield _share(VALIDITY, _every(valid, owner, how="all"), versus, detail=counts)
    nearest = np.array([found[row][0].distance for row in some.tolist()])
    numbers = [len(found[row][0].changes) for row in some.tolist()]
    yield _mean(nearest, owner, versus, detail={"mean_changes": float(np.mean(numbers))})
    broken = breaches(judged.terrain, judged.records, found)
    n = int(np.unique(owner).size)
    yield figure(
        BREACHES,
        float(sum(broken.values())),
        None,
        n,
        versus=versus,
        method=_COUNT,
        enough=True,
        detail={**broken, "fixed": list(judged.terrain.immutable())},
    )


def asked_again(asker: Asker, found: Sequence[tuple[Counterfactual, ...]]) -> list[list[bool]]:
    """Return whether each counterfactual of each record changes the answer when it is asked about by itself."""
    again: list[list[bool]] = [[] for _ in found]
    for row, some in enumerate(found):
        for one in some:
            changed = changed_record(asker.records, row, one)
            answer = np.asarray(asker.predictor.predict(changed), dtype=np.float64)
            again[row].append(bool(asker.told(answer, np.array([row], dtype=np.int64)).changed[0]))
    return again


def changed_record(records: Records, row: int, one: Counterfactual) -> Records:
    """Return one record as a counterfactual has it."""
    left = take_records(records, np.array([row], dtype=np.int64))
    vitals, edits = dict(left.vitals), []
    for change in one.changes:
        if isinstance(change, VitalChange):
            values = vitals[change.vital].values.copy()
            values[0] = change.after
            vitals[change.vital] = replace(vitals[change.vital], values=values)
        else:
            edits.append(change)
    text = left.text
    if edits and text is not None:
        text = TextList([with_edits(text.take([0])[0] or "", edits)])
    return replace(left, vitals=vitals, text=text)


def breaches(terrain: Terrain, records: Records, found: Sequence[tuple[Counterfactual, ...]]) -> Counter[str]:
    """Return how many changes break which promise: immutable, direction, range, step, level; all that there are."""
    broken = Counter(dict.fromkeys(_KINDS, 0))
    texts = [] if records.text is None else records.text.take(np.arange(len(records)))
    for row, some in enumerate(found):
        for one in some:
            edits: list[NoteChange] = []
            for change in one.changes:
                if isinstance(change, VitalChange):
                    broken.update(terrain.of(change.vital).breaches(change.before, change.after))
                else:
                    edits.append(change)
            if edits:
                text = texts[row] or ""
                broken["immutable"] += tells_of_patient(with_edits(text, edits)) != tells_of_patient(text)
    return broken


def _plausible(judged: _Judged) -> Iterator[Finding]:
    """Yield how many changed records are near training records, told by these themselves and not by their means."""
    found = judged.found.of_vitals
    some = [row for row, one in enumerate(found) if one]
    if not some or judged.terrain.nearby is None:
        return
    coordinates = judged.terrain.coordinates
    training = coordinates.of(judged.training.vitals, len(judged.training))
    usual = neighbour_distances(training, training, k=NEIGHBOUR, same=True)
    limit = float(np.quantile(usual, WITHIN))
    like = []
    for row in some:
        points = [coordinates.of(changed_record(judged.records, row, one).vitals, 1) for one in found[row]]
        like.append(bool((neighbour_distances(np.concatenate(points), training, k=NEIGHBOUR) <= limit).all()))
    owner = judged.patients[np.array(some, dtype=np.int64)]
    yield _share(PLAUSIBLE, _every(np.array(like), owner, how="all"), {"changes": VITALS}, detail={})


def _named(judged: _Judged) -> Iterator[Finding]:
    """Yield how often the nearest change names each vital, over the patients for whom one was found."""
    found = judged.found.of_vitals
    some = np.array([row for row, one in enumerate(found) if one], dtype=np.int64)
    if not len(some):
        return
    for limits in judged.terrain.limits:
        names = np.array([limits.name in found[row][0].places() for row in some.tolist()])
        by_patient = _every(names, judged.patients[some], how="any")
        if by_patient.sum() >= SMALL:
            yield _share(NAMED, by_patient, {"vital": limits.name}, detail={})


def _every(values: BoolArray, owner: IntArray, *, how: str) -> BoolArray:
    """Return one value a patient: whether any, or all, of the patient's records have it."""
    _, place = np.unique(owner, return_inverse=True)
    hits, counts = np.bincount(place, weights=values), np.bincount(place)
    return np.asarray(hits > 0 if how == "any" else hits == counts)


def _share(metric: str, by_patient: BoolArray, versus: dict[str, str], *, detail: dict[str, Any]) -> Finding:
    n, hits = len(by_patient), float(by_patient.sum())
    ends, enough = wilson(hits, n), n >= ENOUGH_FOR_A_SHARE
    return figure(metric, hits / n, ends, n, versus=versus, method=_SHARE, enough=enough, detail=detail)


def _mean(values: FloatArray, owner: IntArray, versus: dict[str, str], *, detail: dict[str, Any]) -> Finding:
    _, place = np.unique(owner, return_inverse=True)
    by_patient = np.bincount(place, weights=values) / np.bincount(place)
    n, mean = len(by_patient), float(by_patient.mean())
    ends = None
    if n > 1:
        half = float(stats.t.ppf((1 + LEVEL) / 2, n - 1) * by_patient.std(ddof=1) / np.sqrt(n))
        ends = (mean - half, mean + half)
    return figure(DISTANCE, mean, ends, n, versus=versus, method=_MEAN, enough=n >= ENOUGH_FOR_A_MEAN, detail=detail)
