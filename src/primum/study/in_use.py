"""How a run's model answers in use: what it says, calibrated, then decided, by slice where the run decides so."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from primum.cohort import Cohort
from primum.evidence.predictions import FloatArray, IntArray, TextArray
from primum.evidence.slices import SITE
from primum.fairness import SliceDecisions
from primum.safety import Calibrator


def in_use(
    answers: FloatArray,
    *,
    kind: str,
    calibrator: Calibrator | None,
    decisions: SliceDecisions | None,
    levels: Callable[[str], TextArray | None],
) -> tuple[npt.NDArray[np.float64] | IntArray, FloatArray]:
    """Return what is decided, coded as the target, and the answers to show.

    Args:
        answers: the model's, shape (n, k), or (n,) for a number.
        kind: of the target.
        calibrator: of the probabilities.
        decisions: thresholds by slice.
        levels: the records' levels of a sensitive attribute, or their hospitals for "site"; asked only if needed.
    """
    if kind == "number":
        return answers, answers
    if calibrator is not None:
        answers = calibrator.apply(answers, levels(SITE) if calibrator.sites else None)
    if decisions is not None:
        of_attribute = levels(decisions.attribute)
        assert of_attribute is not None
        return decisions.decide(answers, of_attribute)
    coded = answers.argmax(1) if kind == "classes" else answers >= 0.5
    return coded.astype(np.int64), answers


def decider_in_use(
    cohort: Cohort, *, calibrator: Calibrator | None, decisions: SliceDecisions | None
) -> Callable[[FloatArray, IntArray], IntArray]:
    """Return the way from probabilities of some of a cohort's records, and their rows in it, to what is decided."""

    def decide(probabilities: FloatArray, rows: IntArray) -> IntArray:
        def levels(name: str) -> TextArray | None:
            column = cohort.sensitive[name] if name in cohort.sensitive else cohort.site
            return None if column is None else column[rows]

        kind = cohort.target.kind
        decided, _ = in_use(probabilities, kind=kind, calibrator=calibrator, decisions=decisions, levels=levels)
        return decided.astype(np.int64)

    return decide
