"""The steps of a run that show the model what it has not seen: records unlike those of training, and changed ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from primum.cohort import Cohort, Records
from primum.evidence import Finding
from primum.fairness import SliceDecisions
from primum.safety import Calibrator, adversarial_findings, fit_novelty, novelty_findings, robustness_findings
from primum.safety.novelty import Insider
from primum.safety.robustness import image_part_findings, pixel_findings
from primum.study.clock import Clock
from primum.study.in_use import decider_in_use
from primum.study.remembering import Predictor

if TYPE_CHECKING:  # the steps read the study; the study starts the runner, which starts the steps
    from primum.model.inside import Inside
    from primum.study.study import Study
    from primum.training.fit import Fitted

SplitArray = npt.NDArray[np.object_]
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def novelty_of(
    study: Study, cohort: Cohort, split: SplitArray, insider: Insider, inside: Inside, folder: Path, clock: Clock
) -> list[Finding]:
    """Return what the novelty flag is worth; the detector is saved with the model. Nothing where it is switched off.

    Args:
        study: says how many false alarms may be.
        cohort: its records.
        split: each record's split.
        insider: the model, which is asked about records made to be new.
        inside: what it computed of the whole cohort.
        folder: the run's.
        clock: is told of the step.
    """
    asked = study.spec.assess.novelty
    if asked is None:
        return []
    seed = study.spec.training.seed
    with clock.step("novelty"):
        known = split if study.spec.training.privacy is None else _without_train(split)
        novelty = fit_novelty(cohort, known, inside, false_alarms=asked.false_alarms, seed=seed)
        if novelty is None:
            return []
        novelty.save(folder / "model")
        return novelty_findings(novelty, insider, cohort, split, inside, seed=seed)


def _without_train(split: SplitArray) -> SplitArray:
    """Return splits by which a detector learns from validation: it keeps what it sees without noise."""
    roles = split.copy()
    roles[split == "train"] = "unused"
    roles[split == "validation"] = "train"
    roles[np.flatnonzero(split == "calibration")[::2]] = "validation"
    return roles


def robustness_of(
    study: Study,
    cohort: Cohort,
    split: SplitArray,
    predictor: Predictor,
    calibrator: Calibrator | None,
    *,
    fitted: Fitted,
    folder: Path,
    clock: Clock,
) -> list[Finding]:
    """Return what small changes do to the run's decisions, and how far a search for the worst ones gets.

    Nothing where both are switched off.
    """
    asked = study.spec.assess
    if not (asked.robustness or asked.adversarial):
        return []
    decisions = SliceDecisions.load(folder / "model")
    decide = decider_in_use(cohort, calibrator=calibrator, decisions=decisions)
    seed = study.spec.training.seed
    findings: list[Finding] = []

    def attack(records: Records, truth: IntArray, bound: float, steps: int) -> FloatArray:
        return fitted.predictor.under_attack(records, truth, bound=bound, steps=steps)

    def harder(records: Records, truth: IntArray, bound: float) -> FloatArray:
        return fitted.predictor.under_attack(records, truth, bound=bound, steps=10, restarts=2, seed=seed)

    def blind(records: Records, truth: IntArray, bound: float) -> FloatArray:
        return fitted.predictor.under_blind_attack(records, truth, bound=bound, questions=150, seed=seed)

    if asked.robustness:
        with clock.step("robustness"):
            findings += robustness_findings(predictor, cohort, split, decide=decide, seed=seed)
            findings += image_part_findings(predictor, cohort, split, seed=seed)
    if asked.adversarial:
        with clock.step("adversarial"):
            findings += adversarial_findings(predictor, cohort, split, decide=decide, seed=seed)
            doubts = {"more_steps": harder, "answers_alone": blind}
            findings += pixel_findings(attack, cohort, split, decide=decide, doubts=doubts, seed=seed)
    return findings
