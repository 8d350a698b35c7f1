"""How each slice fares: its levels side by side, and the measures that sum up a whole attribute."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from primum.evidence.finding import Finding
from primum.study.report.sections.fairness import telling
from primum.study.report.sections.fairness.gather import WHOLE, Fairness, level_order

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "binary": ("selection_rate", "tpr", "fpr", "ppv", "auroc", "ece", "calibration_slope"),
    "many": ("accuracy", "balanced_accuracy", "auroc", "log_loss", "ece"),
    "labels": ("selection_rate", "tpr", "fpr", "ppv", "balanced_accuracy", "auroc", "ece"),
    "number": ("mae", "bias"),
}
MOST_ROWS = 48


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelCell:
    """One figure with its interval."""

    value: str
    interval: str
    sort: str
    few: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelTable:
    """Slices down, measures across."""

    head: Sequence[tuple[str, str]]
    """Title and definition of each measure."""
    rows: Sequence[tuple[str, str, str, int, Sequence[LevelCell]]]
    """Slice, split, n, n to sort by, cells."""
    more: str


def levels(fair: Fairness) -> LevelTable | None:
    """Return the levels of every slice of one attribute and of sites; None when none were measured."""
    found: dict[tuple[str, str, str], dict[str, Finding]] = {}
    columns = [m for m in COLUMNS[fair.kind] if any(_is_level(f) for f in fair.by_metric.get(m, ()))]
    for metric in columns:
        for finding in fair.by_metric[metric]:
            if _is_level(finding):
                ((name, level),) = finding.slice.items()
                row = found.setdefault((name, level, finding.split or ""), {})
                if metric not in row or finding.class_ in (None, fair.positive):
                    row[metric] = finding
    if not found:
        return None
    order = {name: place for place, name in enumerate(fair.attributes)}
    keys = sorted(found, key=lambda k: (k[2] != "test", order.get(k[0], 99), k[0], level_order(k[1])))
    more = fair.context.words("fair.more_rows", n=len(keys) - MOST_ROWS) if len(keys) > MOST_ROWS else ""
    head = [(fair.context.title(m), fair.context.definition(m)) for m in columns]
    return LevelTable(head=head, rows=[_row(key, found[key], columns, fair) for key in keys[:MOST_ROWS]], more=more)


def _is_level(finding: Finding) -> bool:
    return len(finding.slice) == 1 and not finding.versus


def _row(
    key: tuple[str, str, str], figures: Mapping[str, Finding], columns: Sequence[str], fair: Fairness
) -> tuple[str, str, str, int, Sequence[LevelCell]]:
    name, level, split = key
    n = max(f.n for f in figures.values())
    label = fair.context.group({name: level})
    return label, fair.context.split(split or None), telling.count(n), n, [_cell(figures.get(m)) for m in columns]


def _cell(finding: Finding | None) -> LevelCell:
    if finding is None or finding.value is None or telling.withheld(finding):
        return LevelCell(value="–" if finding is None or finding.value is None else "·", interval="", sort="", few=True)
    metric = finding.metric
    ends = ""
    if finding.low is not None and finding.high is not None:
        ends = f"{telling.level(metric, finding.low).removesuffix(' %')} – {telling.level(metric, finding.high)}"
    return LevelCell(
        value=telling.level(metric, finding.value),
        interval=ends,
        sort=repr(float(finding.value)),
        few=not finding.enough,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeCell:
    """One measure of one attribute."""

    value: str
    interval: str
    between: str
    """The worst level against the best."""
    few: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeTable:
    """Attributes down, measures across, and what each measure means."""

    metrics: Sequence[tuple[str, str]]
    """Title and one line of meaning."""
    rows: Sequence[tuple[str, Sequence[WholeCell | None]]]


def whole_attributes(fair: Fairness) -> WholeTable | None:
    """Return the measures of whole attributes, on test or else external; None when none were measured."""
    found = {m: [f for f in fair.by_metric.get(m, ()) if f.value is not None] for m in WHOLE}
    metrics = [m for m in WHOLE if found[m]]
    if not metrics:
        return None
    context = fair.context
    rows: dict[tuple[str, str], dict[str, Finding]] = {}
    for metric in metrics:
        for finding in found[metric]:
            key = (finding.split or "", str(next(iter(finding.slice), finding.detail.get("attribute", ""))))
            held = rows.setdefault(key, {}).get(metric)
            if held is None or _prefer(finding, held, fair):
                rows[key][metric] = finding
    order = {name: place for place, name in enumerate(fair.attributes)}
    keys = sorted(rows, key=lambda k: (k[0] != "test", order.get(k[1], 99), k[1]))
    return WholeTable(
        metrics=[
            (context.title(m), context.words.known(f"fair.whole.{m}", otherwise=context.definition(m))) for m in metrics
        ],
        rows=[(_attribute(key, fair), [_whole(rows[key].get(m), fair) for m in metrics]) for key in keys],
    )


def _prefer(finding: Finding, held: Finding, fair: Fairness) -> bool:
    """Return whether a finding stands for its attribute rather than the held one: all classes, or else the worst."""
    if (finding.class_ in (None, fair.positive)) != (held.class_ in (None, fair.positive)):
        return finding.class_ in (None, fair.positive)
    lower_is_worse = finding.metric.endswith("_ratio")
    here, there = finding.value or 0.0, held.value or 0.0
    return here < there if lower_is_worse else here > there


def _attribute(key: tuple[str, str], fair: Fairness) -> str:
    split, name = key
    known = fair.context.words.known(f"attribute.{name}", otherwise=name)
    return known if split == "test" else f"{known} · {fair.context.split(split or None)}"


def _whole(finding: Finding | None, fair: Fairness) -> WholeCell | None:
    if finding is None:
        return None
    worst, best = (fair.context.level(next(iter(s.values()), "")) for s in (finding.slice, finding.versus))
    if finding.versus.get("group") == "everyone else":
        best = fair.context.words("fair.everyone_else")
    between = fair.context.words("fair.between", worst=worst, best=best) if worst and best else worst
    if finding.class_ is not None and finding.class_ != fair.positive:
        between = f"{finding.class_}: {between}"
    return WholeCell(
        value=telling.figure(finding.metric, finding.value),
        interval=telling.span(finding.metric, finding, signed=False),
        between=between,
        few=not finding.enough,
    )
