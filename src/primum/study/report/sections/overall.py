"""The model as a whole: what it loses without each input, how answers follow vitals, which inputs interact."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from markupsafe import Markup

from primum.evidence.finding import Finding
from primum.i18n import compared_with
from primum.study.report.charts import Labels, forest_axis, forest_row, scale_of
from primum.study.report.charts_overall import Band, effect_chart
from primum.study.report.context import Context, ForestRow, ends_of, forest_line
from primum.study.report.sections.performance import Forest
from primum.study.report.sections.shapes import Figure, Table
from primum.study.report.wording import interval, number, percent, whole
from primum.transparency.overall.metrics import ALE, DEPENDENCE, INPUTS, PERMUTED, H

MOST_CURVES, MOST_PAIRS = 8, 10
"""Vitals, the most important first, whose curves are drawn, and pairs that are listed; the findings have them all."""

NOTHING = 5e-4
"""Interaction that is written as 0.000."""


def overall_section(context: Context) -> Mapping[str, object] | None:
    """Return sentences, forests and pictures; None where nothing was measured."""
    important = sorted(context.measured(PERMUTED, "test"), key=lambda f: -(f.value or 0.0))
    if not important:
        return None
    order = [f.versus["part"].removeprefix("vital ") for f in important if f.versus["part"].startswith("vital ")]
    forests = [_importance(context, important), *_levels(context, order), _pairs(context)]
    return {
        "sentences": _sentences(context, important),
        "forests": [one for one in forests if one is not None],
        "figures": _figures(context, order),
    }


def _sentences(context: Context, important: Sequence[Finding]) -> list[str]:
    words, first = context.words, important[0]
    said = [words("overall.most", part=_part(context, first), **_figure(first))]
    vitals = [f for f in important if f.versus["part"].startswith("vital ")]
    unneeded = [f.versus["part"].removeprefix("vital ") for f in vitals if f.low is not None and f.low <= 0]
    if vitals and len(unneeded) == len(vitals):
        said.append(words("overall.none"))
    elif unneeded:
        said.append(words("overall.unneeded", names=words.listing(unneeded)))
    groups = [f.versus["part"].removeprefix("vitals ") for f in important if f.versus["part"].startswith("vitals ")]
    if len(vitals) > 1:
        said.append(words("overall.together", names="; ".join(groups)) if groups else words("overall.apart"))
    for f in context.measured(INPUTS, "test"):
        key = _together(f)
        figures = {name: number(f.detail.get(name), signed=True) for name in ("with", "without")}
        ends = {"low": number(f.low, signed=True), "high": number(f.high, signed=True)}
        said.append(words(f"overall.{key}", **figures, **ends))
    pairs = sorted(context.measured(H, "test"), key=lambda f: -(f.value or 0.0))
    for f in pairs[:1]:
        figures = {"value": percent(f.value), "low": percent(f.low), "high": percent(f.high)}
        said.append(words("overall.pair", first=f.versus["vital"], second=f.versus["with"], **figures))
    return said


def _together(finding: Finding) -> str:
    """Return which sentence says how note and vitals depend on each other."""
    low, high = finding.low, finding.high
    if low is None or high is None:
        return "neither"
    if max(abs(low), abs(high)) < NOTHING:
        return "sum"
    return "neither" if low <= 0 <= high else "more" if low > 0 else "same"


def _figure(finding: Finding) -> dict[str, str]:
    return {"value": number(finding.value), "low": number(finding.low), "high": number(finding.high)}


def _part(context: Context, finding: Finding) -> str:
    name = finding.versus["part"]
    if name.startswith("vitals "):
        return context.words("overall.group", names=name.removeprefix("vitals "))
    if name.startswith("vital "):
        return context.words("overall.alone", name=name.removeprefix("vital "))
    return compared_with("part", name, context.words.lang)


def _importance(context: Context, rows: Sequence[Finding]) -> Forest:
    scale = scale_of(ends_of(rows), reference=0.0)
    return Forest(
        title=context.title(PERMUTED),
        note=context.words("overall.importance_note"),
        axis=forest_axis(scale),
        rows=[forest_line(_part(context, f), f, scale) for f in rows],
    )


def _pairs(context: Context) -> Forest | None:
    rows = sorted(context.measured(H, "test"), key=lambda f: -(f.value or 0.0))[:MOST_PAIRS]
    if not rows:
        return None
    scale = scale_of(ends_of(rows), reference=0.0)

    def name(f: Finding) -> str:
        pair = context.words("overall.pair_row", first=f.versus["vital"], second=f.versus["with"])
        return f"{pair} · {f.class_}" if f.class_ and len({one.class_ for one in rows}) > 1 else pair

    return Forest(
        title=context.title(H),
        note=context.words("overall.pairs_note"),
        axis=forest_axis(scale),
        rows=[forest_line(name(f), f, scale) for f in rows],
    )


def _by_vital(context: Context, metric: str, order: Sequence[str]) -> list[Finding]:
    """Return the findings of the leading class, in the order of importance."""
    found: dict[str, Finding] = {}
    for f in context.measured(metric, "test"):
        found.setdefault(f.versus["vital"], f)
    return [found[name] for name in order if name in found]


def _levels(context: Context, order: Sequence[str]) -> list[Forest]:
    """Return a forest a category, its levels as rows."""
    chosen = [f for f in _by_vital(context, DEPENDENCE, order) if "levels" in f.detail]
    return [_of_levels(context, f) for f in chosen[:MOST_CURVES]]


def _of_levels(context: Context, finding: Finding) -> Forest:
    y, low, high = (finding.detail[key] for key in ("y", "low", "high"))
    scale = scale_of([*low, *high], reference=0.0)
    rows = [
        ForestRow(
            label=str(level),
            n=whole(n),
            value=number(y[i], signed=True),
            interval=interval(low[i], high[i], signed=True),
            picture=forest_row(y[i], (low[i], high[i]), scale),
            enough=finding.enough,
        )
        for i, (level, n) in enumerate(zip(finding.detail["levels"], finding.detail["patients"], strict=True))
    ]
    return Forest(
        title=_title(context, finding),
        note=context.words("overall.level_note", name=finding.versus["vital"]),
        axis=forest_axis(scale),
        rows=rows,
    )


def _title(context: Context, finding: Finding) -> str:
    name = finding.versus["vital"]
    if finding.class_ is None:
        return context.words("overall.curve", name=name)
    return context.words("overall.curve_of", name=name, class_=finding.class_)


def _figures(context: Context, order: Sequence[str]) -> list[Figure]:
    dependence = {f.versus["vital"]: f for f in _by_vital(context, DEPENDENCE, order) if "x" in f.detail}
    return [
        _curve(context, f, dependence[f.versus["vital"]])
        for f in _by_vital(context, ALE, order)[:MOST_CURVES]
        if f.versus["vital"] in dependence
    ]


def _curve(context: Context, local: Finding, dependence: Finding) -> Figure:
    words, x = context.words, local.detail["x"]
    names = [words("overall.ale"), words("overall.dependence")]
    friends = local.detail.get("goes_with", [])
    preferred = words("overall.prefer_ale", names=words.listing(friends)) if friends else words("overall.either")
    title = _title(context, local)
    labels = Labels(title=title, description=", ".join(names), x=local.versus["vital"], y=words("overall.change"))
    picture: Markup = effect_chart(x, _band(local), _band(dependence), labels)
    patients = [whole(n) for n in local.detail["patients"]] + ["–"]
    rows = [
        [
            number(x[i]),
            number(local.detail["y"][i], signed=True),
            interval(local.detail["low"][i], local.detail["high"][i], signed=True),
            number(dependence.detail["y"][i], signed=True),
            interval(dependence.detail["low"][i], dependence.detail["high"][i], signed=True),
            patients[i],
        ]
        for i in range(len(x))
    ]
    span = words("forest.interval")
    head = [local.versus["vital"], names[0], span, names[1], span, words("overall.patients")]
    caption = words("overall.curve_note", preferred=preferred)
    return Figure(
        title=title, caption=caption, picture=picture, legend=names, table=Table(head=head, rows=rows), wide=False
    )


def _band(finding: Finding) -> Band:
    return Band(y=finding.detail["y"], low=finding.detail["low"], high=finding.detail["high"])
