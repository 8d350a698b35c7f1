"""The steps of a run whose target is marked places: learn them, mark every picture, measure, and ask the pillars.

Between the checks of the records and the verdict, which are those of every run. Beside the marks themselves a run keeps
how much is marked in each picture, a number: whatever judges predictions judges that, and knows of no picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from primum.cohort import Cohort
from primum.evidence import Finding, Predictions, gain_findings, performance_findings, write_predictions
from primum.evidence.marks import (
    MarkedTable,
    compare,
    marks_findings,
    marks_gain_findings,
    point_figures,
    write_marks,
)
from primum.evidence.marks.figures import picture_dice, picture_sensitivity
from primum.evidence.split_names import measured_splits
from primum.fairness import fairness_findings, quality_gap_findings
from primum.files import write_json
from primum.safety import place_findings, transport_findings
from primum.study.assessing import baseline_figures
from primum.study.clock import Clock
from primum.study.fitting import predictions_of, training_plan
from primum.study.leaking import membership_of
from primum.study.likeness import similar_of
from primum.study.looking_over import errors_told
from primum.study.trusting import trust_findings, trust_of
from primum.study.unseen import novelty_of

if TYPE_CHECKING:  # the steps read the study; the study starts the runner, which starts the steps
    from primum.study.study import Study
    from primum.training.regions import RegionFitted

SplitArray = npt.NDArray[np.object_]
REGIONS_FILE = "regions.parquet"
"""What was marked in every picture, in the run's folder."""
THRESHOLD = "threshold"
"""The baseline of marks: Otsu's grey level and connected pieces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkingTask:
    """What is to be learnt, on what, and where it goes."""

    study: Study
    cohort: Cohort
    split: SplitArray
    folder: Path
    clock: Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class _Learnt:
    """The tuned network and what it marks."""

    fitted: RegionFitted
    table: MarkedTable
    predictions: Predictions
    """How much is marked in each picture, by people and by the network."""


def marked_findings(task: MarkingTask) -> list[Finding]:
    """Return every finding of a run of marks but those of its records; everything but the findings is written."""
    learnt = _learn(task)
    study, predictions, seed = task.study, learnt.predictions, task.study.spec.training.seed
    options: dict[str, Any] = {"n_resamples": study.spec.assess.resamples, "seed": seed}
    trust = trust_of(study, predictions, None, task.folder, task.clock)
    findings = _against_threshold(task, learnt, options)
    with task.clock.step("assess"):
        findings += [*marks_findings(learnt.table, predictions, **options), *learnt.fitted.findings]
        findings += performance_findings(predictions, **options)
        findings += fairness_findings(predictions, **options) + _quality_gaps(task, learnt)
        findings += trust_findings(study, trust, predictions, predictions)
        findings += place_findings(findings) + transport_findings(findings)
    return findings + _asked_again(task, learnt)


def _learn(task: MarkingTask) -> _Learnt:
    """Tune the network, mark every picture, and write model, predictions and marks."""
    cohort, split, folder = task.cohort, task.split, task.folder
    assert cohort.regions is not None
    with task.clock.step("train"):
        fitted = _fit(task)
    write_json(folder / "history.json", {**fitted.history, "twins": {}})
    with task.clock.step("predict"):
        predictions = predictions_of(cohort, split, fitted.inside.answers)
        table = MarkedTable(
            ids=cohort.ids,
            split=split,
            truth=cohort.regions,
            found=fitted.marking,
            threshold=fitted.predictor.spec.threshold,
        )
        write_predictions(folder / "predictions.parquet", predictions)
        write_marks(folder / REGIONS_FILE, table)
    return _Learnt(fitted=fitted, table=table, predictions=predictions)


def _fit(task: MarkingTask) -> RegionFitted:
    from primum.model.regions import RegionSpec
    from primum.training.regions import RegionFitRequest, fit_regions
    from primum.training.regions.augmenting import JointAugmentation

    study, cohort = task.study, task.cohort
    assert cohort.regions is not None and cohort.records.image is not None
    augment = study.spec.model.image.augment
    spec = RegionSpec(
        kind=cohort.regions.kind,
        labels=cohort.regions.labels,
        size=cohort.records.image.size,
        frozen=study.spec.model.adapt.freeze_layers if study.spec.image_adapt().method == "full" else None,
    )
    request = RegionFitRequest(
        cohort=cohort,
        split=task.split,
        spec=spec,
        plan=training_plan(study),
        folder=task.folder,
        model_folder=task.folder / "model",
        study=study.spec.study,
        served=study.spec.model.engine == "auto",
        augmentation=JointAugmentation(intensity=augment.intensity, allow_flips=augment.allow_flips),
    )
    return fit_regions(request, progress=task.clock.progress)


def _against_threshold(task: MarkingTask, learnt: _Learnt, options: dict[str, Any]) -> list[Finding]:
    """Return how much better the network is than thresholding; nothing where baselines are switched off."""
    if not task.study.spec.assess.baselines:
        return []
    from primum.training.regions import threshold_marks

    with task.clock.step("baselines"):
        other = threshold_marks(task.cohort, task.split)
        amounts = predictions_of(task.cohort, task.split, other.amounts())
        figures = baseline_figures({"model": learnt.predictions, THRESHOLD: amounts})
        for name, marks, shown in (("model", learnt.table.found, learnt.table.threshold), (THRESHOLD, other, 0.0)):
            for split in figures[name]:
                rows = np.flatnonzero(task.split == split)
                compared = compare(learnt.table.truth.take(rows), marks.take(rows))
                points = point_figures(compared, marks.kind, threshold=shown)
                figures[name][split] |= {metric: value for (metric, class_), value in points.items() if class_ is None}
        write_json(task.folder / "baselines.json", figures)
        findings = marks_gain_findings(learnt.table, other, learnt.predictions, name=THRESHOLD, **options)
        return findings + gain_findings(learnt.predictions, amounts, name=THRESHOLD, **options)


def _quality_gaps(task: MarkingTask, learnt: _Learnt) -> list[Finding]:
    """Return for which groups of patients marks are worse: Dice of masks, sensitivity of either kind."""
    findings = []
    for split in measured_splits(task.split):
        rows = np.flatnonzero(task.split == split)
        compared = compare(learnt.table.truth.take(rows), learnt.table.found.take(rows))
        qualities = {"region_sensitivity": picture_sensitivity(compared, threshold=learnt.table.threshold)}
        if learnt.table.truth.kind == "masks":
            dice = picture_dice(compared)
            known = ~np.isnan(dice)
            with np.errstate(invalid="ignore"):
                qualities["dice"] = np.where(known, dice, 0.0).sum(1) / known.sum(1)
        part = learnt.predictions.take(rows)
        findings += quality_gap_findings(part, qualities, split=split, seed=task.study.spec.training.seed)
    return findings


def _asked_again(task: MarkingTask, learnt: _Learnt) -> list[Finding]:
    """Return what attacks on the amounts find, and what the network's features tell of records unlike its own."""
    study, cohort, split, folder, clock = task.study, task.cohort, task.split, task.folder, task.clock
    fitted, predictions = learnt.fitted, learnt.predictions
    findings = membership_of(study, cohort, None, predictions, predictions, clock)
    findings += novelty_of(study, cohort, split, fitted.predictor, fitted.inside, folder, clock)
    findings += similar_of(study, cohort, split, fitted.inside, folder=folder, clock=clock)
    return findings + errors_told(study, cohort, predictions, clock)
