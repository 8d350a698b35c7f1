"""How far its probabilities can be trusted: what was done about them, in sentences, pictures and forest plots."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from primum.evidence.finding import Finding
from primum.evidence.split_names import is_external, set_of
from primum.study.report.charts import forest_axis, scale_of
from primum.study.report.context import Context, ends_of, forest_line
from primum.study.report.sections.performance import Forest
from primum.study.report.sections.trust.figures import figures_of
from primum.study.report.sections.trust.telling import statements

MOST_ROWS = 60
LEADS = ("auroc_transport", "balanced_accuracy_transport", "ece_transport", "calibration_intercept_transport", "mae_transport", "r2_transport")  # fmt: skip  # noqa: E501


def trust_section(context: Context) -> Mapping[str, object] | None:
    """Return sentences, pictures and forest plots; None where nothing of it was measured."""
    forests = [forest for forest in (*_coverage(context), *_transport(context)) if forest is not None]
    told, pictures = statements(context), figures_of(context)
    if not (told or pictures or forests):
        return None
    return {"statements": told, "figures": pictures, "forests": forests}


def _coverage(context: Context) -> Iterable[Forest | None]:
    for split in context.splits():
        found = [f for f in context.measured("conformal_coverage", split) if f.value is not None][:MOST_ROWS]
        if not found:
            continue
        target = float(found[0].detail["target"])
        scale = scale_of(ends_of(found), reference=target)
        rows = []
        for f in found:
            everybody = context.words("groups.all_of", split=context.split(split))
            label = f.class_ or (context.group(f.slice) if f.slice else everybody)
            css = "bad" if f.high is not None and f.high < target else "s0"
            rows.append(forest_line(label, f, scale, css=css))
        split_in = context.split_in(split)
        yield Forest(
            title=context.words("trust.coverage_title", split=split_in),
            note=context.words("trust.coverage_note", target=f"{100 * target:g}"),
            axis=forest_axis(scale),
            rows=rows,
        )


def _transport(context: Context) -> Iterable[Forest | None]:
    for metric in LEADS:
        external = filter(is_external, context.splits())
        found = [f for split in external for f in context.measured(metric, split) if f.value is not None]
        if not found:
            continue
        scale = scale_of(ends_of(found), reference=0.0)
        rows = [forest_line(_place(f, context), f, scale, signed=True) for f in found[:MOST_ROWS]]
        yield Forest(title=context.title(metric), note=context.definition(metric), axis=forest_axis(scale), rows=rows)


def _place(finding: Finding, context: Context) -> str:
    """Return what a row is about: all of an external set, or a site and, where sets have names, whose it is."""
    split, site = finding.split or "", finding.slice.get("site")
    if site is None:
        return context.words("groups.all_of", split=context.split(split))
    return site if set_of(split) is None else f"{site} · {context.split(split)}"
