"""The records themselves: who is in them, how often each group has the outcome, and whose values are missing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from primum.evidence.finding import Finding
from primum.study.report.sections.fairness import telling
from primum.study.report.sections.fairness.gather import Fairness, level_order, shown
from primum.study.report.wording import percent

STANDS_OUT = 0.1
"""A representation gap or a difference of rates of ten points or more is marked even without an interval."""
MOST_ROWS = 40
MEASURES = ("representation_gap", "base_rate", "missing_rate")
COLUMNS = ("share", *MEASURES)


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
        for finding in _single(metric, fair):
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
        head=[words(f"fair.data.{m}") for m in present],
        rows=[_row(key, found[key], present, gaps, fair) for key in keys[:MOST_ROWS]],
        more=words("fair.more_rows", n=len(keys) - MOST_ROWS) if len(keys) > MOST_ROWS else "",
        sentence=base_rate_sentence(fair),
    )


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
    for finding in _single("base_rate", fair):
        ((name, level),) = finding.slice.items()
        about_it = finding.class_ in (None, fair.positive) if fair.positive else finding.class_ is None
        if finding.value is not None and finding.enough and not telling.withheld(finding) and about_it:
            rates.setdefault(name, []).append((finding.value, level))
    return rates


def _single(metric: str, fair: Fairness) -> list[Finding]:
    return [f for f in fair.by_metric.get(metric, ()) if len(f.slice) == 1]


def _key(finding: Finding) -> tuple[str, tuple[tuple[str, str], ...]]:
    return finding.metric, tuple(finding.slice.items())


def _prefer(finding: Finding, held: Finding) -> bool:
    """Return whether a finding says more: the whole cohort before a split, then what is missing most."""
    places = {None: 0, "train": 1, "test": 2}
    here, there = places.get(finding.split, 3), places.get(held.split, 3)
    if here != there:
        return here < there
    return finding.metric == "missing_rate" and (finding.value or 0.0) > (held.value or 0.0)


def _row(
    key: tuple[str, str],
    figures: Mapping[str, Finding],
    present: Sequence[str],
    gaps: Mapping[tuple[str, tuple[tuple[str, str], ...]], Finding],
    fair: Fairness,
) -> tuple[str, str, Sequence[DatasetCell]]:
    n = max(f.n for f in figures.values())
    hidden = all(telling.withheld(f) for f in figures.values())
    cells = [
        DatasetCell(value="·") if hidden else _cell(figures.get(m), gaps.get((f"{m}_gap", (key,))), fair)
        for m in present
    ]
    return fair.context.group(dict([key])), telling.count(n), cells


def _cell(finding: Finding | None, gap: Finding | None, fair: Fairness) -> DatasetCell:
    if finding is None or finding.value is None:
        return DatasetCell(value="–")
    words = fair.context.words
    if finding.metric == "representation_gap":
        reference = next(
            (v for k in ("reference", "reference_share") if (v := telling.detail_value(finding, k)) is not None), None
        )
        note = "" if reference is None else words("fair.data.reference", share=percent(reference))
        return DatasetCell(
            value=telling.amount(finding.metric, finding.value, fair.context)
            if finding.value == 0
            else words("fair.amount.points", n=telling.figure(finding.metric, finding.value, signed=True)),
            note=note,
            stands_out=shown(finding) or abs(finding.value) >= STANDS_OUT,
        )
    field = str(finding.detail.get("field") or finding.detail.get("column") or "")
    apart = gap is not None and gap.value is not None and (shown(gap) or abs(gap.value) >= STANDS_OUT) and gap.enough
    return DatasetCell(value=percent(finding.value), note=field, stands_out=apart)
