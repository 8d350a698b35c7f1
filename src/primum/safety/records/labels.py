"""Wrong labels: records whose label their inputs contradict, by confident learning on cheap held-out scores."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from primum.cohort import Cohort
from primum.evidence.finding import Finding
from primum.evidence.intervals import clopper_pearson
from primum.safety.records.giving import best_cut
from primum.safety.records.sample import Sample
from primum.safety.records.told import SMALL, told

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_METHOD = (
    "share of records whose label is likely wrong: confident learning on held-out probabilities of a ridge regression "
    "on all inputs, five folds by patient; Clopper and Pearson's interval"
)
_LEAST_SKILL = 0.5
"""Of the held-out scores, below which they know too little to suspect anybody's label."""
_SURE_SKILL = 0.7
"""From which on what the scores contradict is more often a wrong label than a hard record."""
_SHARPNESS = 12.0
"""Turns shrunken scores into probabilities; the order of suspicion hardly depends on it."""


def label_error_findings(cohort: Cohort, sample: Sample) -> tuple[list[Finding], IntArray]:
    """Return the share of labels that are likely wrong, in all and class by class, and the suspicious row numbers.

    Asked of a target of classes only. What a model cannot tell apart it cannot suspect, and what is ambiguous it may
    suspect wrongly: the figure is a reason to look, the rows say where, the most suspicious first.
    """
    if cohort.target.kind != "classes" or len(sample.rows) < 50:
        return [], np.zeros(0, dtype=np.int64)
    if skill(sample) < _LEAST_SKILL:
        return [], np.zeros(0, dtype=np.int64)
    given = sample.wanted.argmax(axis=1)
    suspicion, other = suspicions(probabilities(sample), given)
    found = np.flatnonzero(suspicion > 0)
    order = found[np.argsort(-suspicion[found], kind="stable")]
    n, scale = len(given), sample.effective
    bounds = clopper_pearson(len(found) * scale, n * scale)
    surely = "yes" if skill(sample) >= _SURE_SKILL else "no"
    findings = [
        told("label_errors", len(found) / n, n=n, bounds=bounds, records=len(found), skilled=surely, method=_METHOD)
    ]
    for c in np.argsort(-np.bincount(given[found], minlength=len(sample.classes)), kind="stable")[:3].tolist():
        of_class, wrong = int((given == c).sum()), int((given[found] == c).sum())
        if wrong >= SMALL:
            meant = int(np.bincount(other[found][given[found] == c]).argmax())
            findings.append(
                told(
                    "label_errors",
                    wrong / of_class,
                    n=of_class,
                    class_=sample.classes[c],
                    records=wrong,
                    bounds=clopper_pearson(wrong * scale, of_class * scale),
                    meant=sample.classes[meant],
                    method=_METHOD,
                )
            )
    return findings, sample.rows[order]


def skill(sample: Sample) -> float:
    """Return the mean over classes of how much the held-out scores give away of each, 0 for chance, 1 for all."""
    return float(np.mean([best_cut(score, of > 0) for score, of in zip(sample.score.T, sample.wanted.T, strict=True)]))


def probabilities(sample: Sample) -> FloatArray:
    """Return held-out probabilities of each class, shape (m, k), from the sample's scores."""
    base = sample.wanted.mean(axis=0)
    spread = max(float(sample.score.std()), 1e-9)
    logit = np.log(np.maximum(base, 1e-6)) * 0.3 + np.clip(sample.score / spread, -_SHARPNESS, _SHARPNESS)
    raised = np.exp(logit - logit.max(axis=1, keepdims=True))
    result: FloatArray = raised / raised.sum(axis=1, keepdims=True)
    return result


def suspicions(probability: FloatArray, given: IntArray) -> tuple[FloatArray, IntArray]:
    """Return how suspicious each label is (0: not), shape (m,), and the class that the inputs speak for.

    A record counts as confidently of a class when its probability reaches the mean over those who bear that label;
    a label is suspicious when the record is confidently of another class only.

    Source: Northcutt, Jiang & Chuang 2021, J. Artif. Intell. Res. 70, sections 3.1 and 3.2.
    """
    k = probability.shape[1]
    own = probability[np.arange(len(given)), given]
    counts = np.bincount(given, minlength=k)
    threshold = np.where(counts > 0, np.bincount(given, weights=own, minlength=k) / np.maximum(counts, 1), 2.0)
    confident = probability >= threshold
    best = np.where(confident, probability, -1.0).argmax(axis=1)
    wrong = confident.any(axis=1) & (best != given)
    gap = probability[np.arange(len(given)), best] - own
    return np.where(wrong & (gap > 0), gap, 0.0), best
