"""Why the model answers as it does: how many reasons hold, why others are withheld, which input mattered, and what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from primum.evidence.finding import Finding
from primum.i18n import compared_with
from primum.study.report.charts import forest_axis, scale_of
from primum.study.report.context import Context, ends_of, forest_line
from primum.study.report.sections.performance import Forest
from primum.study.report.wording import number, percent, whole
from primum.transparency.metrics import (
    COMPREHENSIVE,
    ENERGY,
    EXCESS,
    GAP,
    HOLD,
    IMAGE_SHARE,
    IMPORTANCE,
    NOTE_SHARE,
    POINTING,
    RANDOMISED,
    STABILITY,
    SUFFICIENT,
    WORD,
    WORST,
    WRITTEN,
)

MOST_CLASSES = 6
"""Classes whose words are shown: the findings table has them all."""


def reasons_section(context: Context) -> Mapping[str, object] | None:
    """Return the sentences and the forests; None where nothing was measured."""
    hold = context.overall(HOLD, "test")
    if hold is None:
        return None
    forests = [_trust(context), _importance(context), *_words(context)]
    return {"sentences": _sentences(context, hold), "forests": [one for one in forests if one is not None]}


def _sentences(context: Context, hold: Finding) -> list[str]:
    words = context.words
    figures = {"n": whole(hold.n), "value": percent(hold.value), "low": percent(hold.low), "high": percent(hold.high)}
    withheld = hold.detail.get("withheld", {})
    if any(withheld.values()):
        said = [words("reasons.hold", **figures), words("reasons.why", **withheld)]
    else:
        said = [words("reasons.all_hold", **figures)]
    for f in context.measured(COMPREHENSIVE, "test"):
        said.append(words("reasons.faithful", value=percent(f.value), random=percent(f.detail.get("random"))))
    alike = {f.versus["randomised"]: f for f in context.measured(RANDOMISED, "test")}
    if len(alike) == 2:
        key = "reasons.insane" if alike["head"].detail.get("similar") else "reasons.sane"
        said.append(words(key, **{name: number(f.value) for name, f in alike.items()}))
    shares = [*context.measured(NOTE_SHARE, "test"), *context.measured(IMAGE_SHARE, "test")]
    if shares:
        sees = any(f.metric == IMAGE_SHARE for f in shares)
        counts = {"image": 0, **shares[0].detail.get("records", {})}
        said.append(words("reasons.inputs_image" if sees else "reasons.inputs", **counts))
    for f in shares:
        key = "reasons.share" if f.metric == NOTE_SHARE else "reasons.image_share"
        said.append(words(key, value=percent(f.value), low=percent(f.low), high=percent(f.high)))
    for metric, key in ((POINTING, "pointing"), (ENERGY, "energy")):
        for f in [one for one in context.run.findings if one.metric == metric]:
            more = {"images": whole(f.detail.get("images")), "chance": percent(f.detail.get("chance"))}
            ends = {"low": percent(f.low), "high": percent(f.high)}
            said.append(words(f"reasons.{key}", value=percent(f.value), n=whole(f.n), **ends, **more))
    for f in context.measured(WRITTEN, "test"):
        key = "reasons.written" if (f.low or 0.0) > 0 else "reasons.written_not"
        more = {"turned": percent(f.detail.get("turned")), "n": whole(f.n)}
        said.append(words(key, value=percent(f.value), low=percent(f.low), high=percent(f.high), **more))
    name = str(hold.detail.get("method", ""))
    said.append(words("reasons.method", method=words.known(f"method.{name}", otherwise=name)))
    return said


def _trust(context: Context) -> Forest:
    names = (HOLD, COMPREHENSIVE, EXCESS, SUFFICIENT, STABILITY, WORST, GAP)
    rows = [f for name in names for f in context.measured(name, "test")]
    scale = scale_of(ends_of(rows), reference=0.0)
    return Forest(
        title=context.words("reasons.trust"),
        note=context.definition(COMPREHENSIVE),
        axis=forest_axis(scale),
        rows=[forest_line(context.title(f.metric), f, scale) for f in rows],
    )


def _importance(context: Context) -> Forest | None:
    rows = sorted(context.measured(IMPORTANCE, "test"), key=lambda f: -(f.value or 0.0))
    if not rows:
        return None
    scale = scale_of(ends_of(rows), reference=0.0)
    return Forest(
        title=context.title(IMPORTANCE),
        note=context.words("reasons.importance_note"),
        axis=forest_axis(scale),
        rows=[forest_line(_part(context, f), f, scale) for f in rows],
    )


def _part(context: Context, finding: Finding) -> str:
    name = finding.versus.get("part", "")
    return compared_with("part", name, context.words.lang).removeprefix("vital ")


def _words(context: Context) -> list[Forest]:
    by_class: dict[str, list[Finding]] = {}
    for f in context.measured(WORD, "test"):
        by_class.setdefault(f.class_ or "", []).append(f)
    return [_of_class(context, name, rows) for name, rows in list(by_class.items())[:MOST_CLASSES]]


def _of_class(context: Context, name: str, rows: Sequence[Finding]) -> Forest:
    order = sorted(rows, key=lambda f: -(f.value or 0.0))
    scale = scale_of(ends_of(order), reference=0.0)
    return Forest(
        title=context.words("reasons.words", name=name),
        note=context.words("reasons.words_note"),
        axis=forest_axis(scale),
        rows=[forest_line(f.versus.get("word", ""), f, scale, signed=True) for f in order],
    )
