"""Several annotators: how far they agree, what they say of the target, and the model beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from primum.evidence.finding import Finding
from primum.study.report.charts import forest_axis, scale_of
from primum.study.report.context import Context, ends_of, forest_line
from primum.study.report.sections.performance import Forest
from primum.study.report.wording import number, percent, whole

_ALPHA = "annotator_alpha"
_SHARES = ("target_against_consensus", "consensus_uncertain")


def experts_section(context: Context) -> Mapping[str, object] | None:
    """Return sentences and the forest of agreement; None where the records have one annotator."""
    alpha = [f for f in context.run.findings if f.metric == _ALPHA and f.value is not None]
    if not alpha:
        return None
    scale = scale_of(ends_of(alpha), reference=0.667)
    forest = Forest(
        title=context.title(_ALPHA),
        note=context.words("experts.note"),
        axis=forest_axis(scale),
        rows=[forest_line(_about(f, context), f, scale) for f in alpha],
    )
    return {"sentences": list(_sentences(context)), "forest": forest}


def _about(finding: Finding, context: Context) -> str:
    if finding.class_ is not None:
        return finding.class_
    return context.group(finding.slice) if finding.slice else context.words("everybody")


def _sentences(context: Context) -> Iterator[str]:
    words = context.words
    for finding in (f for f in context.run.findings if f.metric == "annotator_kappa" and f.value is not None):
        yield words("experts.kappa", value=number(finding.value), span=context.span(finding), n=whole(finding.n))
    for metric in _SHARES:
        for finding in (f for f in context.run.findings if f.metric == metric):
            yield words(
                f"experts.{metric}", value=percent(finding.value), n=whole(finding.n), low=percent(finding.low),
                high=percent(finding.high),
            )  # fmt: skip
    for split in context.splits():
        for finding in context.measured("expert_gap", split):
            key = "within" if finding.high is not None and finding.high <= 0 else "beside"
            yield words(
                f"experts.{key}",
                split=context.split(split),
                experts=percent(finding.detail.get("among_experts")),
                model=percent(finding.detail.get("with_model")),
                span=context.span(finding, signed=True),
                n=whole(finding.n),
            )
