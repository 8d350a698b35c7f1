"""Whether an attribute acts on a model's answer directly or through the findings.

The model is at hand, so that the direct effect need not be guessed from data: it is asked about the same records with
the attribute alone exchanged, in vitals and words. Whatever else differs between the groups differs because of the
attribute or of what the graph says confounds it; that is the graph's claim, and no data can prove it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from primum.cohort import Cohort, find_swaps, swapped_records, take
from primum.evidence.finding import Finding
from primum.evidence.intervals import LEVEL
from primum.evidence.metrics import METRICS
from primum.evidence.predictions import UNKNOWN
from primum.evidence.sufficiency import ENOUGH_FOR_A_MEAN
from primum.evidence.withholding import SMALL
from primum.extras import require
from primum.transparency.causal.columns import MOST_CLASSES, BoolArray, FloatArray, columns_of, design, missing
from primum.transparency.causal.graph import ANSWER, CausalGraph, Identified, identify, mediators
from primum.transparency.causal.metrics import DIRECT, INDIRECT, TOTAL
from primum.transparency.overall.asking import Predictor
from primum.transparency.patients import Patients, ends, patients_of

logger = logging.getLogger(__name__)

_METHOD = (
    "mean over records, weighted for what is adjusted for; percentile interval over {} resamples of patients, for \
this effect alone; answers before calibration"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    predictor: Predictor
    part: Cohort
    answers: FloatArray
    """Shape (n, k); one column for a number."""
    patients: Patients
    graph: CausalGraph


def answer_effect_findings(
    predictor: Predictor,
    cohort: Cohort,
    split: npt.NDArray[np.object_],
    graph: CausalGraph,
    *,
    most: int = 2000,
    seed: int = 7,
) -> list[Finding]:
    """Return total, direct and indirect effect on the answer of every sensitive attribute that is in the graph.

    Args:
        predictor: any model.
        cohort: the records.
        split: name of each record's split, shape (n,); test is looked at.
        graph: what acts on what; every input in it acts on the answer.
        most: records that are asked about; of more, so many are drawn.
        seed: of every draw.
    """
    attributes = [name for name in cohort.sensitive if name in graph.nodes()]
    rows = np.flatnonzero(split == "test")
    if not attributes or not len(rows):
        return []
    if len(rows) > most:
        rows = np.sort(np.random.default_rng([seed, 43]).choice(rows, most, replace=False))
    part = take(cohort, rows)
    inputs = (*cohort.roles.inputs.text, *cohort.records.vitals)
    answers = np.asarray(predictor.predict(part.records), dtype=np.float64)
    asked = _Asked(
        predictor=predictor,
        part=part,
        answers=answers.reshape(len(answers), -1),
        patients=patients_of(part.patients, seed=seed),
        graph=graph.with_answer(inputs),
    )
    return [finding for name in attributes for finding in _of_attribute(asked, name)]


def _of_attribute(asked: _Asked, attribute: str) -> Iterator[Finding]:
    groups = asked.part.sensitive[attribute]
    sizes = {g: asked.patients.among(groups == g) for g in sorted(set(groups.tolist())) if g != UNKNOWN}
    told = [g for g in sorted(sizes, key=lambda one: (-sizes[one], one)) if sizes[g] >= SMALL]
    if len(told) < 2:
        logger.info("answer_effects_none attribute=%s reason=fewer than two groups of five patients", attribute)
        return
    found = identify(asked.graph, attribute, ANSWER)
    for other in told[1:]:
        if found.because:
            detail = {"because": found.because, "common_causes": list(found.common_causes)}
            yield _told(asked, TOTAL, None, (attribute, told[0], other), None, detail)
        else:
            yield from _of_pair(asked, attribute, (told[0], other), found)


def _of_pair(asked: _Asked, attribute: str, pair: tuple[str, str], found: Identified) -> Iterator[Finding]:
    groups = asked.part.sensitive[attribute]
    known = np.isin(groups, pair)
    columns = columns_of(asked.part)
    for name in found.adjust_for:
        known &= ~missing(columns[name])
    weights = _weights(columns, found.adjust_for, known, groups == pair[1])
    first, second = (np.flatnonzero(known & (groups == one)) for one in pair)
    if min(asked.patients.among(first), asked.patients.among(second)) < SMALL:
        return
    after, usable, seen = _exchanged(asked, attribute, pair, first)
    through = mediators(asked.graph, attribute, ANSWER)
    detail = {
        "adjusted_for": list(found.adjust_for),
        "through": [one for one in through if one != attribute],
        "seen": seen,
        "not_exchanged": len(first) - int(usable.sum()),
        "versus_n": asked.patients.among(first),
    }
    for class_, column in _columns(asked):
        answers = asked.answers[:, column]
        other = _mean(asked, answers[second], second, weights)
        own = _mean(asked, answers[first], first, weights)
        moved = after[:, column] - answers[first]
        direct = _mean(asked, moved[usable], first[usable], weights) if usable.any() else None
        total = (other[0] - own[0], other[1] - own[1])
        about = (attribute, *pair)
        yield _told(asked, TOTAL, total, about, class_, detail)
        if direct is not None:
            yield _told(asked, DIRECT, direct, about, class_, detail)
            yield _told(asked, INDIRECT, (total[0] - direct[0], total[1] - direct[1]), about, class_, detail)


def _exchanged(
    asked: _Asked, attribute: str, pair: tuple[str, str], rows: npt.NDArray[np.int64]
) -> tuple[FloatArray, BoolArray, bool]:
    """Return the answers on these records had they been of the other group, which of them could be exchanged, and
    whether the model is told the attribute at all.
    """
    own = take(asked.part, rows)
    swap = next((s for s in find_swaps(own) if s.attribute == attribute and s.to.get(pair[0]) == pair[1]), None)
    if swap is not None:
        swapped = swapped_records(own, swap)
        if swapped.changed.any() or swapped.skipped.any():
            after = np.asarray(asked.predictor.predict(swapped.records), dtype=np.float64)
            return after.reshape(len(rows), -1), ~swapped.skipped, True
    vital = own.records.vitals.get(attribute)
    if vital is None:  # nothing that the model reads says which group a patient is of
        return asked.answers[rows], np.ones(len(rows), dtype=bool), False
    if vital.kind == "number":  # a band is not a number, and no swap knows a way from one to the other
        return asked.answers[rows], np.zeros(len(rows), dtype=bool), True
    values = np.full(len(rows), pair[1], dtype=object)
    vitals = {**own.records.vitals, attribute: replace(vital, values=values)}
    after = np.asarray(asked.predictor.predict(replace(own.records, vitals=vitals)), dtype=np.float64)
    return after.reshape(len(rows), -1), np.ones(len(rows), dtype=bool), True


def _weights(columns: Mapping[str, Any], adjust_for: Sequence[str], known: BoolArray, second: BoolArray) -> FloatArray:
    """Return how much each record counts so that both groups look like everybody in what is adjusted for.

    Inverse of the chance of being of one's group, by logistic regression, kept from exceeding ten times its mean.
    Source: Robins, Hernán & Brumback 2000, Epidemiology 11(5); Cole & Hernán 2008, Am. J. Epidemiol. 168(6).
    """
    weights = np.where(known, 1.0, 0.0)
    if not adjust_for:
        return weights
    models = require("sklearn.linear_model", extra="train", purpose="Adjusting the effect of an attribute")
    table = design([columns[name] for name in adjust_for], known)
    chance = models.LogisticRegression(max_iter=1000).fit(table, second[known]).predict_proba(table)[:, 1]
    own = np.where(second[known], chance, 1 - chance)
    share = np.where(second[known], second[known].mean(), 1 - second[known].mean())
    weights[known] = np.minimum(share / np.clip(own, 1e-6, 1.0), 10 * (share / np.clip(own, 1e-6, 1.0)).mean())
    return weights


def _columns(asked: _Asked) -> list[tuple[str | None, int]]:
    names = asked.part.target.classes
    if not names:
        return [(None, 0)]
    if len(names) == 2 and asked.part.target.kind == "classes":
        return [(names[1], 1)]
    return [(names[c], int(c)) for c in np.argsort(-asked.answers.mean(0), kind="stable")[:MOST_CLASSES]]


def _mean(
    asked: _Asked, values: FloatArray, rows: npt.NDArray[np.int64], weights: FloatArray
) -> tuple[float, FloatArray]:
    one = np.zeros(len(rows), dtype=np.int64)
    total, totals = asked.patients.sums(values * weights[rows], one, 1, rows)
    n, ns = asked.patients.sums(weights[rows], one, 1, rows)
    with np.errstate(invalid="ignore", divide="ignore"):
        return float(total[0] / n[0]), np.asarray(totals[0] / ns[0], dtype=np.float64)


def _told(
    asked: _Asked,
    metric: str,
    figure: tuple[float, FloatArray] | None,
    about: tuple[str, str, str],
    class_: str | None,
    detail: Mapping[str, Any],
) -> Finding:
    attribute, reference, other = about
    low, high = (None, None) if figure is None else (float(one) for one in ends(figure[1]))
    n = asked.patients.among(asked.part.sensitive[attribute] == other)
    fewest = min(n, int(detail.get("versus_n", n)))
    return Finding(
        pillar="transparency",
        metric=metric,
        value=None if figure is None else figure[0],
        low=low,
        high=high,
        level=None if low is None else LEVEL,
        n=n,
        slice={attribute: other},
        versus={attribute: reference},
        class_=class_,
        split="test",
        enough=figure is not None and fewest >= ENOUGH_FOR_A_MEAN,
        method=_METHOD.format(asked.patients.weights.shape[1]),
        reference=METRICS.get(metric).reference,
        detail=detail,
    )
