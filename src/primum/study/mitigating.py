"""The steps of a run that a study with `training.objective.fairness` adds: decisions by slice, the unmitigated twin."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from primum.cohort import Cohort
from primum.evidence import Predictions, read_predictions, write_predictions
from primum.extras import require
from primum.fairness import DECISIONS_FILE, choose_decisions
from primum.fairness.paired import TWIN
from primum.files import write_json
from primum.i18n import translate
from primum.study.clock import Clock

if TYPE_CHECKING:  # the steps read the study; the study starts the runner, which starts the steps
    from primum.study.study import Study
    from primum.training.known import Known
    from primum.training.plan import FairnessPlan

SplitArray = npt.NDArray[np.object_]
COST = 0.05
"""Most balanced accuracy, on the calibration split, that decisions by slice may lose."""


def check_mitigation(study: Study) -> None:
    """Check that the study's method works for its target and inputs, before anything is written.

    Raises:
        StudyError: it does not.
    """
    plan = fairness_plan(study)
    if plan is not None:
        from primum.training.fairness import check_fits

        inputs = study.spec.cohort.inputs
        kinds = (("text", inputs.text), ("vitals", inputs.vitals), ("image", inputs.image))
        names = tuple(name for name, there in kinds if there)
        check_fits(plan, study.spec.cohort.target.type, names)


def fairness_plan(study: Study) -> FairnessPlan | None:
    """Return what is done during training, as plain values; None for nothing."""
    spec = study.spec.training.objective.fairness
    if spec is None or spec.method == "none":
        return None
    require("torch", extra="train", purpose="Training")
    from primum.training.plan import FairnessPlan

    return FairnessPlan(
        method=spec.method,
        attributes=spec.attributes,
        strength=spec.strength,
        criterion=spec.criterion,
        translator=spec.translator,
    )


def aims_of(study: Study) -> set[tuple[str, str]]:
    """Return the (attribute, difference) pairs that the study's mitigation is to make small."""
    spec = study.spec.training.objective.fairness
    if spec is None:
        return set()
    aims = set()
    if spec.method != "none":
        attributes = spec.attributes or tuple(one.column for one in study.spec.cohort.sensitive)
        aims = {(attribute, f"{spec.criterion}_difference") for attribute in attributes}
    if spec.thresholds is not None:
        aims.add((spec.thresholds.attribute, f"{spec.thresholds.criterion}_difference"))
    return aims


def decided_by_slice(
    study: Study, predictions: Predictions, model_folder: Path, clock: Clock, lang: str
) -> Predictions:
    """Return the predictions decided by the slices' thresholds, saved with the model; unchanged without any.

    Which slices keep the common threshold, for want of patients, is told to whoever watches, in `lang`.
    """
    spec = study.spec.training.objective.fairness
    if spec is None or spec.thresholds is None or predictions.probabilities is None:
        return predictions
    asked = spec.thresholds
    decisions = choose_decisions(predictions, asked.attribute, asked.criterion, slack=asked.slack, cost=COST)
    few = [
        translate("mitigation.thresholds_few", lang, attribute=asked.attribute, level=level, n=n)
        for level, n in decisions.too_few.items()
    ]
    with clock.step("thresholds", " ".join(few)):
        write_json(model_folder / DECISIONS_FILE, decisions.to_json())
    decided, corrected = decisions.decide(predictions.probabilities, predictions.groups[asked.attribute])
    return replace(predictions, predicted=decided, probabilities=corrected)


def unmitigated_twin(
    study: Study,
    cohort: Cohort,
    split: SplitArray,
    backbone: Path | None,
    folder: Path,
    plain: Predictions,
    clock: Clock,
    known: Known | None = None,
) -> Predictions | None:
    """Return what the same study without mitigation predicts; None for a study that has none.

    Where only thresholds are asked for, the twin is the model itself. Else it is trained like the model, with the same
    seed, and its predictions are kept in the run's folder, so that a resumed run does not train it again.

    Args:
        study: the mitigated study.
        cohort: its records.
        split: each record's split.
        backbone: the text backbone's folder.
        folder: the run's.
        plain: the mitigated model's predictions before thresholds.
        clock: is told of the step.
        known: the cohort's inputs with what frozen layers make of them, where they have been read.
    """
    spec = study.spec.training.objective.fairness
    if spec is None:
        return None
    place = folder / f"{TWIN}.parquet"
    if place.is_file():
        return read_predictions(place)
    predictions = plain if spec.method == "none" else _trained(study, cohort, split, backbone, folder, clock, known)
    write_predictions(place, predictions)
    return predictions


def _trained(
    study: Study,
    cohort: Cohort,
    split: SplitArray,
    backbone: Path | None,
    folder: Path,
    clock: Clock,
    known: Known | None,
) -> Predictions:
    from primum.study.fitting import fit_request, predictions_of
    from primum.study.trusting import calibrate
    from primum.training.fit import fit
    from primum.training.speedup import with_engine

    with clock.step(TWIN):
        request = fit_request(study, cohort, split, backbone, folder=folder / "twins" / TWIN)
        plan = replace(request.plan, fairness=None, track=())
        fitted = fit(replace(request, plan=plan, probe=False, known=known), progress=clock.progress)
        if study.spec.model.engine == "auto":
            fitted = with_engine(fitted, cohort, split)
        plain = predictions_of(cohort, split, fitted.predictor.predict_prepared(fitted.prepared))
        return calibrate(study, plain, mitigated=False)[0]
