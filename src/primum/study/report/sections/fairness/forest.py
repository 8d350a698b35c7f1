"""Forest plots of gaps: slices of one attribute and hospitals, and what else is shown about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from primum.evidence.finding import Finding
from primum.study.report.charts import Scale, scale_of
from primum.study.report.charts_fairness import gap_axis, gap_row
from primum.study.report.sections.fairness import telling
from primum.study.report.sections.fairness.gather import Fairness, depth, few, level_order, one_per, shown, worst_key

MOST_ROWS = 36
"""Rows of one forest plot; the others are counted."""
WIDEST = 3.0
"""A plot reaches at most this many times as far as the gaps themselves, lest one huge interval flatten the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GapRow:
    """One slice: words, figures and the picture of them."""

    label: str
    kind: str
    """worse, small, plain or few."""
    versus: str
    """What it is compared with, where the group's heading does not say so."""
    n: str
    value: str
    interval: str
    picture: Markup


@dataclass(frozen=True, slots=True, kw_only=True)
class GapForest:
    """A forest plot of one measure, its rows under the attribute they belong to."""

    title: str
    note: str
    unit: str
    axis: Markup
    groups: Sequence[tuple[str, str, Sequence[GapRow]]]
    """The attribute, what all its rows are compared with, if it is one, and its rows."""
    tolerance: str
    more: str


def forests(fair: Fairness) -> list[GapForest]:
    """Return a plot for each measure that is told first and was measured."""
    return [plot for metric in fair.leads if (plot := _forest(metric, fair)) is not None]


def row_of(finding: Finding, label: str, scale: Scale, fair: Fairness) -> GapRow:
    """Return the row of a gap; of a group of fewer than five patients no figure is shown."""
    hidden = telling.withheld(finding)
    ends = None if finding.low is None or finding.high is None else (finding.low, finding.high)
    kind = fair.standing(finding)
    tolerance = fair.tolerances.get(finding.metric)
    return GapRow(
        label=label,
        kind=kind,
        versus=telling.comparison(finding, fair.context),
        n=telling.count(finding.n),
        value="·" if hidden else telling.figure(finding.metric, finding.value, signed=True),
        interval="·" if hidden else telling.span(finding.metric, finding),
        picture=gap_row(None if hidden else finding.value, ends, scale, kind=kind, tolerance=tolerance),
    )


def scale_for(findings: Sequence[Finding], tolerance: float | None) -> Scale | None:
    """Return a scale that holds every value and, up to a limit, every interval; None when there is nothing to draw."""
    values = [f.value for f in findings if f.value is not None and not telling.withheld(f)]
    if not values:
        return None
    reach = WIDEST * max(0.02, tolerance or 0.0, *(abs(v) for v in values))
    ends = [e for f in findings for e in (f.low, f.high) if e is not None and not few(f)]
    bounded = [min(reach, max(-reach, e)) for e in ends]
    return scale_of([*values, *bounded, *([] if tolerance is None else [tolerance])], reference=0.0)


def _forest(metric: str, fair: Fairness) -> GapForest | None:
    found = fair.told(metric)
    kept = sorted(found, key=worst_key)[:MOST_ROWS]
    tolerance = fair.tolerances.get(metric)
    scale = scale_for(kept, tolerance)
    if scale is None:
        return None
    context, words = fair.context, fair.context.words
    groups = [_group(name, kept, scale, fair) for name in fair.attributes]
    return GapForest(
        title=context.title(metric),
        note=telling.meaning(metric, fair),
        unit=words(f"fair.unit.{telling.unit(metric)}"),
        axis=gap_axis(
            scale,
            factor=100.0 if telling.in_points(metric) else 1.0,
            worse=words("fair.worse"),
            better=words("fair.better"),
        ),
        groups=[group for group in groups if group[2]],
        tolerance="" if tolerance is None else telling.amount(metric, tolerance, context),
        more=words("fair.more_rows", n=f"{len(found) - len(kept):,}") if len(found) > len(kept) else "",
    )


def _group(name: str, kept: Sequence[Finding], scale: Scale, fair: Fairness) -> tuple[str, str, list[GapRow]]:
    rows = _rows(name, kept, scale, fair)
    words = fair.context.words
    heading = telling.capital(words.known(f"attribute.{name}", otherwise=name))
    versus = {row.versus for row in rows}
    if len(versus) != 1:
        return heading, "", rows
    return heading, words("fair.compared", versus=versus.pop()), [replace(row, versus="") for row in rows]


def _rows(name: str, kept: Sequence[Finding], scale: Scale, fair: Fairness) -> list[GapRow]:
    mine = [f for f in kept if name in f.slice]
    mine.sort(key=lambda f: (f.split != "test", level_order(f.slice[name])))
    return [row_of(f, _label(f, name, fair), scale, fair) for f in mine]


def _label(finding: Finding, name: str, fair: Fairness) -> str:
    label = fair.context.level(finding.slice[name])
    if fair.kind in ("many", "labels") and finding.class_ is not None:
        label = f"{label} · {finding.class_}"
    return label if finding.split == "test" else f"{label} · {fair.context.split(finding.split)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRow:
    """One gap that is shown, by another measure than those of the plots."""

    kind: str
    slice: str
    split: str
    metric: str
    versus: str
    n: str
    value: str
    interval: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Others:
    """Other measures by which somebody is shown to be served worse."""

    rows: Sequence[ShownRow]
    more: str


def others(fair: Fairness, *, most: int = 12) -> Others | None:
    """Return the gaps shown by other measures or for single classes, of slices of one attribute; None without any."""
    told = {id(f) for metric in fair.leads for f in fair.told(metric)}
    left = [f for f in fair.gaps if depth(f) == 1 and shown(f) and id(f) not in told]
    found = one_per(left, lambda f: (f.metric, f.split, tuple(f.slice.items())))
    found.sort(key=lambda f: (not fair.harmed(f), worst_key(f)))
    if not found:
        return None
    context = fair.context
    rows = [
        ShownRow(
            kind=fair.standing(f) if fair.judged(f) else "small",
            slice=telling.about(f, fair),
            split=context.split(f.split),
            metric=context.title(f.metric),
            versus=telling.comparison(f, context),
            n=telling.count(f.n),
            value=telling.amount(f.metric, f.value, context),
            interval=telling.span(f.metric, f),
        )
        for f in found[:most]
    ]
    more = context.words("fair.more_rows", n=f"{len(found) - most:,}") if len(found) > most else ""
    return Others(rows=rows, more=more)
