"""The steps of a run that make answers trustworthy: calibration, conformal sets, abstention, and their worth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from primum.evidence import Finding, Predictions, write_predictions
from primum.fairness import SliceDecisions, choose_decisions
from primum.files import write_json
from primum.safety import (
    ABSTENTION_FILE,
    CALIBRATION_FILE,
    CONFORMAL_FILE,
    RELIABILITY_FILE,
    Abstention,
    Calibrator,
    Conformal,
    choose_abstention,
    choose_calibrator,
    conformal_findings,
    fit_conformal,
    fit_reliability,
    out_of_fold,
    probability_findings,
)
from primum.study.clock import Clock
from primum.study.mitigating import COST, fairness_plan

if TYPE_CHECKING:  # the steps read the study; the study starts the runner, which starts the steps
    from primum.study.study import Study

Answering = Callable[[Predictions], Predictions]
UNCALIBRATED_FILE = "uncalibrated.parquet"
"""The predictions before calibration, in the run's folder, where calibration changed them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What was fitted on the calibration split beside the model."""

    calibrator: Calibrator | None
    """None for a number."""
    conformal: Conformal | None
    abstention: Abstention | None


def calibrate(study: Study, plain: Predictions, *, mitigated: bool = True) -> tuple[Predictions, Calibrator | None]:
    """Return the calibrated predictions and their calibrator; a number has none.

    Where training favours rare classes or evens out groups, only methods that leave every decision as it is are tried:
    the others would undo what training was asked for.

    Args:
        study: what is asked for.
        plain: the model's predictions.
        mitigated: False for the unmitigated twin, which nothing was done to.
    """
    if plain.probabilities is None:
        return plain, None
    asked = study.spec.model.calibration
    favoured = study.spec.training.objective.class_weights != "none" or (mitigated and fairness_plan(study) is not None)
    calibrator = choose_calibrator(plain, method=asked.method, by_site=asked.by_site, keep_order=favoured)
    return calibrator.calibrated(plain), calibrator


def calibrated_for_use(
    study: Study, plain: Predictions, folder: Path, clock: Clock
) -> tuple[Predictions, Calibrator | None]:
    """Return the calibrated predictions; the calibrator is saved with the model, what it changed beside it."""
    if plain.probabilities is None:
        return plain, None
    with clock.step("calibrate"):
        predictions, calibrator = calibrate(study, plain)
        if calibrator is not None:
            write_json(folder / "model" / CALIBRATION_FILE, calibrator.to_json())
            if calibrator.changes:
                write_predictions(folder / UNCALIBRATED_FILE, plain)
    return predictions, calibrator


def trust_of(study: Study, plain: Predictions, calibrator: Calibrator | None, folder: Path, clock: Clock) -> Trust:
    """Fit conformal sets, abstention and the probabilities' intervals on the calibration split, and save them.

    Sets and abstention look at answers of calibrators and thresholds that had not seen the record, fold by fold.

    Args:
        study: what is asked for.
        plain: the model's predictions before calibration.
        calibrator: what was chosen on the whole calibration split.
        folder: the run's.
        clock: is told of the step.
    """
    table, model = plain.of_split("calibration"), study.spec.model
    conformal, abstention = None, None
    with clock.step("trust"):
        held_out = out_of_fold(table, _answering(study, calibrator)) if len(table) else table
        if model.conformal is not None and len(table):
            conformal = fit_conformal(held_out, **model.conformal.model_dump())
        if model.abstention is not None and len(table):
            abstention = choose_abstention(held_out, risk=model.abstention.risk, confidence=model.abstention.confidence)
        if plain.probabilities is not None:
            write_json(folder / "model" / RELIABILITY_FILE, fit_reliability(table).to_json())
        if conformal is not None:
            write_json(folder / "model" / CONFORMAL_FILE, conformal.to_json())
        if abstention is not None:
            write_json(folder / "model" / ABSTENTION_FILE, abstention.to_json())
    return Trust(calibrator=calibrator, conformal=conformal, abstention=abstention)


def _answering(
    study: Study, calibrator: Calibrator | None
) -> Callable[[Predictions], Callable[[Predictions], Predictions]]:
    """Return the way from some calibration records to answers in use: their calibration, their thresholds by slice."""
    fairness = study.spec.training.objective.fairness
    asked = None if fairness is None else fairness.thresholds

    def fit(rest: Predictions) -> Answering:
        if calibrator is None:
            return lambda held: held
        own = choose_calibrator(rest, method=calibrator.common.method, by_site=bool(calibrator.sites))
        if asked is None:
            return own.calibrated
        decisions = choose_decisions(
            own.calibrated(rest), asked.attribute, asked.criterion, slack=asked.slack, cost=COST
        )
        return lambda held: _decided(own.calibrated(held), decisions)

    return fit


def _decided(predictions: Predictions, decisions: SliceDecisions) -> Predictions:
    assert predictions.probabilities is not None
    decided, corrected = decisions.decide(predictions.probabilities, predictions.groups[decisions.attribute])
    return replace(predictions, predicted=decided, probabilities=np.asarray(corrected))


def trust_findings(study: Study, trust: Trust, predictions: Predictions, plain: Predictions) -> list[Finding]:
    """Return what the probabilities, the sets and the abstention are worth on test and external.

    Args:
        study: its seed and resamples.
        trust: what was fitted.
        predictions: in use.
        plain: before calibration.
    """
    options = {"n_resamples": study.spec.assess.resamples, "seed": study.spec.training.seed}
    changed = trust.calibrator is not None and trust.calibrator.changes
    findings = probability_findings(predictions, plain if changed else None, abstention=trust.abstention, **options)
    if trust.conformal is not None:
        findings += conformal_findings(trust.conformal, predictions, **options)
    return findings
