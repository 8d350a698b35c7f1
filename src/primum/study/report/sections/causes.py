"""Causes: effects by a stated graph, what tried to refute them, and how attributes act on the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from primum.evidence.finding import Finding
from primum.study.report.charts import forest_axis, scale_of
from primum.study.report.context import Context, ForestRow, ends_of, forest_line
from primum.study.report.sections.performance import Forest
from primum.study.report.wording import number, percent, whole
from primum.transparency.causal.metrics import DIRECT, EFFECT, FAILED, INDIRECT, REFUTATION, TOTAL
from primum.transparency.metrics import HOLD
from primum.transparency.overall.metrics import PERMUTED


def causes_section(context: Context) -> Mapping[str, object] | None:
    """Return sentences and forests; without a graph the sentence that nothing here is a cause, for a run of a model."""
    effects = [f for f in context.run.findings if f.metric == EFFECT]
    answers = list(context.measured(TOTAL, "test"))
    if not effects and not answers:
        asked = [*context.measured(PERMUTED, "test"), *context.measured(HOLD, "test")]
        return {"lead": context.words("causes.no_graph"), "sentences": [], "forests": []} if asked else None
    said = [one for f in effects for one in _of_effect(context, f)]
    said += [one for f in answers for one in _of_answer(context, f)]
    said += _assumed(context, answers)
    forests = [
        _forest(context, "effects", [(_effect_row(context, f), f) for f in effects if f.value is not None]),
        _forest(context, "tests", [(_test_row(context, f), f) for f in context.run.findings if f.metric == REFUTATION]),
        _forest(context, "answers", [row for f in answers if f.value is not None for row in _parts(context, f)]),
    ]
    found = [one for one in forests if one is not None]
    return {"lead": context.words("causes.lead"), "sentences": said, "forests": found}


def _of_effect(context: Context, finding: Finding) -> list[str]:
    words, detail = context.words, finding.detail
    names = {"cause": finding.versus["cause"], "outcome": _outcome(finding)}
    because = detail.get("because")
    if because == "confounded":
        hidden = detail.get("common_causes", [])
        key = "causes.confounded" if hidden else "causes.confounded_unnamed"
        return [words(key, **names, hidden=words.listing(hidden))]
    if because:
        return [words(f"causes.{because}", **names)]
    told = words(
        "causes.effect",
        **names,
        before=finding.versus["from"],
        after=finding.versus["to"],
        value=number(finding.value, signed=True),
        low=number(finding.low, signed=True),
        high=number(finding.high, signed=True),
        adjusted=words.listing(detail.get("adjusted_for", [])) or words("causes.nothing"),
        unadjusted=number(detail.get("unadjusted"), signed=True),
    )
    return [
        told + " " + words("causes.robust", share=percent(detail.get("robustness"))) + " " + _tried(context, finding)
    ]


def _outcome(finding: Finding) -> str:
    name = finding.versus["outcome"]
    return name if finding.class_ is None else f"{name} = {finding.class_}"


def _tried(context: Context, effect: Finding) -> str:
    about = [f for f in context.run.findings if f.class_ == effect.class_ and effect.versus.items() <= f.versus.items()]
    failed = [f for f in about if f.metric == REFUTATION and not f.detail.get("stood", True)]
    if not any(f.metric == FAILED and f.value for f in about):
        return context.words("causes.stood")
    names = [context.words(f"causes.test_name.{f.versus['test']}") for f in failed]
    return context.words("causes.failed", count=len(failed), tests=context.words.listing(names))


def _of_answer(context: Context, total: Finding) -> list[str]:
    words, detail = context.words, total.detail
    attribute = next(iter(total.slice))
    named = words.known(f"attribute.{attribute}", otherwise=attribute)
    if total.value is None:
        hidden = words.listing(detail.get("common_causes", []))
        return [words("causes.answer_confounded", attribute=named, hidden=hidden)]
    parts = {f.metric: f for f in _pair(context, total)}
    if DIRECT not in parts:
        return []
    told = words(
        "causes.split",
        group=context.group(total.slice),
        reference=context.group(total.versus),
        total=number(total.value, signed=True),
        low=number(total.low, signed=True),
        high=number(total.high, signed=True),
        direct=number(parts[DIRECT].value, signed=True),
        indirect=number(parts[INDIRECT].value, signed=True),
        through=words.listing(detail.get("through", [])) or words("causes.nothing"),
    )
    return [told] if detail.get("seen", True) else [told, words("causes.unseen", attribute=named)]


def _assumed(context: Context, answers: Sequence[Finding]) -> list[str]:
    """Return what the division into parts supposes, once for all of them."""
    divided = {(*f.slice.items(), *f.versus.items()): f for f in answers if len(_pair(context, f)) > 1}
    if not divided:
        return []
    left_out = sum(int(f.detail.get("not_exchanged", 0)) for f in divided.values())
    return [context.words("causes.assumed", n=whole(left_out))]


def _pair(context: Context, total: Finding) -> list[Finding]:
    """Return the total and its two parts."""
    return [
        f
        for metric in (TOTAL, DIRECT, INDIRECT)
        for f in context.measured(metric, "test")
        if (f.slice, f.versus, f.class_) == (total.slice, total.versus, total.class_)
    ]


def _parts(context: Context, total: Finding) -> list[tuple[str, Finding]]:
    keys = {TOTAL: "total", DIRECT: "direct", INDIRECT: "indirect"}
    return [
        (_with_class(context, context.words(f"causes.{keys[f.metric]}", group=context.group(f.slice)), f), f)
        for f in _pair(context, total)
    ]


def _effect_row(context: Context, f: Finding) -> str:
    row = context.words("causes.effect_row", cause=f.versus["cause"], before=f.versus["from"], after=f.versus["to"])
    return _with_class(context, row, f)


def _test_row(context: Context, f: Finding) -> str:
    row = context.words(f"causes.test.{f.versus['test']}", cause=f.versus["cause"])
    return _with_class(context, row, f)


def _with_class(context: Context, row: str, finding: Finding) -> str:
    return row if finding.class_ is None else context.words("causes.class_row", row=row, class_=finding.class_)


def _forest(context: Context, key: str, rows: Sequence[tuple[str, Finding]]) -> Forest | None:
    if not rows:
        return None
    scale = scale_of(ends_of(f for _, f in rows), reference=0.0)
    lines: list[ForestRow] = [forest_line(label, f, scale, signed=True) for label, f in rows]
    metric = {"effects": EFFECT, "tests": REFUTATION, "answers": TOTAL}[key]
    return Forest(
        title=context.words(f"causes.{key}"), note=context.definition(metric), axis=forest_axis(scale), rows=lines
    )
