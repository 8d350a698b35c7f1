"""Similar patients: how many stand behind the groups that are kept, what grouping costs, and what it gives away."""

from __future__ import annotations

from collections.abc import Mapping

from primum.evidence.finding import Finding
from primum.study.report.charts import forest_axis, scale_of
from primum.study.report.context import Context, ends_of, forest_line
from primum.study.report.sections.performance import Forest
from primum.study.report.wording import number, percent, whole
from primum.transparency.similar.metrics import LOSS, MEMBERS, SMALLEST


def similar_section(context: Context) -> Mapping[str, object] | None:
    """Return the sentences and the forest; None where no groups were kept."""
    smallest = context.overall(SMALLEST, "train")
    if smallest is None:
        return None
    rows = [*context.measured(LOSS, "test"), *context.measured(MEMBERS, "train")]
    return {"sentences": _sentences(context, smallest), "forests": [_figures(context, rows)] if rows else []}


def _sentences(context: Context, smallest: Finding) -> list[str]:
    words = context.words
    groups, fewest = whole(smallest.detail.get("groups")), whole(int(smallest.value or 0))
    said = [words("similar.groups", n=whole(smallest.n), groups=groups, smallest=fewest)]
    for f in context.measured(LOSS, "test"):
        said.append(words("similar.lost", n=whole(f.n), value=number(f.value), low=number(f.low), high=number(f.high)))
    for f in context.measured(MEMBERS, "train"):
        said.append(words("similar.members", value=number(f.value), low=number(f.low), high=number(f.high)))
    if smallest.detail.get("of_one_outcome") is not None:
        said.append(words("similar.one_outcome", value=percent(smallest.detail["of_one_outcome"])))
    return said


def _figures(context: Context, rows: list[Finding]) -> Forest:
    scale = scale_of(ends_of(rows), reference=0.0)
    return Forest(
        title=context.words("similar.figures"),
        note=context.words("similar.figures_note"),
        axis=forest_axis(scale),
        rows=[forest_line(context.title(f.metric), f, scale) for f in rows],
    )
