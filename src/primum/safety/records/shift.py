"""Shift: whether a model can tell the splits, or the hospitals, apart, and which fields differ most."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from primum.cohort import Cohort
from primum.cohort.columns import coded
from primum.evidence.finding import Finding
from primum.evidence.intervals import delong, mover, wilson_bounds
from primum.evidence.split_names import measured_splits
from primum.safety.records.ridge import folds_of, held_out
from primum.safety.records.sample import Sample, binned
from primum.safety.records.told import critical_of, told

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

_LEAST = 30
"""Records on either side; with fewer no shift can be told from chance."""
_MOST_SITES = 20
_TWO_SAMPLE = (
    "AUROC of a ridge regression that tells the two apart by the inputs, five folds by patient (classifier two-sample "
    "test; 0.5: they look alike); DeLong's interval"
)
_FIELD = (
    "total variation distance of the field's distribution (tenths or levels, what is missing a level of its own) less "
    "what two samples of this size of one distribution differ by on average; interval of 200 resamples"
)
_LABEL = "difference of the class's shares; Newcombe's interval, simultaneous over the classes (Bonferroni)"


def shift_findings(cohort: Cohort, sample: Sample, *, seed: int) -> list[Finding]:
    """Return how far the judging splits and each site differ: in all inputs together, by field, and in the target."""
    findings: list[Finding] = []
    learnt = sample.split == "train"
    for name in measured_splits(sample.split):
        judges = sample.split == name
        if min(learnt.sum(), judges.sum()) < _LEAST:
            continue
        common: dict[str, Any] = {"split": name, "versus": {"split": "train"}}
        findings.append(told("shift", **_apart(cohort, sample, judges, learnt), method=_TWO_SAMPLE, **common))
        findings += _label_shift(sample, judges, learnt, name)
        findings += _field_shift(cohort, sample, judges, learnt, seed=seed, **common)
    if cohort.site is not None and cohort.roles.site not in cohort.records.vitals:
        findings += _of_sites(cohort, sample)
    return findings


def _of_sites(cohort: Cohort, sample: Sample) -> Iterator[Finding]:
    assert cohort.site is not None
    site = cohort.site[sample.rows]
    codes, names = coded(site)
    sizes = np.bincount(codes, minlength=len(names))
    patients = coded(cohort.patients[sample.rows])[0]
    for code in np.argsort(-sizes, kind="stable")[:_MOST_SITES].tolist():
        mine = codes == code
        if min(mine.sum(), (~mine).sum()) < _LEAST or len(np.unique(patients[mine])) < _LEAST:
            continue
        apart = _apart(cohort, sample, mine, ~mine)
        yield told(
            "site_shift", **apart, slice_={"site": names[code]}, versus={"site": "all others"}, method=_TWO_SAMPLE
        )


def _apart(cohort: Cohort, sample: Sample, these: BoolArray, those: BoolArray) -> dict[str, Any]:
    """Return value, bounds and n of the two-sample test."""
    rows = np.flatnonzero(these | those)
    wanted = these[rows][:, None].astype(np.float64)
    folds = folds_of(coded(cohort.patients[sample.rows[rows]])[0])
    score = held_out(sample.features[rows], wanted, folds)[0][:, 0]
    area, influence = delong(score, these[rows])
    half = 1.96 * float(np.sqrt((influence**2).sum()))
    return {"value": area, "bounds": (max(area - half, 0.0), min(area + half, 1.0)), "n": len(rows)}


def _label_shift(sample: Sample, judges: BoolArray, learnt: BoolArray, name: str) -> list[Finding]:
    """Return the difference of the class whose share differs most."""
    n_judges, n_learnt = float(judges.sum()), float(learnt.sum())
    a, b = sample.wanted[judges].mean(axis=0), sample.wanted[learnt].mean(axis=0)
    critical, scale = critical_of(len(a)), sample.effective
    size_a, size_b = np.full(len(a), n_judges * scale), np.full(len(b), n_learnt * scale)
    low, high = mover(
        a, wilson_bounds(a * size_a, size_a, critical=critical), b, wilson_bounds(b * size_b, size_b, critical=critical)
    )
    c = int(np.abs(a - b).argmax())
    value, bounds = abs(a[c] - b[c]), (low[c], high[c]) if a[c] >= b[c] else (-high[c], -low[c])
    return [
        told(
            "label_shift",
            value,
            n=int(n_judges),
            bounds=bounds,
            split=name,
            versus={"split": "train"},
            class_=sample.classes[c],
            here=float(a[c]),
            in_train=float(b[c]),
            method=_LABEL,
        )
    ]


def _field_shift(
    cohort: Cohort, sample: Sample, judges: BoolArray, learnt: BoolArray, *, seed: int, **common: Any
) -> list[Finding]:
    """Return the distance of each field between two splits, the three farthest."""
    generator = np.random.default_rng(seed)
    found: list[Finding] = []
    for vital in cohort.records.vitals.values():
        codes = binned(vital, sample.rows)
        size = int(codes.max()) + 1
        a, b = (np.bincount(codes[part], minlength=size) for part in (judges, learnt))
        n, m = int(a.sum()), int(b.sum())
        pooled = (a + b) / (n + m)
        chance = _distance(generator.multinomial(n, pooled, 200), generator.multinomial(m, pooled, 200)).mean()
        here = _distance(generator.multinomial(n, a / n, 200), generator.multinomial(m, b / m, 200))
        value = max(float(_distance(a[None], b[None])[0] - chance), 0.0)
        spread = 1.96 * float(here.std())
        bounds = (max(value - spread, 0.0), min(value + spread, 1.0))
        found.append(told("field_shift", value, n=n, bounds=bounds, column=vital.name, method=_FIELD, **common))
    return sorted(found, key=lambda finding: -(finding.value or 0.0))[:3]


def _distance(a: npt.NDArray[np.int64], b: npt.NDArray[np.int64]) -> FloatArray:
    shares_a, shares_b = a / a.sum(axis=1, keepdims=True), b / b.sum(axis=1, keepdims=True)
    distance: FloatArray = np.abs(shares_a - shares_b).sum(axis=1) / 2
    return distance
