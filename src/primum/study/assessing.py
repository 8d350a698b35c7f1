"""The step of a run that measures: from Predictions to Findings, every assessment in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from primum.cohort import Cohort
from primum.errors import StudyError
from primum.evidence import Finding, Predictions, gain_findings, performance_findings, point_values
from primum.evidence.split_names import measured_splits
from primum.fairness import fairness_findings
from primum.study.fitting import BEFORE_PRETRAINING

if TYPE_CHECKING:  # the steps read the study; the study starts the runner, which starts the steps
    from primum.study.study import Study

_PROBED = ("auroc_gain", "mae_gain")
"""Measures by which features before and after pretraining are compared, for classes and labels, and for a number."""


def all_findings(
    study: Study,
    cohort: Cohort,
    predictions: Predictions,
    others: Mapping[str, Predictions],
    proof: tuple[Finding, ...],
) -> list[Finding]:
    """Return every finding that the predictions and their rivals answer, with the proof that the model trained."""
    seed, resamples = study.spec.training.seed, study.spec.assess.resamples
    findings = performance_findings(predictions, n_resamples=resamples, seed=seed)
    for name, other in others.items():
        findings += gain_findings(predictions, other, name=name, n_resamples=resamples, seed=seed)
    if BEFORE_PRETRAINING in others and "untuned_backbone" in others:
        pair = others["untuned_backbone"], others[BEFORE_PRETRAINING]
        found = gain_findings(*pair, name=BEFORE_PRETRAINING, n_resamples=resamples, seed=seed)
        findings += [replace(one, metric=f"pretraining_{one.metric}") for one in found if one.metric in _PROBED]
    findings += fairness_findings(
        predictions, n_resamples=resamples, seed=seed, fields=_vitals_by_split(cohort, predictions)
    )
    if not findings:
        raise StudyError("cohort.split: no record is in test or external, so there is nothing to judge by.")
    return [*findings, *proof]


def _vitals_by_split(cohort: Cohort, predictions: Predictions) -> dict[str, dict[str, Any]]:
    """Return the vitals of each split's records, among which the worst-served slice is searched for."""
    vitals = cohort.records.vitals
    return {
        split: {name: column.values[predictions.split == split] for name, column in vitals.items()}
        for split in ("validation", *measured_splits(predictions.split))
    }


def baseline_figures(models: Mapping[str, Predictions]) -> dict[str, Any]:
    """Return each model's point figures by measured split."""
    figures: dict[str, Any] = {}
    for name, predictions in models.items():
        parts = {split: predictions.of_split(split) for split in ("validation", *measured_splits(predictions.split))}
        figures[name] = {split: point_values(part) for split, part in parts.items() if len(part)}
    return figures
