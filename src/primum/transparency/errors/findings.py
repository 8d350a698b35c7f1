"""Where errors gather on test, as findings."""

from __future__ import annotations

import logging

import numpy as np
import numpy.typing as npt

from primum.cohort import Cohort, take
from primum.evidence.finding import Finding
from primum.evidence.intervals import LEVEL
from primum.evidence.metrics import METRICS
from primum.evidence.predictions import Predictions
from primum.evidence.sufficiency import ENOUGH_FOR_A_SHARE
from primum.transparency.errors.metrics import EXCESS, PLACES
from primum.transparency.errors.places import Place, half_of, held_to, leaves
from primum.transparency.errors.questions import questions_of

logger = logging.getLogger(__name__)

_COUNT = "leaves of a tree of depth 3, grown on half of the patients, whose error on the other half is above the rest"
_EXCESS = "error in the leaf minus error of the rest, on the half of the patients that the tree was not grown on; \
interval for all {} leaves together"


def error_findings(predictions: Predictions, cohort: Cohort, *, seed: int = 7) -> list[Finding]:
    """Return in how many places errors gather on test, and each of them; a finding without a value where too few tell.

    An error is a wrong decision; of labels, any label wrong; of a number, the size of the miss.

    Args:
        predictions: in use, of the whole cohort.
        cohort: the same records in the same order.
        seed: of the division into halves.
    Source: Singla et al. 2021, CVPR ("Barlow") for trees over errors; Sidak 1967 for the interval.
    """
    rows = np.flatnonzero(predictions.split == "test")
    if not len(rows):
        logger.info("errors_none reason=no records on the split test")
        return []
    part = take(cohort, rows)
    errors = errors_of(predictions.take(rows))
    grown_on = half_of(part.patients, seed=seed)
    found = leaves(questions_of(part, grown_on), errors, part.patients, grown_on)
    places = held_to(found, errors, part.patients, ~grown_on)
    out = [place for place in places if place.stands_out]
    n = len(np.unique(part.patients[~grown_on].astype(str)))
    any_error = bool(len(errors[grown_on]) and np.ptp(errors[grown_on]) > 0)
    detail = {"leaves": len(places), "grown_on": int(grown_on.sum()), "errors": any_error}
    count = Finding(
        pillar="transparency",
        metric=PLACES,
        value=float(len(out)) if places else None,
        level=None,
        n=n,
        split="test",
        enough=bool(places),
        method=_COUNT,
        reference=METRICS.get(PLACES).reference,
        detail=detail,
    )
    return [count, *(_finding(place, len(places)) for place in out)]


def errors_of(predictions: Predictions) -> npt.NDArray[np.float64]:
    """Return the error of each record: 0 or 1, or the size of the miss of a number; shape (n,)."""
    if predictions.target_type == "number":
        return np.abs(predictions.predicted - predictions.target).astype(np.float64)
    wrong = predictions.predicted != predictions.target
    return np.asarray(wrong.any(1) if wrong.ndim > 1 else wrong, dtype=np.float64)


def _finding(place: Place, leaves_tested: int) -> Finding:
    return Finding(
        pillar="transparency",
        metric=EXCESS,
        value=place.error - place.rest,
        low=place.low,
        high=place.high,
        level=LEVEL,
        n=place.patients,
        slice=place.conditions,
        versus={"records": "rest"},
        split="test",
        enough=min(place.patients, place.others) >= ENOUGH_FOR_A_SHARE,
        method=_EXCESS.format(leaves_tested),
        reference=METRICS.get(EXCESS).reference,
        detail={"error": place.error, "rest": place.rest, "records": place.records, "versus_n": place.others},
    )
