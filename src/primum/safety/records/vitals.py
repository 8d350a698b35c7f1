"""Vitals: what is missing, what no patient can have, and what stands in another unit than the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import numpy.typing as npt

from primum.cohort import Cohort
from primum.cohort.columns import coded, is_none
from primum.cohort.records import VitalColumn
from primum.evidence.finding import Finding
from primum.evidence.intervals import clopper_pearson
from primum.safety.records.told import SMALL, share, told
from primum.safety.records.units import conversions

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

_MISSING = "share of records in which the field is missing; Clopper and Pearson's interval"
_OUTSIDE = (
    "share of present values outside the stated range, values in a wrong unit included; Clopper and Pearson's interval"
)
_STAND_IN = (
    "share of present values that are one and the same number far from all others, as stands for what was not measured"
)
_UNIT = (
    "values apart from the bulk that one conversion of units brings back into its middle with the same spread; share "
    "of present values, Clopper and Pearson's interval"
)
_APART = 4.0
_BROUGHT_BACK = 0.8
_STAND_INS = frozenset({-999.0, -99.0, -9.0, -1.0, 99.0, 999.0, 9999.0, -9999.0, 99999.0, 0.0})


def vital_findings(cohort: Cohort) -> list[Finding]:
    """Return what is missing, implausible and in another unit, by field; the worst first."""
    missing: list[Finding] = []
    wrong: list[Finding] = []
    for vital in cohort.records.vitals.values():
        absent = _absent(vital)
        missing.append(share("vital_missing", int(absent.sum()), len(absent), column=vital.name, method=_MISSING))
        if vital.kind == "number":
            wrong += _of_number(vital, np.asarray(vital.values, dtype=np.float64), cohort)
    spoilt = cohort.source.get("set_to_missing", {})
    for name, count in spoilt.items() if isinstance(spoilt, Mapping) else ():
        wrong.append(
            share(
                "not_a_number",
                int(count),
                len(cohort),
                column=name,
                method="share of records whose cell spells no number, set to missing; Clopper and Pearson's interval",
            )
        )
    missing.sort(key=lambda finding: -(finding.value or 0.0))
    return wrong + missing


def _absent(vital: VitalColumn) -> BoolArray:
    return is_none(np.asarray(vital.values)) if vital.kind == "category" else np.isnan(vital.values.astype(np.float64))


def _of_number(vital: VitalColumn, values: FloatArray, cohort: Cohort) -> Iterator[Finding]:
    present = ~np.isnan(values)
    n = int(present.sum())
    if vital.range is not None and n:
        outside = int((present & ((values < vital.range[0]) | (values > vital.range[1]))).sum())
        yield share("implausible", outside, n, column=vital.name, method=_OUTSIDE)
    if n < 20:
        return
    spike = stand_in(values[present])
    if spike:
        yield share("stand_in_value", spike, n, column=vital.name, method=_STAND_IN)
    found = other_unit(values, vital.range, conversions(vital.name, vital.unit))
    if found is not None:
        way, theirs = found
        yield from _told_unit(way, theirs, present, vital, cohort)


def _told_unit(
    way: str, theirs: BoolArray, present: BoolArray, vital: VitalColumn, cohort: Cohort
) -> Iterator[Finding]:
    n, hits = int(present.sum()), int(theirs.sum())
    yield share("other_unit", hits, n, column=vital.name, conversion=way, method=_UNIT)
    if cohort.site is None:
        return
    codes, names = coded(cohort.site)
    of_site = np.bincount(codes[theirs], minlength=len(names))
    worst = int(of_site.argmax())
    here = int((present & (codes == worst)).sum())
    if of_site[worst] >= 0.8 * hits and here >= SMALL:
        yield told(
            "other_unit",
            of_site[worst] / here,
            n=here,
            bounds=clopper_pearson(int(of_site[worst]), here),
            slice_={"site": names[worst]},
            column=vital.name,
            conversion=way,
            records=int(of_site[worst]),
            method=_UNIT,
        )


def stand_in(values: FloatArray) -> int:
    """Return how often a customary stand-in for "not measured" occurs, where all other values are far from it."""
    worst = 0
    for number in _STAND_INS:
        same = values == number
        hits, rest = int(same.sum()), values[~same]
        if hits < 3 or len(rest) < 20:
            continue
        low, high = np.quantile(rest, [0.0, 1.0])
        gap = min(abs(number - low), abs(number - high))
        if (number < low or number > high) and gap > 0.5 * (np.quantile(rest, 0.95) - np.quantile(rest, 0.05)):
            worst = max(worst, hits)
    return worst


def other_unit(
    values: FloatArray, stated: tuple[float, float] | None, ways: Mapping[str, Callable[[FloatArray], FloatArray]]
) -> tuple[str, BoolArray] | None:
    """Return the conversion that brings a part of the values back among the rest, and which they are; None without.

    The part has to lie apart from the bulk (in logarithms, by four of its spreads, or outside the stated range), to be
    five values or more, and to come back, eight in ten, into the middle 99 % of the bulk, with its middle and spread.
    """
    positive = values > 0
    if positive.sum() < 20 or np.nanmin(np.where(np.isnan(values), 1.0, values)) < 0:
        return None
    logs = np.log(values, out=np.full(len(values), np.nan), where=positive)
    best: tuple[float, str, BoolArray] | None = None
    for part in _parts(values, logs, stated):
        rest = positive & ~part
        if part.sum() < SMALL or rest.sum() < max(10, SMALL):
            continue
        for way, convert in ways.items():
            score = _fit(convert(values[part]), values[rest])
            if score is not None and (best is None or score < best[0]):
                best = (score, way, part)
    return None if best is None else (best[1], best[2])


def _parts(values: FloatArray, logs: FloatArray, stated: tuple[float, float] | None) -> Iterator[BoolArray]:
    """Yield sets of values that lie apart: outside the stated range, far from the bulk, or one of two heaps."""
    known = ~np.isnan(logs)
    if stated is not None:
        yield known & (values > stated[1])
        yield known & (values < stated[0])
    middle = float(np.median(logs[known]))
    spread = max(1.4826 * float(np.median(np.abs(logs[known] - middle))), 0.01)
    yield known & (logs > middle + _APART * spread)
    yield known & (logs < middle - _APART * spread)
    order = np.sort(logs[known])
    lowest, highest = int(0.02 * len(order)), int(0.98 * len(order))
    gaps = np.diff(order[lowest : highest + 1])
    if not len(gaps):
        return
    cut = order[lowest + int(gaps.argmax())] + gaps.max() / 2
    below, above = order[order < cut], order[order >= cut]
    within = max(below.std(), above.std(), 0.01)
    if above.mean() - below.mean() > _APART * within:
        smaller_above = len(above) <= len(below)
        yield known & ((logs >= cut) if smaller_above else (logs < cut))


def _fit(back: FloatArray, rest: FloatArray) -> float | None:
    """Return how far converted values are from the bulk, 0 at best; None where they do not belong to it."""
    if (back <= 0).any():
        return None
    low, high = np.quantile(rest, [0.005, 0.995])
    if ((back >= low) & (back <= high)).mean() < _BROUGHT_BACK:
        return None
    a, b = np.log(back), np.log(rest)
    middle, spread = float(np.median(b)), max(float(np.subtract(*np.quantile(b, [0.75, 0.25]))) / 1.349, 0.01)
    own = max(float(np.subtract(*np.quantile(a, [0.75, 0.25]))) / 1.349, 0.01)
    off = abs(float(np.median(a)) - middle) / spread
    return off + abs(float(np.log(own / spread))) if off < 0.8 and 0.4 < own / spread < 2.5 else None
