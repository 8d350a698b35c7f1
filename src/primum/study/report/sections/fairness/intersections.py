"""Intersections: heat maps of two attributes, and the worst slices of two and three."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from markupsafe import Markup

from primum.evidence.finding import Finding
from primum.evidence.split_names import measured_splits
from primum.study.report.charts import Labels
from primum.study.report.charts_fairness import Cell, heat_map
from primum.study.report.sections.fairness import telling
from primum.study.report.sections.fairness.gather import Fairness, depth, few, level_order, one_per, shown, worst_key
from primum.study.report.wording import percent

MOST_MAPS = 4
MOST_LEVELS = 9
MOST_ROWS = 15
LEVELS = {
    "tpr_gap": "tpr", "fpr_gap": "fpr", "balanced_accuracy_gap": "balanced_accuracy",
    "mae_gap": "mae", "relative_mae_gap": "mae", "standardised_bias_gap": "bias",
}  # fmt: skip
"""The level that a gap compares, where the two have different names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatMap:
    """A heat map of two attributes with its figures."""

    title: str
    caption: str
    picture: Markup
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorstRow:
    """One intersection."""

    slice: str
    split: str
    measure: str
    n: str
    here: str
    there: str
    value: str
    interval: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Intersections:
    """The heat maps, the worst intersections, and how many are not listed."""

    maps: Sequence[HeatMap]
    more_maps: str
    rows: Sequence[WorstRow]
    more: str


def intersections(fair: Fairness) -> Intersections | None:
    """Return maps of the pairs of attributes with the worst cells and a table of the worst slices; None without any."""
    if not fair.leads or not any(depth(f) > 1 for f in fair.gaps):
        return None
    pairs = _pairs(fair)
    maps = [_map(pair, cells, fair) for pair, cells in pairs[:MOST_MAPS]]
    rows, left = _worst(fair)
    words = fair.context.words
    return Intersections(
        maps=maps,
        more_maps=words("fair.more_maps", n=len(pairs) - MOST_MAPS) if len(pairs) > MOST_MAPS else "",
        rows=rows,
        more=words("fair.more_rows", n=f"{left:,}") if left else "",
    )


def _pairs(fair: Fairness) -> list[tuple[tuple[str, str], list[Finding]]]:
    """Return the pairs of attributes with their cells on test (or external, without test), the worst pair first."""
    two = fair.told(fair.leads[0], depth_=2)
    [split] = measured_splits(f.split for f in two if f.split)[:1] or ["test"]
    cells: dict[tuple[str, str], list[Finding]] = {}
    for finding in two:
        if finding.split == split:
            cells.setdefault(_pair_of(finding, fair), []).append(finding)
    return sorted(cells.items(), key=lambda item: min(worst_key(f) for f in item[1]))


def _pair_of(finding: Finding, fair: Fairness) -> tuple[str, str]:
    order = {name: place for place, name in enumerate(fair.attributes)}
    first, second = sorted(finding.slice, key=lambda name: (order.get(name, 99), name))
    return first, second


def _map(pair: tuple[str, str], cells: Sequence[Finding], fair: Fairness) -> HeatMap:
    context, words = fair.context, fair.context.words
    metric = fair.leads[0]
    across, down = pair
    columns, rows = _levels(across, cells), _levels(down, cells)
    if len(columns) > len(rows):
        across, down, columns, rows = down, across, rows, columns
    found = {(f.slice[down], f.slice[across]): f for f in cells}
    drawn = {
        (i, j): _cell(f, fair)
        for i, row in enumerate(rows)
        for j, column in enumerate(columns)
        if (f := found.get((row, column))) is not None
    }
    name = {key: words.known(f"attribute.{key}", otherwise=key) for key in (across, down)}
    level = _level_title(metric, fair)
    title = words("fair.map.title", level=level, down=name[down], across=name[across])
    labels = Labels(title=title, description=_described(cells, fair), x=name[across], y=name[down])
    shown_rows = [context.level(r) for r in rows]
    shown_columns = [context.level(c) for c in columns]
    return HeatMap(
        title=title,
        caption=words("fair.map.caption", split=context.split(cells[0].split)),
        picture=heat_map(shown_rows, shown_columns, drawn, labels),
        head=[name[down], *shown_columns],
        rows=[
            [row, *(_in_words(drawn.get((i, j)), fair) for j in range(len(columns)))]
            for i, row in enumerate(shown_rows)
        ],
    )


