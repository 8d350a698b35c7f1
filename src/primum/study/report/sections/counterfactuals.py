"""What turns an answer: how often a small change does, whether it really does, how near it lies, and what it names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from primum.evidence.finding import Finding
from primum.i18n import compared_with
from primum.study.report.charts import forest_axis, scale_of
from primum.study.report.context import Context, ends_of, forest_line
from primum.study.report.sections.performance import Forest
from primum.study.report.wording import number, percent, whole
from primum.transparency.counterfactual.metrics import BREACHES, COVERAGE, DISTANCE, NAMED, PLAUSIBLE, VALIDITY

NOTE = "note"


def counterfactuals_section(context: Context) -> Mapping[str, object] | None:
    """Return the sentences and the forests; None where nothing was measured."""
    coverage = list(context.measured(COVERAGE, "test"))
    if not coverage:
        return None
    forests = [_quality(context), _named(context)]
    return {"sentences": _sentences(context, coverage), "forests": [one for one in forests if one is not None]}


def _sentences(context: Context, coverage: Sequence[Finding]) -> list[str]:
    words = context.words
    said = []
    for f in coverage:
        shares = {"value": percent(f.value), "low": percent(f.low), "high": percent(f.high)}
        said.append(
            words(
                "counterfactuals.found" if f.value else "counterfactuals.none",
                n=whole(f.n),
                kind=_kind(context, f),
                **shares,
            )
        )
    for f in context.measured(VALIDITY, "test"):
        counts = {key: whole(f.detail.get(key)) for key in ("changes", "valid")}
        said.append(words("counterfactuals.valid", kind=_kind(context, f), **counts))
    for f in context.measured(DISTANCE, "test"):
        count = number(f.detail.get("mean_changes"))
        said.append(words("counterfactuals.near", kind=_kind(context, f), count=count))
    for f in context.measured(PLAUSIBLE, "test"):
        said.append(
            words("counterfactuals.plausible", value=percent(f.value), low=percent(f.low), high=percent(f.high))
        )
    said += _kept(context)
    if {f.versus.get("changes") for f in coverage} > {NOTE}:
        said.append(words("counterfactuals.apart"))
    return said


def _kept(context: Context) -> list[str]:
    found = list(context.measured(BREACHES, "test"))
    if not found:
        return []
    broken = sum(f.value or 0.0 for f in found)
    if broken:
        return [context.words("counterfactuals.broken", n=whole(int(broken)))]
    fixed = next((f.detail["fixed"] for f in found if f.detail.get("fixed")), None)
    if fixed:
        return [context.words("counterfactuals.kept", fixed=context.words.listing([str(name) for name in fixed]))]
    return [context.words("counterfactuals.kept_none_fixed")]


def _kind(context: Context, finding: Finding) -> str:
    return compared_with("changes", finding.versus.get("changes", ""), context.words.lang)


def _quality(context: Context) -> Forest:
    rows = [f for name in (COVERAGE, VALIDITY, PLAUSIBLE, DISTANCE) for f in context.measured(name, "test")]
    scale = scale_of(ends_of(rows), reference=0.0)
    return Forest(
        title=context.words("counterfactuals.quality"),
        note=context.words("counterfactuals.quality_note"),
        axis=forest_axis(scale),
        rows=[forest_line(f"{context.title(f.metric)} · {_kind(context, f)}", f, scale) for f in rows],
    )


def _named(context: Context) -> Forest | None:
    rows = sorted(context.measured(NAMED, "test"), key=lambda f: -(f.value or 0.0))
    if not rows:
        return None
    scale = scale_of(ends_of(rows), reference=0.0)
    return Forest(
        title=context.words("counterfactuals.vitals"),
        note=context.words("counterfactuals.vitals_note"),
        axis=forest_axis(scale),
        rows=[forest_line(f.versus.get("vital", ""), f, scale) for f in rows],
    )
