"""Gaps of every slice to everybody else: error rates, AUROC, losses and errors, with simultaneous intervals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from primum.evidence.finding import Finding
from primum.evidence.intervals import mover
from primum.evidence.power import Z_POWER
from primum.evidence.predictions import FloatArray, IntArray
from primum.fairness.families import Families, Level, described_shares, several_classes
from primum.fairness.gap_findings import findings_of
from primum.fairness.means import Mean, mean_gaps, record_means, relative_gaps
from primum.fairness.problems import Audited, Problem
from primum.fairness.ranking import Areas, AreasByAxis
from primum.fairness.shares import SHARES, USUAL_GAP, Gaps, hits_and_n, macro_gaps, share_gaps

_HOLD = "simultaneous over {slices} slices (max-t, z = {z:.2f})"
_SHARE_METHOD = f"difference of two shares; MOVER from exact intervals (Zou & Donner 2008), {_HOLD}"
_MACRO_METHOD = f"mean over {{k}} classes of differences of shares; MOVER interval, {_HOLD}"
_MEAN_METHOD = f"difference of two means; Welch's interval, {_HOLD}"
_AREA_METHOD = f"difference of two AUROCs; DeLong on the logit scale, {_HOLD}"


def gap_findings(
    audited: Audited, outcomes: Sequence[FloatArray], families: Families, areas: Sequence[AreasByAxis]
) -> list[Finding]:
    """Return the gap findings of a split.

    Args:
        audited: the split.
        outcomes: of each problem the counts of its four outcomes by cell, (n_cells, 4).
        families: whose critical values the intervals take.
        areas: of each problem the AUROCs of the described axes.
    """
    findings: list[Finding] = []
    if audited.predictions.target_type == "number":
        return [finding for level in families.headline for finding in _number_gaps(audited, level)]
    if not audited.binary:
        for level in families.headline:
            findings += _macro_gaps(audited, level, outcomes)
    role = "headline" if audited.binary else "part"
    metrics = ("tpr",) if several_classes(audited) else ("tpr", "fpr")
    for level in families.parts:
        for problem, of_cells in zip(audited.problems, outcomes, strict=True):
            for metric in metrics:
                findings += _share_gaps(audited, level, metric, problem, of_cells, role=role)
    return findings + _described(audited, outcomes, families.described, areas)


def _described(
    audited: Audited, outcomes: Sequence[FloatArray], levels: Sequence[Level], areas: Sequence[AreasByAxis]
) -> list[Finding]:
    """Return the gaps that are reported beside the judged ones; they have an error of their own."""
    means = [] if audited.predictions.probabilities is None else record_means(audited.predictions)
    findings: list[Finding] = []
    for level in levels:
        for problem, of_cells, of_axes in zip(audited.problems, outcomes, areas, strict=True):
            for metric in described_shares(audited):
                findings += _share_gaps(audited, level, metric, problem, of_cells, role="described")
            findings += _area_gaps(audited, level, problem, of_axes)
        if audited.predictions.target_type == "classes":
            findings += _accuracy_gaps(audited, level)
        for mean in means:
            findings += _mean_findings(audited, level, mean)
    return findings


def _share_gaps(
    audited: Audited, level: Level, metric: str, problem: Problem, of_cells: FloatArray, *, role: str
) -> list[Finding]:
    sums, rest = level.stacked(of_cells)
    effect = 1.0
    if audited.units is not None:
        states = problem.outcomes()
        inside, hit = np.isin(states, SHARES[metric].of), np.isin(states, SHARES[metric].hits)
        mean = float(hit.sum() / max(inside.sum(), 1))
        effect = audited.design_effect(np.where(inside, hit - mean, 0.0))
    gaps = share_gaps(metric, sums, rest, critical=level.critical, design_effect=effect)
    class_ = None if metric == "accuracy" else problem.class_
    return findings_of(audited, level, f"{metric}_gap", gaps, class_=class_, role=role, method=_SHARE_METHOD)


def _accuracy_gaps(audited: Audited, level: Level) -> list[Finding]:
    right = audited.predictions.target == audited.predictions.predicted
    problem = Problem(class_="", truth=np.ones(len(right), dtype=bool), said=right, probability=None)
    of_cells = audited.slices.count(problem.outcomes(), 4)
    return _share_gaps(audited, level, "accuracy", problem, of_cells, role="described")


def _macro_gaps(audited: Audited, level: Level, outcomes: Sequence[FloatArray]) -> list[Finding]:
    pairs = [level.stacked(of_cells) for of_cells in outcomes]
    ours = [hits_and_n("tpr", sums) for sums, _ in pairs]
    theirs = [hits_and_n("tpr", rest) for _, rest in pairs]
    effect = 1.0
    if audited.units is not None:
        effect = max(
            audited.design_effect(np.where(p.truth, p.said - p.said[p.truth].mean(), 0.0))
            for p in audited.problems
            if p.truth.any()
        )
    gaps = macro_gaps(
        *(np.stack([pair[i] for pair in side], axis=1) for side in (ours, theirs) for i in (0, 1)),
        critical=level.critical,
        design_effect=effect,
    )
    method = _MACRO_METHOD.replace("{k}", str(len(outcomes)))
    return findings_of(audited, level, "balanced_accuracy_gap", gaps, class_=None, role="headline", method=method)


def _area_gaps(audited: Audited, level: Level, problem: Problem, areas: AreasByAxis) -> list[Finding]:
    if not areas:
        return []
    pairs = [areas[axis.attributes] for axis in level.axes]
    ours, theirs = (_joined([pair[side] for pair in pairs]) for side in (0, 1))
    gaps = area_gaps(ours, theirs, critical=level.critical)
    return findings_of(audited, level, "auroc_gap", gaps, class_=problem.class_, role="described", method=_AREA_METHOD)


def _joined(areas: Sequence[Areas]) -> Areas:
    return Areas(
        **{
            name: np.concatenate([getattr(a, name) for a in areas])
            for name in ("value", "error", "positive", "negative")
        }
    )


def area_gaps(ours: Areas, theirs: Areas, *, critical: float) -> Gaps:
    """Return the gaps in AUROC between slices and their comparisons."""
    low, high = mover(theirs.value, theirs.bounds(critical), ours.value, ours.bounds(critical))
    with np.errstate(divide="ignore", invalid="ignore"):
        # A perfect or hopeless ranking has no error of its own: the slice is given that of a share of its rarer class.
        rarer = np.minimum(ours.positive, ours.negative)
        error = np.where(ours.error > 0, ours.error, np.sqrt(0.25 / rarer))
        detectable = (critical + Z_POWER) * np.sqrt(error**2 + theirs.error**2)
        fewest = np.minimum(ours.positive, ours.negative)
        return Gaps(
            value=theirs.value - ours.value,
            low=low,
            high=high,
            slice_value=ours.value,
            versus_value=theirs.value,
            n=fewest,
            versus_n=np.minimum(theirs.positive, theirs.negative),
            detectable=np.nan_to_num(detectable, nan=1.0, posinf=1.0),
            needed=np.ceil(fewest * (detectable / USUAL_GAP) ** 2),
        )


def _mean_findings(audited: Audited, level: Level, mean: Mean) -> list[Finding]:
    gaps = gaps_of_mean(audited, level, mean)
    return findings_of(audited, level, f"{mean.metric}_gap", gaps, class_=None, role="described", method=_MEAN_METHOD)


def gaps_of_mean(audited: Audited, level: Level, mean: Mean) -> Gaps:
    """Return the gaps in a mean between every slice of a level and everybody else."""
    everybody: IntArray = np.zeros(len(mean.values), dtype=np.int64)
    parts = [audited.slices.count(everybody, 1, weights)[:, 0] for weights in (None, mean.values, mean.values**2)]
    sums, rest = level.stacked(np.stack(parts, axis=1))
    effect = audited.design_effect(mean.values - mean.values.mean())
    return mean_gaps(sums, rest, critical=level.critical, design_effect=effect, scale=mean.scale)


def _number_gaps(audited: Audited, level: Level) -> list[Finding]:
    findings = []
    for mean in record_means(audited.predictions):
        gaps = gaps_of_mean(audited, level, mean)
        without_unit = relative_gaps(gaps, metric=mean.metric, spread=mean.scale)
        name = "relative_mae_gap" if mean.metric == "mae" else "standardised_bias_gap"
        findings += findings_of(audited, level, name, without_unit, class_=None, role="headline", method=_MEAN_METHOD)
        findings += _mean_findings(audited, level, mean)
    return findings