def _levels(name: str, cells: Sequence[Finding]) -> list[str]:
    """Return the levels of an attribute in order; of very many, those with the most patients."""
    sizes: dict[str, int] = {}
    for finding in cells:
        sizes[finding.slice[name]] = sizes.get(finding.slice[name], 0) + finding.n
    kept = sorted(sizes, key=lambda level: -sizes[level])[:MOST_LEVELS]
    return sorted(kept, key=level_order)


def _cell(finding: Finding, fair: Fairness) -> Cell:
    here = telling.detail_value(finding, "slice_value")
    hidden = telling.withheld(finding)
    metric = LEVELS.get(finding.metric, finding.metric)
    value = "·" if hidden else percent(here) if telling.in_points(metric) else telling.level(metric, here)
    figures = telling.figures(finding, fair.context)
    return Cell(
        value=value,
        n=telling.n_is(finding.n),
        gap=None if few(finding) else finding.value,
        worse=fair.harmed(finding),
        few=few(finding),
        note=fair.context.group(finding.slice) + ("" if hidden else f": {value}, {figures}"),
    )


def _in_words(cell: Cell | None, fair: Fairness) -> str:
    if cell is None:
        return "–"
    marks = fair.context.words("too_few") if cell.few else fair.context.words("fair.mark.worse") if cell.worse else ""
    return f"{cell.value} ({cell.n})" + (f" {marks}" if marks else "")


def _described(cells: Sequence[Finding], fair: Fairness) -> str:
    worst = min(cells, key=worst_key)
    n_few = sum(map(few, cells))
    return fair.context.words("fair.map.description", worst=fair.context.group(worst.slice), n=len(cells), few=n_few)


def _level_title(metric: str, fair: Fairness) -> str:
    return fair.context.title(LEVELS.get(metric, metric.removesuffix("_gap")))


def _worst(fair: Fairness) -> tuple[list[WorstRow], int]:
    """Return the worst intersections and how many others there are; three attributes only where something is shown."""
    deep = [f for metric in fair.leads for f in fair.told(metric, depth_=None) if depth(f) > 1]
    led = {id(f) for f in deep}
    deep += [f for f in fair.gaps if depth(f) > 1 and fair.harmed(f) and id(f) not in led]
    judged = [f for f in deep if not few(f) and (depth(f) == 2 or fair.harmed(f))]
    best = one_per(judged, lambda f: (f.split, tuple(sorted(f.slice.items()))))
    two = {(f.metric, f.split, frozenset(f.slice.items())): f.value or 0.0 for f in best if depth(f) == 2 and shown(f)}
    best = [f for f in best if not _repeats(f, two)]
    best.sort(key=worst_key)
    total = len(one_per(deep, lambda f: (f.split, tuple(sorted(f.slice.items())))))
    return [_row(f, fair) for f in best[:MOST_ROWS]], total - min(len(best), MOST_ROWS)


def _repeats(finding: Finding, two: Mapping[tuple[str, str | None, frozenset[tuple[str, str]]], float]) -> bool:
    """Return whether a slice of three is no worse than a slice of two that holds it and is listed itself."""
    if depth(finding) < 3 or finding.value is None:
        return False
    holders = (frozenset(pair) for pair in combinations(finding.slice.items(), 2))
    return any(two.get((finding.metric, finding.split, pair), -1.0) >= finding.value for pair in holders)


def _row(finding: Finding, fair: Fairness) -> WorstRow:
    context, base = fair.context, LEVELS.get(finding.metric, finding.metric)
    return WorstRow(
        slice=telling.about(finding, fair),
        split=context.split(finding.split),
        measure=context.title(finding.metric),
        n=telling.count(finding.n),
        here=telling.level(base, telling.detail_value(finding, "slice_value")),
        there=telling.level(base, telling.detail_value(finding, "versus_value")),
        value=telling.figure(finding.metric, finding.value, signed=True),
        interval=telling.span(finding.metric, finding),
        kind=fair.standing(finding),
    )
