"""The steps of a run that look beside a record: at the smallest change that turns its answer, at similar patients."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from primum.cohort import Cohort, take
from primum.cohort.records import VitalColumn
from primum.cohort.swap_plan import tells_age_or_sex
from primum.evidence import Finding
from primum.fairness import SliceDecisions
from primum.safety import Calibrator
from primum.study.clock import Clock
from primum.study.in_use import decider_in_use
from primum.transparency.counterfactual import Direction, fit_terrain, smallest_change_findings
from primum.transparency.similar import fit_groups, group_findings

if TYPE_CHECKING:  # the steps read the study; the study starts the runner, which starts the steps
    from primum.model.inside import Inside
    from primum.study.spec import StudySpec
    from primum.study.study import Study
    from primum.training.fit import Fitted

logger = logging.getLogger(__name__)

SplitArray = npt.NDArray[np.object_]


def directions_of(spec: StudySpec, vitals: Mapping[str, VitalColumn]) -> dict[str, Direction]:
    """Return how each vital may change: as the study says, else never for age, sex and sensitive attributes."""
    stated = {vital.column: vital.changes for vital in spec.cohort.inputs.vitals}
    fixed = {one.column for one in spec.cohort.sensitive}
    found: dict[str, Direction] = {}
    for name, column in vitals.items():
        levels = sorted({str(v) for v in column.values.tolist() if v is not None}) if column.kind == "category" else []
        by_default: Direction = "never" if name in fixed or tells_age_or_sex(name, levels) else "any"
        found[name] = stated.get(name) or by_default
    return found


def counterfactuals_of(
    study: Study,
    cohort: Cohort,
    split: SplitArray,
    fitted: Fitted,
    *,
    inside: Inside,
    calibrator: Calibrator | None,
    folder: Path,
    clock: Clock,
) -> list[Finding]:
    """Return what the smallest changes that turn answers are worth; what may change is saved with the model.

    After private training the limits are learnt from validation, as the training records must leave no trace without
    noise. Nothing where it is switched off.

    Args:
        study: says what may change, and whether it is asked for.
        cohort: its records.
        split: each record's split.
        fitted: the model.
        inside: what it computed of the whole cohort.
        calibrator: of its probabilities.
        folder: the run's.
        clock: is told of the step.
    """
    asked = study.spec.assess.counterfactuals
    if asked is None:
        return []
    if cohort.records.text is None and not cohort.records.vitals:
        logger.info("counterfactuals_none reason=does not apply: notes and vitals are changed, and there are neither")
        return []
    learnt = np.flatnonzero(split == ("train" if study.spec.training.privacy is None else "validation"))
    if not len(learnt):
        return []
    with clock.step("smallest_changes"):
        known = take(cohort, learnt)
        number = cohort.target.kind == "number"
        terrain = fit_terrain(
            known.records.vitals,
            known.patients,
            directions=directions_of(study.spec, cohort.records.vitals),
            answers=inside.answers[learnt] if number else None,
        )
        terrain.save(folder / "model")
        decisions = SliceDecisions.load(folder / "model")
        decide = None if number else decider_in_use(cohort, calibrator=calibrator, decisions=decisions)
        return smallest_change_findings(
            fitted.predictor,
            cohort,
            split,
            terrain,
            decide=decide,
            most=asked.records,
            most_changes=asked.most_changes,
            seed=study.spec.training.seed,
        )


def similar_of(
    study: Study, cohort: Cohort, split: SplitArray, inside: Inside, *, folder: Path, clock: Clock
) -> list[Finding]:
    """Return what groups of similar training patients are worth; they are saved with the model.

    Nothing where they are switched off, as they are after private training unless the study asks for them, or where
    the training patients are too few.

    Args:
        study: whether they are asked for.
        cohort: its records.
        split: each record's split.
        inside: what the model computed of the whole cohort.
        folder: the run's.
        clock: is told of the step.
    """
    asked = study.spec.assess.similar
    if not (study.spec.training.privacy is None if asked is None else asked):
        logger.info("similar_none reason=%s", "switched off" if asked is False else "training was private")
        return []
    seed = study.spec.training.seed
    with clock.step("similar"):
        groups = fit_groups(cohort, split, inside.features, seed=seed)
        if groups is None:
            logger.info("similar_none reason=too few training patients")
            return []
        groups.save(folder / "model")
        return group_findings(groups, cohort, split, inside.features, seed=seed)
