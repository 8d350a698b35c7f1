"""What mitigation traded: the paired change of every gap beside the paired change of how well the model does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from primum.evidence.finding import Finding
from primum.evidence.split_names import measured_splits
from primum.study.report.charts import Labels
from primum.study.report.charts_fairness import Trade, trade_chart
from primum.study.report.sections.fairness import telling
from primum.study.report.sections.fairness.gather import Fairness, worst_key
from primum.study.report.sections.fairness.summary import Statement

PERFORMANCE: Mapping[str, tuple[str, ...]] = {
    "binary": ("balanced_accuracy", "accuracy", "auroc"),
    "many": ("balanced_accuracy", "accuracy"),
    "labels": ("balanced_accuracy", "macro_f1", "auroc"),
    "number": ("mae", "rmse"),
}
"""What stands across: the first of these that was measured."""
LOWER_IS_BETTER = ("mae", "rmse", "log_loss", "ece", "brier")
MOST_POINTS = 8
PREFERRED = (
    "equalised_odds_difference", "equal_opportunity_difference", "demographic_parity_difference", "tpr_gap", "fpr_gap",
    "balanced_accuracy_gap", "mae_gap", "selection_rate_gap",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeRow:
    """One gap: by how much it changed, with what it was before and after where that is known."""

    number: str
    about: str
    before: str
    after: str
    change: str
    interval: str
    n: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TradePlot:
    """One split: the picture and its rows."""

    title: str
    picture: Markup
    rows: Sequence[TradeRow]
    more: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeOff:
    """The sentences and, by split, the plots."""

    statements: Sequence[Statement]
    plots: Sequence[TradePlot]


def trade_off(fair: Fairness) -> TradeOff | None:
    """Return what mitigation changed, by split; None when no mitigated model was compared with its twin."""
    changes = [f for f in fair.context.run.findings if _is_change(f) and f.value is not None]
    splits = measured_splits(f.split for f in changes if f.split)
    gaps = {s: [f for f in changes if f.split == s and _is_about_gap(f)] for s in splits}
    told = [s for s in splits if gaps[s]]
    if not told:
        return None
    costs = {s: _cost([f for f in _performance(fair) if f.split == s], fair) for s in told}
    return TradeOff(
        statements=[_statement(s, gaps[s], costs[s], fair) for s in told],
        plots=[_plot(s, gaps[s], costs[s], fair) for s in told],
    )


def _is_change(finding: Finding) -> bool:
    return finding.metric.endswith("_change") and "unmitigated" in finding.versus.values()


def _is_about_gap(finding: Finding) -> bool:
    base = finding.metric.removesuffix("_change")
    return base.endswith(("_gap", "_difference", "_ratio"))


def _performance(fair: Fairness) -> list[Finding]:
    """Return what changed about everybody: gains over the twin, or changes of a measure that is no gap."""
    return [
        f
        for f in fair.context.run.findings
        if not f.slice
        and f.value is not None
        and "unmitigated" in f.versus.values()
        and not _is_about_gap(f)
        and f.metric.endswith(("_gain", "_change"))
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """The change of how well the model does; positive is better."""

    metric: str
    value: float
    ends: tuple[float, float] | None
    finding: Finding


def _cost(found: Sequence[Finding], fair: Fairness) -> Cost | None:
    for metric in PERFORMANCE[fair.kind]:
        for suffix in ("_gain", "_change"):
            for finding in found:
                if finding.metric == metric + suffix and finding.class_ in (None, fair.positive):
                    return _as_cost(metric, finding, flip=suffix == "_change" and metric in LOWER_IS_BETTER)
    return None


def _as_cost(metric: str, finding: Finding, *, flip: bool) -> Cost:
    sign = -1.0 if flip else 1.0
    value = sign * (finding.value or 0.0)
    ends = None
    if finding.low is not None and finding.high is not None:
        low, high = sorted((sign * finding.low, sign * finding.high))
        ends = low, high
    return Cost(metric=metric, value=value, ends=ends, finding=finding)


def _kind(finding: Finding) -> str:
    """Return better where the gap is shown to be smaller, worse where larger, else same; ratios turn round."""
    low, high = finding.low, finding.high
    if not finding.enough or low is None or high is None:
        return "unknown"
    if finding.metric.startswith("demographic_parity_ratio"):
        low, high = -high, -low
    return "better" if high < 0 else "worse" if low > 0 else "same"


def _statement(split: str, gaps: Sequence[Finding], cost: Cost | None, fair: Fairness) -> Statement:
    """Return whether it helped, on one split, and at what price."""
    words = fair.context.words
    kinds = [_kind(f) for f in gaps]
    counts = {kind: kinds.count(kind) for kind in ("better", "same", "worse", "unknown")}
    outcome = (
        "worse" if counts["worse"] and not counts["better"]
        else "mixed" if counts["worse"]
        else "better" if counts["better"]
        else "same" if counts["same"] else "unknown"
    )  # fmt: skip
    where = words.known(f"fair.where.{split}", otherwise=fair.context.split(split))
    text = words(f"fair.trade.{outcome}", where=where, **{k: str(v) for k, v in counts.items()}, n=len(gaps))
    figures = [] if cost is None else [_price(cost, fair)]
    return Statement(outcome="same" if outcome == "mixed" else outcome, text=text, figures=figures)


def _price(cost: Cost, fair: Fairness) -> str:
    words = fair.context.words
    kind = "same" if cost.ends is None or cost.ends[0] <= 0 <= cost.ends[1] else "gained" if cost.value > 0 else "paid"
    return words(
        f"fair.trade.price.{kind}",
        metric=fair.context.title(cost.metric),
        value=telling.figure(cost.metric, cost.value, signed=True),
        unit=words("fair.point_word") if telling.in_points(cost.metric) else "",
        figures=_cost_figures(cost, fair),
    )


def _cost_figures(cost: Cost, fair: Fairness) -> str:
    if cost.ends is None:
        return f"n = {cost.finding.n:,}"
    low, high = (telling.figure(cost.metric, end, signed=True) for end in cost.ends)
    level = f"{100 * (cost.finding.level or 0.95):g}"
    ends = fair.context.words("interval", level=level, interval=f"{low} – {high}")
    return fair.context.words("fair.comma").join([ends, f"n = {cost.finding.n:,}"])


def _plot(split: str, gaps: Sequence[Finding], cost: Cost | None, fair: Fairness) -> TradePlot:
    context, words = fair.context, fair.context.words
    chosen = sorted(gaps, key=lambda f: (_rank(f), len(f.slice), not f.enough, _kind(f) == "same", worst_key(f)))
    points = cost is not None and telling.in_points(cost.metric)
    drawn = [f for f in chosen if not f.metric.startswith("demographic_parity_ratio")][:MOST_POINTS] if cost else []
    title = words("fair.trade.title", split=context.split(split))
    rows = [_row(number, f, fair) for number, f in _numbered(drawn, chosen)]
    picture = Markup("")
    if cost is not None and drawn:
        labels = Labels(
            title=title,
            description=words("fair.trade.description", n=len(drawn)),
            x=words("fair.trade.x", metric=context.title(cost.metric)),
            y=words("fair.trade.y"),
        )
        trades = [_trade(place + 1, f) for place, f in enumerate(drawn)]
        corners = [words(f"fair.trade.corner.{name}") for name in ("worse", "dearer", "both", "price")]
        picture = trade_chart((cost.value, cost.ends), trades, labels, corners, factor=100.0 if points else 1.0)
    left = len(chosen) - len(rows)
    more = words("fair.more_rows", n=f"{left:,}") if left else ""
    return TradePlot(title=title, picture=picture, rows=rows, more=more)


def _rank(finding: Finding) -> int:
    base = finding.metric.removesuffix("_change")
    return PREFERRED.index(base) if base in PREFERRED else len(PREFERRED)


def _numbered(drawn: Sequence[Finding], chosen: Sequence[Finding]) -> list[tuple[str, Finding]]:
    """Return the drawn with their numbers, then others that are shown to have changed, without one."""
    held = {id(f) for f in drawn}
    others = [f for f in chosen if id(f) not in held and _kind(f) in ("better", "worse")]
    return [*((str(place + 1), f) for place, f in enumerate(drawn)), *(("", f) for f in others[: 16 - len(drawn)])]


def _trade(number: int, finding: Finding) -> Trade:
    ends = None if finding.low is None or finding.high is None else (finding.low, finding.high)
    colour = {"better": "good", "worse": "bad"}.get(_kind(finding), "quiet")
    return Trade(number=number, y=finding.value or 0.0, y_ends=ends, css=colour)


def _row(number: str, finding: Finding, fair: Fairness) -> TradeRow:
    context = fair.context
    base = finding.metric.removesuffix("_change")
    before, after = (_known(finding, keys) for keys in (("before", "unmitigated"), ("after", "mitigated")))
    return TradeRow(
        number=number,
        about=context.words("fair.trade.about", metric=context.title(base), slice=_slice(finding, fair)),
        before="–" if before is None else telling.figure(base, before),
        after="–" if after is None else telling.figure(base, after),
        change=telling.figure(base, finding.value, signed=True),
        interval=telling.span(base, finding),
        n=telling.count(finding.n),
        kind=_kind(finding),
    )


def _slice(finding: Finding, fair: Fairness) -> str:
    if finding.slice:
        return telling.about(finding, fair)
    name = str(finding.detail.get("attribute") or "")
    return fair.context.words.known(f"attribute.{name}", otherwise=name) or fair.context.words("everybody")


def _known(finding: Finding, keys: Sequence[str]) -> float | None:
    return next((v for key in keys if (v := telling.detail_value(finding, key)) is not None), None)
