"""What can be said of a model as a whole over a split, as findings; everything is asked in a few calls."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from primum.cohort import Cohort, take
from primum.evidence.finding import Finding
from primum.evidence.intervals import LEVEL
from primum.evidence.metrics import METRICS
from primum.evidence.sufficiency import ENOUGH_FOR_A_MEAN
from primum.evidence.withholding import SMALL
from primum.transparency.overall.asking import Asker, FloatArray, Predictor, absent, log_odds
from primum.transparency.overall.curves import (
    Bins,
    Curve,
    about_mean,
    accumulated_local_effects,
    bins_of,
    levels_of,
    moved_to_ends,
    partial_dependence,
    set_to,
    there,
)
from primum.transparency.overall.importance import parts_to_permute, permuted, rises
from primum.transparency.overall.interaction import (
    FLAT,
    MOST_RECORDS,
    crossed,
    h_statistic,
    have_both,
    input_interaction,
    of_two_inputs,
)
from primum.transparency.overall.metrics import ALE, DEPENDENCE, INPUTS, PERMUTED, H
from primum.transparency.overall.together import STRONG, associations, groups_of
from primum.transparency.patients import Patients, ends, patients_of

logger = logging.getLogger(__name__)

MOST_CLASSES = 3
"""Classes whose curves are told, the likeliest on average; of two classes the second says it all."""
MOST_VITALS, MOST_PAIRED = 12, 5
"""Vitals, the most important first, whose curves are told, and among which pairs are looked at."""
_BAND = "percentile interval over {} resamples of patients, for this figure alone; answers before calibration"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """The records that the model is asked about, and what it says of them."""

    asker: Asker
    cohort: Cohort
    patients: Patients
    answers: FloatArray
    seed: int

    def columns(self) -> list[tuple[str | None, int]]:
        """Return which answers are told: the class and its column, or none and 0 for a number."""
        if self.answers.ndim == 1:
            return [(None, 0)]
        names = self.cohort.target.classes
        if len(names) == 2 and self.cohort.target.kind == "classes":
            return [(names[1], 1)]
        order = np.argsort(-self.answers.mean(0), kind="stable")[:MOST_CLASSES]
        return [(names[c], int(c)) for c in order]


def overall_findings(
    predictor: Predictor,
    cohort: Cohort,
    split: npt.NDArray[np.object_],
    *,
    most: int = 200,
    seed: int = 7,
) -> list[Finding]:
    """Return which inputs matter on test, how answers follow each vital, and which inputs interact.

    Args:
        predictor: any model.
        cohort: the records.
        split: name of each record's split, shape (n,).
        most: test records that are asked about, since each costs some hundred answers; of more, so many are drawn.
        seed: of every draw.
    """
    rows = np.flatnonzero(split == "test")
    if len(rows) > most:
        rows = np.sort(np.random.default_rng([seed, 19]).choice(rows, most, replace=False))
    part = take(cohort, rows)
    if part.records.text is None and not part.records.vitals:
        logger.info("overall_none reason=does not apply: a note and vitals are looked at, and the model reads neither")
        return []
    if len(np.unique(part.patients.astype(str))) < 2 * SMALL:
        logger.info("overall_none reason=fewer than ten patients on the split test")
        return []
    asked = _Asked(
        asker=Asker(predictor, part.records),
        cohort=part,
        patients=patients_of(part.patients, seed=seed),
        answers=np.asarray(predictor.predict(part.records), dtype=np.float64),
        seed=seed,
    )
    association = associations(list(part.records.vitals.values()))
    importance = list(_importance(asked, association))
    order = sorted((f for f in importance if f.versus["part"].startswith("vital ")), key=lambda f: -(f.value or 0.0))
    names = [f.versus["part"].removeprefix("vital ") for f in order]
    curves = _curves(asked, names[:MOST_VITALS], association)
    return [*importance, *curves, *_pairs(asked, names[:MOST_PAIRED]), *_inputs(asked)]


def _importance(asked: _Asked, association: FloatArray) -> Iterator[Finding]:
    names = list(asked.asker.records.vitals)
    groups = [tuple(names[i] for i in group) for group in groups_of(association)]
    parts = parts_to_permute(asked.asker, groups)
    answers = asked.asker.ask(permuted(asked.asker, parts, seed=asked.seed))
    target, everybody = asked.cohort.target, np.arange(len(asked.asker))
    for part, of_part in zip(parts, answers, strict=True):
        rise = rises(asked.answers, of_part, target.values, target.kind)
        value, resampled = asked.patients.mean(rise, everybody)
        low, high = ends(resampled)
        friends = [] if len(part.vitals) != 1 else _friends(names.index(part.vitals[0]), names, association)
        ends_of = (value, float(low), float(high))
        detail = {"records": len(rise), "goes_with": friends}
        yield _told(asked, PERMUTED, ends_of, asked.patients.count, versus={"part": part.name}, detail=detail)


def _friends(place: int, names: Sequence[str], association: FloatArray) -> list[str]:
    close = np.flatnonzero(association[place] >= STRONG).tolist()
    return [names[i] for i in close if i != place]


def _curves(asked: _Asked, names: Sequence[str], association: FloatArray) -> Iterator[Finding]:
    """Yield the two curves of every number, and of every category what each level does."""
    vitals = asked.asker.records.vitals
    binned = {name: bins_of(vitals[name].values.astype(np.float64), asked.patients)
              for name in names if vitals[name].kind == "number"}  # fmt: skip
    numbers = {name: bins for name, bins in binned.items() if bins is not None}
    levels = {name: levels_of(vitals[name].values, asked.patients) for name in names if vitals[name].kind != "number"}
    levels = {name: found for name, found in levels.items() if len(found) > 1}
    having = {name: there(vitals[name].values) for name in levels}
    copies = [moved_to_ends(name, bins) for name, bins in numbers.items()]
    copies += [set_to(name, bins.edges, bins.rows) for name, bins in numbers.items()]
    copies += [set_to(name, np.array(found, dtype=object), having[name]) for name, found in levels.items()]
    answers = asked.asker.ask(copies)
    moved, swept, of_levels = (
        dict(zip(mine, answers[start:], strict=False))
        for mine, start in ((numbers, 0), (numbers, len(numbers)), (levels, 2 * len(numbers)))
    )
    every = list(vitals)
    for name in names:
        friends = _friends(every.index(name), every, association)
        for class_, column in asked.columns():
            if name in numbers:
                bins = numbers[name]
                ale = accumulated_local_effects(bins, _column(moved[name], column), asked.patients)
                swept_over = partial_dependence(_column(swept[name], column), bins.rows, asked.patients)
                dependence = about_mean(swept_over, bins.shares)
                yield _of_number(asked, ALE, (name, class_), ale, bins, friends)
                yield _of_number(asked, DEPENDENCE, (name, class_), dependence, bins, friends)
            elif name in levels:
                swept_over = partial_dependence(_column(of_levels[name], column), having[name], asked.patients)
                yield _of_category(asked, (name, class_), swept_over, levels[name], friends)


def _column(answers: FloatArray, column: int) -> FloatArray:
    return answers if answers.ndim == 1 else answers[:, column]


def _of_number(
    asked: _Asked, metric: str, about: tuple[str, str | None], curve: Curve, bins: Bins, friends: list[str]
) -> Finding:
    detail = {
        "x": bins.edges.tolist(),
        **_line(curve),
        "patients": bins.patients.tolist(),
        "goes_with": friends,
    }
    change = curve.change(0, len(bins.edges) - 1)
    n = asked.patients.among(bins.rows)
    return _told(asked, metric, change, n, versus={"vital": about[0]}, class_=about[1], detail=detail)


def _of_category(
    asked: _Asked,
    about: tuple[str, str | None],
    swept_over: tuple[FloatArray, FloatArray],
    levels: Sequence[str],
    friends: list[str],
) -> Finding:
    values = asked.asker.records.vitals[about[0]].values
    count = np.array([(values == level).sum() for level in levels], dtype=np.float64)
    curve = about_mean(swept_over, count / count.sum())
    change = curve.change(int(curve.y.argmin()), int(curve.y.argmax()))
    n = asked.patients.among(there(values))
    inside = [asked.patients.among(values == level) for level in levels]
    detail = {"levels": list(levels), **_line(curve), "patients": inside, "goes_with": friends}
    return _told(asked, DEPENDENCE, change, n, versus={"vital": about[0]}, class_=about[1], detail=detail)


def _line(curve: Curve) -> dict[str, list[float]]:
    return {"y": curve.y.tolist(), "low": curve.low.tolist(), "high": curve.high.tolist()}


def _pairs(asked: _Asked, names: Sequence[str]) -> Iterator[Finding]:
    """Yield H of every two of the vitals; nothing where neither of the two moves the score."""
    vitals = asked.asker.records.vitals
    generator = np.random.default_rng([asked.seed, 29])
    copies, places = [], []
    for first, second in combinations(names, 2):
        both = np.flatnonzero(~absent(vitals[first].values) & ~absent(vitals[second].values))
        if asked.patients.among(both) < 2 * SMALL:
            continue
        rows = np.sort(generator.choice(both, min(MOST_RECORDS, len(both)), replace=False))
        places.append((first, second, rows))
        copies += [crossed(one, asked.asker.records, rows) for one in ((first, second), (first,), (second,))]
    answers = asked.asker.ask(copies)
    for number, (first, second, rows) in enumerate(places):
        for class_, column in asked.columns():
            scores = [_score(one, column) for one in answers[3 * number : 3 * number + 3]]
            found = h_statistic(scores[0], scores[1], scores[2], asked.patients, rows)
            unit = 1.0 if asked.answers.ndim > 1 else float(asked.answers.std())
            if found.joint <= FLAT * unit:
                continue
            yield _told(
                asked,
                H,
                (found.h, found.low, found.high),
                asked.patients.among(rows),
                versus={"vital": first, "with": second},
                class_=class_,
                detail={"spread": found.spread, "joint": found.joint, "records": len(rows)},
            )


def _score(answers: FloatArray, column: int) -> FloatArray:
    return answers if answers.ndim == 1 else log_odds(answers[:, column])


def _inputs(asked: _Asked) -> Iterator[Finding]:
    rows = have_both(asked.asker)
    if not len(rows) or asked.patients.among(rows) < SMALL:
        return
    more, with_vitals, without = input_interaction(
        asked.answers[rows], asked.asker.ask(of_two_inputs(asked.asker, rows))
    )
    value, resampled = asked.patients.mean(more, rows)
    low, high = ends(resampled)
    detail = {"with": float(with_vitals.mean()), "without": float(without.mean()), "records": len(rows)}
    n = asked.patients.among(rows)
    yield _told(asked, INPUTS, (value, float(low), float(high)), n, versus={"part": "note"}, detail=detail)


def _told(
    asked: _Asked,
    metric: str,
    figure: tuple[float, float, float],
    n: int,
    *,
    versus: Mapping[str, str],
    class_: str | None = None,
    detail: Mapping[str, Any],
) -> Finding:
    return Finding(
        pillar="transparency",
        metric=metric,
        value=figure[0],
        low=figure[1],
        high=figure[2],
        level=LEVEL,
        n=n,
        versus=versus,
        class_=class_,
        split="test",
        enough=n >= ENOUGH_FOR_A_MEAN,
        method=_BAND.format(asked.patients.weights.shape[1]),
        reference=METRICS.get(metric).reference,
        detail=detail,
    )
