"""What the model does with what it has not seen: false alarms, and how well new records are told from known ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from primum.evidence.finding import Finding
from primum.evidence.split_names import is_external, set_of
from primum.i18n import compared_with
from primum.study.report.charts import Labels, Series, forest_axis, line_chart, scale_of
from primum.study.report.context import Context, ends_of, forest_line
from primum.study.report.sections.performance import Forest
from primum.study.report.wording import percent, whole

RATE, EXCESS, AUROC = "novelty_flag_rate", "novelty_flag_excess", "novelty_auroc"
BIN = 0.125
"""Width of a bin of `detail.histogram`, in thresholds."""
MOST_SETS = 2
"""External sets whose scores are drawn beside those known and those made: more lines cannot be told apart."""


def novelty_section(context: Context) -> Mapping[str, object] | None:
    """Return the sentences, the picture of the scores and the forests; None where nothing was measured."""
    overall = context.overall(RATE, "test")
    if overall is None:
        return None
    ranked = sorted(context.measured(AUROC, "test"), key=lambda finding: finding.value or 0.0)
    rates = [f for split in context.splits() for f in context.measured(RATE, split)]
    return {
        "sentences": _sentences(context, overall, ranked),
        "chart": _chart(context, overall, ranked),
        "legend": _legend(context, ranked),
        "forests": [one for one in (_ranking(context, ranked), _rates(context, rates)) if one is not None],
    }


def _sentences(context: Context, overall: Finding, ranked: Sequence[Finding]) -> list[str]:
    words = context.words
    excess = next(iter(context.measured(EXCESS, "test")), None)
    said = []
    if excess is not None:
        said.append(
            words(
                "novelty.rate",
                rate=percent(overall.value),
                n=whole(overall.n),
                low=percent(overall.low),
                high=percent(overall.high),
                promised=percent(float(excess.detail.get("promised", 0.0))),
                calibration=whole(excess.detail.get("calibration")),
            )
        )
    caught = [f for f in ranked if isinstance(f.detail.get("flagged"), float)]
    for key, wanted in (("novelty.caught", True), ("novelty.missed", False)):
        names = [_kind(context, f) for f in caught if (f.detail["flagged"] >= 0.9) is wanted]
        if names:
            said.append(words(key, kinds=words.listing(names)))
    return said


def _kind(context: Context, finding: Finding) -> str:
    name = finding.versus.get("records", "")
    if set_of(name) is not None:
        return context.split(name)
    return compared_with("records", name, context.words.lang)


def _made(ranked: Sequence[Finding]) -> list[Finding]:
    return [f for f in ranked if not is_external(f.versus.get("records")) and f.detail.get("histogram")]


def _series(context: Context, overall: Finding, ranked: Sequence[Finding]) -> list[tuple[str, list[int]]]:
    series = [(context.words("novelty.known"), list(overall.detail.get("histogram", [])))]
    made = [f.detail["histogram"] for f in _made(ranked)]
    if made:
        series.append((context.words("novelty.made"), [sum(column) for column in zip(*made, strict=True)]))
    for split in [name for name in context.splits() if is_external(name)][:MOST_SETS]:
        external = context.overall(RATE, split)
        if external is not None and external.detail.get("histogram"):
            series.append((context.split(split), list(external.detail["histogram"])))
    return series


def _chart(context: Context, overall: Finding, ranked: Sequence[Finding]) -> object:
    words = context.words
    lines = [
        Series(name=name, x=[BIN * (i + 0.5) for i in range(len(counts))], y=[n / max(sum(counts), 1) for n in counts])
        for name, counts in _series(context, overall, ranked)
        if counts
    ]
    if not lines:
        return None
    labels = Labels(
        title=words("novelty.chart"),
        description=words("novelty.chart_note"),
        x=words("novelty.score"),
        y=words("novelty.share"),
    )
    return line_chart(lines, labels, mark=(1.0, words("novelty.threshold")))


def _legend(context: Context, ranked: Sequence[Finding]) -> list[str]:
    overall = context.overall(RATE, "test")
    return [] if overall is None else [name for name, counts in _series(context, overall, ranked) if counts]


def _ranking(context: Context, ranked: Sequence[Finding]) -> Forest | None:
    if not ranked:
        return None
    scale = scale_of(ends_of(ranked), reference=0.5)
    return Forest(
        title=context.title(AUROC),
        note=context.definition(AUROC),
        axis=forest_axis(scale),
        rows=[forest_line(_kind(context, f), f, scale) for f in ranked],
    )


def _rates(context: Context, rates: Sequence[Finding]) -> Forest | None:
    if len(rates) < 2:
        return None
    scale = scale_of(ends_of(rates))
    order = sorted(rates, key=lambda f: (f.split != "test", bool(f.slice), -(f.value or 0.0)))
    rows = [forest_line(f"{context.split(f.split)} · {context.group(f.slice)}", f, scale) for f in order]
    return Forest(title=context.title(RATE), note=context.definition(RATE), axis=forest_axis(scale), rows=rows)
