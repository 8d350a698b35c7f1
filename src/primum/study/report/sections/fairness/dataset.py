"""The records themselves: who is in them, how often each group has the outcome, and whose values are missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from primum.evidence.finding import Finding
from primum.study.report.sections.fairness import telling
from primum.study.report.sections.fairness.gather import SMALLEST_CELL, Fairness, level_order
from primum.study.report.wording import percent

STANDS_OUT = 0.1
"""A difference that is shown is marked from ten points on."""
MOST_ROWS = 40
MEASURES = ("representation_gap", "base_rate", "missing_rate")


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetCell:
    """One figure, marked where it stands out."""

    value: str
    note: str = ""
    stands_out: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """Slices down; representation, base rate and missingness across."""

    head: Sequence[str]
    rows: Sequence[tuple[str, str, Sequence[DatasetCell]]]
    more: str
    sentence: str


def dataset(fair: Fairness) -> Dataset | None:
    """Return the table of the dataset side; None when none of it was measured."""
    gaps = {_key(f): f for m in ("base_rate_gap", "missing_rate_gap") for f in _single(m, fair)}
    found: dict[tuple[str, str], dict[str, Finding]] = {}
    for metric in MEASURES:
        for finding in _told(metric, fair):
            ((name, level),) = finding.slice.items()
            row = found.setdefault((name, level), {})
            if metric not in row or _prefer(finding, row[metric]):
                row[metric] = finding
    if not found:
        return None
    present = [m for m in MEASURES if any(m in row for row in found.values())]
    order = {name: place for place, name in enumerate(fair.attributes)}
    keys = sorted(found, key=lambda k: (order.get(k[0], 99), k[0], level_order(k[1])))
    words = fair.context.words
    return Dataset(
        head=[words(f"fair.data.{m}", name=_class_told(fair) or words("fair.the_class")) for m in present],
        rows=[_row(key, found[key], present, gaps, fair) for key in keys[:MOST_ROWS]],
        more=words("fair.more_rows", n=len(keys) - MOST_ROWS) if len(keys) > MOST_ROWS else "",
        sentence=base_rate_sentence(fair),
    )


def _told(metric: str, fair: Fairness) -> list[Finding]:
    """Return the findings of a metric about single groups; base rates of the one class that the table tells."""
    found = _single(metric, fair)
    return [f for f in found if f.class_ == _class_told(fair)] if metric == "base_rate" else found


def _class_told(fair: Fairness) -> str | None:
    """Return the class that is looked for, or of many the one whose rate differs most between groups."""
    rates = _single("base_rate", fair)
    named = {f.class_ for f in rates}
    if fair.positive in named or len(named) == 1:
        return fair.positive if fair.positive in named else next(iter(named))
    spread: dict[tuple[str | None, str], list[float]] = {}
    for finding in rates:
        if finding.value is not None:
            spread.setdefault((finding.class_, next(iter(finding.slice))), []).append(finding.value)
    return max(spread, key=lambda key: max(spread[key]) - min(spread[key]))[0] if spread else None


def base_rate_sentence(fair: Fairness) -> str:
    """Return a sentence about the attributes whose groups have the outcome at rates ten points or more apart, or ""."""
    words = fair.context.words
    apart = []
    for name, rates in _rates(fair).items():
        low, high = min(rates, key=lambda r: r[0]), max(rates, key=lambda r: r[0])
        if high[0] - low[0] >= STANDS_OUT:
            attribute = words.known(f"attribute.{name}", otherwise=name)
            least, most = fair.context.level(low[1]), fair.context.level(high[1])
            ends = {"low": percent(low[0]), "least": least, "high": percent(high[0]), "most": most}
            apart.append((low[0] - high[0], words("fair.data.base_rates", attribute=attribute, **ends)))
    listed = [text for _, text in sorted(apart)[:3]]
    return words("fair.data.base_rates_differ", listing="; ".join(listed)) if listed else ""


def _rates(fair: Fairness) -> Mapping[str, list[tuple[float, str]]]:
    rates: dict[str, list[tuple[float, str]]] = {}
    for finding in _told("base_rate", fair):
        ((name, level),) = finding.slice.items()
        if finding.value is not None and finding.enough and not telling.withheld(finding):
            rates.setdefault(name, []).append((finding.value, level))
    return rates


def _single(metric: str, fair: Fairness) -> list[Finding]:
    return [f for f in fair.by_metric.get(metric, ()) if len(f.slice) == 1]


def _key(finding: Finding) -> tuple[object, ...]:
    """Return what a rate and its gap have in common."""
    metric = finding.metric.removesuffix("_gap")
    return metric, tuple(finding.slice.items()), finding.split, finding.class_, finding.detail.get("column")


def _prefer(finding: Finding, held: Finding) -> bool:
    """Return whether a finding says more: the whole cohort before a split, then what is missing most."""
    places = {None: 0, "train": 1, "test": 2}
    here, there = places.get(finding.split, 3), places.get(held.split, 3)
    if here != there:
        return here < there
    return finding.metric == "missing_rate" and _excess(finding) > _excess(held)


def _excess(finding: Finding) -> float:
    """Return by how much more is missing than elsewhere, or how much is missing where that is not said."""
    excess = telling.detail_value(finding, "excess")
    return (finding.value or 0.0) if excess is None else excess


def _row(
    key: tuple[str, str],
    figures: Mapping[str, Finding],
    present: Sequence[str],
    gaps: Mapping[tuple[object, ...], Finding],
    fair: Fairness,
) -> tuple[str, str, Sequence[DatasetCell]]:
    n = max(_patients(f) for f in figures.values())
    hidden = n < SMALLEST_CELL
    cells = [DatasetCell(value="·") if hidden else _cell(figures.get(m), gaps, fair) for m in present]
    return fair.context.group(dict([key])), telling.count(n), cells


def _patients(finding: Finding) -> int:
    """Return how many patients the group has: a share rests on everybody, and says the group's own in its detail."""
    own = telling.detail_value(finding, "patients")
    return finding.n if own is None else int(own)


def _cell(finding: Finding | None, gaps: Mapping[tuple[object, ...], Finding], fair: Fairness) -> DatasetCell:
    if finding is None or finding.value is None:
        return DatasetCell(value="–")
    if finding.metric == "representation_gap":
        return _shortfall(finding, fair)
    column = finding.detail.get("column")
    return DatasetCell(
        value=percent(finding.value),
        note="" if column is None else str(column),
        stands_out=_apart(gaps.get(_key(finding))),
    )


def _shortfall(finding: Finding, fair: Fairness) -> DatasetCell:
    """Return by what part a group is too rare (or, below zero, too common), with its share and the stated one."""
    shares = telling.detail_value(finding, "share"), telling.detail_value(finding, "stated")
    known = all(share is not None for share in shares)
    note = (
        fair.context.words("fair.data.reference", share=percent(shares[0]), stated=percent(shares[1])) if known else ""
    )
    value = f"{telling.figure('share', finding.value, signed=True)} %"
    return DatasetCell(value=value, note=note, stands_out=_apart(finding))


def _apart(gap: Finding | None) -> bool:
    """Return whether a difference is shown, to either side, and is ten points or more."""
    if gap is None or gap.value is None or gap.low is None or gap.high is None:
        return False
    return abs(gap.value) >= STANDS_OUT and (gap.low > 0 or gap.high < 0)
