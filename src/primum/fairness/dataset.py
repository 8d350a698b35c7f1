"""What the records themselves say of each group, before any model: how many, with what outcome, and what is missing.

Every figure is a sum over records by group, so that a million records take about a second. Intervals are simultaneous
over all groups and columns of one kind of figure (Bonferroni).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from primum.cohort import Cohort
from primum.cohort.columns import is_none
from primum.cohort.records import TextColumn
from primum.cohort.table1 import SMALL
from primum.evidence.finding import Finding
from primum.evidence.intervals import LEVEL, mover, wilson_bounds
from primum.evidence.metrics import METRICS
from primum.evidence.slices import SITE, coded
from primum.fairness.representation import Axis, representation_findings
from primum.later import stats

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
_RATE = "share of records; Wilson's interval on the number of patients, simultaneous over {m} figures (Bonferroni)"
_GAP = "difference of two shares; Newcombe's interval from Wilson's, simultaneous over {m} figures (Bonferroni)"
_CHUNK = 65_536


@dataclass(frozen=True, slots=True)
class _Figures:
    """Shares of one kind for every group of every axis and several measures (classes or columns)."""

    rate: str
    gap: str
    measures: tuple[str, ...]
    hits: tuple[FloatArray, ...]
    """For each axis: records of each group that have each measure, shape (groups, measures)."""


def dataset_findings(cohort: Cohort, *, reference: Mapping[str, Mapping[str, float]] | None = None) -> list[Finding]:
    """Return representation, base rates and missingness by sensitive attribute and site, over the whole cohort.

    Groups of fewer than five patients have their representation only: a rate of theirs would tell of a person.

    Args:
        cohort: the records.
        reference: attribute -> group -> its share of the population that the model is meant for, in [0, 1].
    Raises:
        ColumnError: the reference names no attribute, or spells a group otherwise than the records do.
    """
    axes = _axes(cohort)
    findings = representation_findings(
        [axis for axis in axes if axis.attribute in cohort.sensitive], reference=reference or {}
    )
    shown = [axis for axis in axes if len(axis.levels) > 1]
    if cohort.target.kind != "number":
        findings += _findings(shown, _base_rates(cohort, shown))
    missing = _findings(shown, _missingness(cohort, shown))
    # The worst first: it is the one that a rule names.
    return findings + sorted(missing, key=lambda finding: -float(finding.detail["excess"]))


def _axes(cohort: Cohort) -> list[Axis]:
    columns = dict(cohort.sensitive)
    site_is_attribute = cohort.roles.site in columns
    if cohort.site is not None and not site_is_attribute:
        columns[SITE] = cohort.site
    patients = coded(cohort.patients)[0]
    return [Axis.of(name, *coded(values), patients=patients) for name, values in columns.items()]


def _base_rates(cohort: Cohort, axes: list[Axis]) -> _Figures:
    """Return how often each class occurs, by group; of two classes the second, since the first is all the others."""
    target, k = cohort.target, len(cohort.target.classes)
    hits = []
    for axis in axes:
        if target.kind == "labels":
            columns = [axis.sums(target.values[:, c].astype(np.float64)) for c in range(k)]
            hits.append(np.column_stack(columns))
        else:
            flat = np.bincount(axis.codes * k + target.values.astype(np.int64), minlength=len(axis.levels) * k)
            hits.append(flat.reshape(-1, k).astype(np.float64))
    told = slice(1, None) if target.kind == "classes" and k == 2 else slice(None)
    return _Figures("base_rate", "base_rate_gap", target.classes[told], tuple(part[:, told] for part in hits))


def _missingness(cohort: Cohort, axes: list[Axis]) -> _Figures:
    """Return how often each input that is ever missing is missing, by group."""
    names: list[str] = []
    columns: list[list[FloatArray]] = []
    for name, missing in _missing(cohort):
        if missing.any():
            names.append(name)
            columns.append([axis.sums(missing.astype(np.float64)) for axis in axes])
    hits = (np.column_stack(parts) for parts in zip(*columns, strict=True)) if columns else ()
    return _Figures("missing_rate", "missing_rate_gap", tuple(names), tuple(hits))


def _missing(cohort: Cohort) -> Iterator[tuple[str, BoolArray]]:
    """Yield each input and where it is missing, shape (n,); text columns are one input, as the model sees them."""
    records = cohort.records
    if records.text is not None:
        yield " + ".join(cohort.roles.inputs.text) or "text", _without_text(records.text)
    for vital in records.vitals.values():
        values = vital.values
        yield vital.name, is_none(np.asarray(values)) if vital.kind == "category" else np.isnan(values.astype(float))
    if records.image is not None and cohort.roles.inputs.image is not None:
        yield cohort.roles.inputs.image.column, is_none(records.image.keys)


def _without_text(text: TextColumn) -> BoolArray:
    parts = [[one is None for one in chunk] for chunk in text.chunks(_CHUNK)]
    return np.array([one for part in parts for one in part], dtype=bool)


def _findings(axes: list[Axis], figures: _Figures) -> list[Finding]:
    if not figures.measures:
        return []
    m = sum(int((axis.patients >= SMALL).sum()) for axis in axes) * len(figures.measures)
    findings: list[Finding] = []
    for axis, hits in zip(axes, figures.hits, strict=True):
        findings += _of_axis(axis, figures, hits, m=m)
    return findings


def _of_axis(axis: Axis, figures: _Figures, hits: FloatArray, *, m: int) -> Iterator[Finding]:
    """Yield rate and gap of each group and measure; `hits` has shape (groups, measures)."""
    critical = float(stats.norm.isf((1 - LEVEL) / 2 / max(m, 1)))
    own = _Shares.of(hits, axis.records[:, None], axis.patients[:, None], critical)
    others = _Shares.of(
        hits.sum(0) - hits,
        axis.records.sum() - axis.records[:, None],
        axis.all_patients - axis.patients[:, None],
        critical,
    )
    lows, highs = mover(own.value, (own.low, own.high), others.value, (others.low, others.high))
    for place in np.flatnonzero(axis.patients >= SMALL).tolist():
        for column, measure in enumerate(figures.measures):
            at = (place, column)
            excess = float(own.value[at] - others.value[at])
            common = _described(figures, measure, axis, place, excess)
            yield _finding(figures.rate, own.value[at], own.low[at], own.high[at], method=_RATE.format(m=m), **common)
            if axis.all_patients - axis.patients[place] < SMALL:
                continue
            common["detail"] = {
                **common["detail"],
                "slice_value": float(own.value[at]),
                "versus_value": float(others.value[at]),
                "versus_n": int(axis.all_patients - axis.patients[place]),
                "depth": 1,
            }
            yield _finding(
                figures.gap, excess, lows[at], highs[at], method=_GAP.format(m=m), versus=axis.versus(place), **common
            )


@dataclass(frozen=True, slots=True)
class _Shares:
    value: FloatArray
    low: FloatArray
    high: FloatArray

    @classmethod
    def of(cls, hits: FloatArray, records: FloatArray, patients: FloatArray, critical: float) -> _Shares:
        value = np.divide(hits, records, out=np.zeros_like(hits), where=records > 0)
        units = np.broadcast_to(np.maximum(patients, 0), hits.shape)
        low, high = wilson_bounds(value * units, units, critical=critical)
        return cls(value, low, high)


def _described(figures: _Figures, measure: str, axis: Axis, place: int, excess: float) -> dict[str, Any]:
    detail: dict[str, Any] = {"records": int(axis.records[place])}
    if figures.rate == "missing_rate":
        detail |= {"column": measure, "excess": excess}
    return {
        "class_": measure if figures.rate == "base_rate" else None,
        "n": int(axis.patients[place]),
        "slice": {axis.attribute: axis.levels[place]},
        "detail": detail,
    }


def _finding(metric: str, value: float, low: float, high: float, **more: Any) -> Finding:
    return Finding(
        pillar="fairness",
        metric=metric,
        value=float(value),
        low=float(low),
        high=float(high),
        level=LEVEL,
        split=None,
        reference=METRICS.get(metric).reference,
        **more,
    )
