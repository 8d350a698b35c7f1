"""How each group and each site fares: shares, AUROC, losses, calibration, with intervals that hold together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from primum.evidence.calibration import Estimate, binned_errors, slope_and_intercept
from primum.evidence.finding import Finding
from primum.evidence.intervals import wilson_bounds
from primum.evidence.metrics import METRICS
from primum.evidence.predictions import FloatArray
from primum.evidence.simultaneous import sidak
from primum.evidence.slices import Axis, group_sums
from primum.evidence.sufficiency import ENOUGH_FOR_A_MEAN, ENOUGH_FOR_A_SHARE, ENOUGH_FOR_CALIBRATION
from primum.evidence.sums import confidence_and_outcome
from primum.fairness.means import mean_and_error, record_means
from primum.fairness.problems import Audited, Problem
from primum.fairness.ranking import AreasByAxis
from primum.fairness.shares import SHARES, hits_and_n

ALPHA = 0.05
_WELL = frozenset(
    {"healthy", "normal", "no finding", "no_finding", "no disease", "no_disease", "negative", "none", "健康", "正常"}
)
"""Names of a class that say "nothing is wrong"; only with one of them does under-diagnosis have a meaning."""
_SHARE = "share of records; Wilson's interval, simultaneous over {n} groups (Sidak)"
_AREA = "Mann-Whitney; DeLong on the logit scale, simultaneous over {n} groups (Sidak)"
_MEAN = "mean over records; normal interval, simultaneous over {n} groups (Sidak)"
_LOGISTIC = (
    "logistic regression on the log odds of the probability; Wald interval, simultaneous over {n} groups (Sidak)"
)
_BINS = "15 equal bins; bootstrap of the bins' counts, reflected at the value, simultaneous over {n} groups (Sidak)"


def level_findings(
    audited: Audited, outcomes: Sequence[FloatArray], areas: Sequence[AreasByAxis], *, n_resamples: int
) -> list[Finding]:
    """Return the level findings of single attributes and sites.

    Args:
        audited: the split.
        outcomes: of each problem the counts of its four outcomes by cell, (n_cells, 4).
        areas: of each problem the AUROCs of single attributes and sites.
        n_resamples: of the calibration error's bootstrap.
    """
    axes = list(audited.slices.of_depth(1))
    critical = sidak(sum(map(len, axes)), ALPHA)
    findings: list[Finding] = []
    for axis in axes:
        reporter = _Reporter(audited, axis, critical, sum(map(len, axes)))
        for problem, of_cells, of_axes in zip(audited.problems, outcomes, areas, strict=True):
            findings += _shares(reporter, problem, axis.sums(of_cells))
            findings += _areas(reporter, problem, of_axes)
        findings += _means(reporter)
        if audited.predictions.probabilities is not None:
            findings += _calibration(reporter, n_resamples=n_resamples)
        findings += _under_diagnosis(reporter)
    return findings


class _Reporter:
    """Writes an estimate for each group of an axis as findings."""

    def __init__(self, audited: Audited, axis: Axis, critical: float, n_groups: int) -> None:
        self.audited, self.axis, self.critical, self.n_groups = audited, axis, critical, n_groups
        self.group = axis.of_cell[audited.slices.cell]

    def findings(
        self, metric: str, estimate: Estimate, n: FloatArray, *, class_: str | None, least: int, method: str
    ) -> list[Finding]:
        """Return a finding for each group; `least` is the smallest n that is enough."""
        findings = []
        for index in range(len(self.axis)):
            known = bool(np.isfinite(estimate.value[index]))
            findings.append(
                Finding(
                    pillar="fairness",
                    metric=metric,
                    class_=class_,
                    value=float(estimate.value[index]) if known else None,
                    low=float(estimate.low[index]) if known else None,
                    high=float(estimate.high[index]) if known else None,
                    level=0.95 if known else None,
                    n=int(n[index]),
                    slice=self.axis.slice_of(index),
                    split=self.audited.split,
                    enough=known and bool(n[index] >= least),
                    method=method.format(n=self.n_groups) if known else "not defined for these records",
                    reference=METRICS.get(metric).reference,
                )
            )
        return findings


def _shares(reporter: _Reporter, problem: Problem, sums: FloatArray) -> list[Finding]:
    findings = []
    for metric in SHARES:
        several = len(reporter.audited.problems) > 1 and metric in ("npv", "accuracy")
        if several:
            continue
        hits, n = hits_and_n(metric, sums)
        low, high = wilson_bounds(hits, n, critical=reporter.critical)
        with np.errstate(divide="ignore", invalid="ignore"):
            estimate = Estimate(value=hits / n, low=low, high=high)
        class_ = None if metric == "accuracy" else problem.class_
        findings += reporter.findings(metric, estimate, n, class_=class_, least=ENOUGH_FOR_A_SHARE, method=_SHARE)
    return findings


def _areas(reporter: _Reporter, problem: Problem, of_axes: AreasByAxis) -> list[Finding]:
    if not of_axes:
        return []
    areas, _ = of_axes[reporter.axis.attributes]
    low, high = areas.bounds(reporter.critical)
    fewest = np.minimum(areas.positive, areas.negative)
    estimate = Estimate(value=areas.value, low=low, high=high)
    return reporter.findings("auroc", estimate, fewest, class_=problem.class_, least=ENOUGH_FOR_A_SHARE, method=_AREA)


def _means(reporter: _Reporter) -> list[Finding]:
    findings = []
    for mean in record_means(reporter.audited.predictions):
        if mean.metric == "calibration":
            continue  # told by the intercept and the binned error
        m = len(reporter.axis)
        sums = np.stack([group_sums(reporter.group, m, w) for w in (None, mean.values, mean.values**2)], axis=1)
        effect = reporter.audited.design_effect(mean.values - mean.values.mean())
        value, error = mean_and_error(sums, effect)
        half = reporter.critical * error
        low = value - half if mean.metric == "bias" else np.maximum(value - half, 0.0)
        estimate = Estimate(value=value, low=low, high=value + half)
        findings += reporter.findings(
            mean.metric, estimate, sums[:, 0], class_=None, least=ENOUGH_FOR_A_MEAN, method=_MEAN
        )
    return findings


def _calibration(reporter: _Reporter, *, n_resamples: int) -> list[Finding]:
    audited, m = reporter.audited, len(reporter.axis)
    said, came = confidence_and_outcome(audited.predictions)
    group = np.repeat(reporter.group, said.size // len(reporter.group))
    n = group_sums(reporter.group, m)
    slope, intercept = slope_and_intercept(said, came, group, m, critical=reporter.critical)
    alpha = 1 - (1 - ALPHA) ** (1 / reporter.n_groups)
    binned = binned_errors(said, came, group, m, alpha=alpha, draws=n_resamples, seed=audited.seed)
    findings = []
    for metric, estimate, method in (
        ("calibration_slope", slope, _LOGISTIC),
        ("calibration_intercept", intercept, _LOGISTIC),
        ("ece", binned, _BINS),
    ):
        findings += reporter.findings(metric, estimate, n, class_=None, least=ENOUGH_FOR_CALIBRATION, method=method)
    return findings


def _under_diagnosis(reporter: _Reporter) -> list[Finding]:
    """Return the share of the ill who were said to be well, where one class is named as being well."""
    predictions = reporter.audited.predictions
    well = [code for code, name in enumerate(predictions.classes) if name.strip().lower() in _WELL]
    if predictions.target_type != "classes" or len(well) != 1:
        return []
    ill = predictions.target != well[0]
    m = len(reporter.axis)
    n = group_sums(reporter.group[ill], m)
    missed = group_sums(reporter.group[ill & (predictions.predicted == well[0])], m)
    low, high = wilson_bounds(missed, n, critical=reporter.critical)
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate = Estimate(value=missed / n, low=low, high=high)
    return reporter.findings("under_diagnosis_rate", estimate, n, class_=None, least=ENOUGH_FOR_A_SHARE, method=_SHARE)
