"""The steps of a run that look at its model as a whole: what it needs, where it fails, and what causes what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from primum.cohort import Cohort
from primum.evidence import Finding, Predictions
from primum.extras import require
from primum.study.clock import Clock
from primum.transparency.causal import answer_effect_findings, effect_findings
from primum.transparency.errors import error_findings
from primum.transparency.overall import overall_findings

if TYPE_CHECKING:  # the steps read the study; the study starts the runner, which starts the steps
    from primum.model.read_once import ReadOnce
    from primum.study.study import Study
    from primum.training.fit import Fitted

SplitArray = npt.NDArray[np.object_]


def looked_over(study: Study, cohort: Cohort, split: SplitArray, fitted: Fitted, clock: Clock) -> list[Finding]:
    """Return which inputs the model needs and how it follows them, and what a stated graph says of causes.

    Args:
        study: what is asked for, and the seed.
        cohort: its records.
        split: each record's split.
        fitted: the model; each text and picture of test is read once for all of it.
        clock: is told of the steps.
    """
    asked, seed = study.spec.assess, study.spec.training.seed
    if not asked.overall and asked.causal is None:
        return []
    findings: list[Finding] = []
    with clock.step("overall"):
        model = _read_once(cohort, split, fitted)
        if asked.overall:
            findings += overall_findings(model, cohort, split, seed=seed)
    if asked.causal is not None:
        with clock.step("causal"):
            graph = asked.causal.stated(cohort.roles.inputs.text)
            findings += effect_findings(cohort, graph, asked.causal.asked(), outcome=asked.causal.outcome, seed=seed)
            findings += answer_effect_findings(model, cohort, split, graph, seed=seed)
    return findings


def errors_told(study: Study, cohort: Cohort, predictions: Predictions, clock: Clock) -> list[Finding]:
    """Return where on test the errors of the answers in use gather; nothing where switched off."""
    if not study.spec.assess.error_places:
        return []
    with clock.step("errors"):
        return error_findings(predictions, cohort, seed=study.spec.training.seed)


def check_causal_extra(study: Study) -> None:
    """Raise an ExtraMissingError if the study states a causal graph and what reads it is not installed."""
    if study.spec.assess.causal is not None:
        require("networkx", extra="causal", purpose="assess.causal")


def _read_once(cohort: Cohort, split: SplitArray, fitted: Fitted) -> ReadOnce:
    """Return the model with what its frozen layers have made of the texts and pictures of test already."""
    from primum.model.read_once import ReadOnce

    model = ReadOnce(fitted.predictor)
    rows = np.flatnonzero(split == "test")
    if cohort.records.text is not None and "text" in fitted.prepared:
        model.tell("text", cohort.records.text.take(rows), fitted.prepared["text"], rows)
    if cohort.records.image is not None and "image" in fitted.prepared:
        model.tell("image", cohort.records.image.keys[rows].tolist(), fitted.prepared["image"], rows)
    return model
