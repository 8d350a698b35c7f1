"""The headline figures: how well the model does on test and on hospitals it never saw."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from primum.evidence.finding import Finding
from primum.evidence.split_names import split_kind
from primum.study.report.charts import forest_axis, scale_of
from primum.study.report.context import CHANCE, Context, ForestRow, ends_of, forest_line
from primum.study.report.wording import number, whole

HEADLINES: Mapping[str, tuple[str, ...]] = {
    "classes": ("auroc", "auprc", "balanced_accuracy", "accuracy", "macro_f1", "log_loss", "brier", "ece"),
    "labels": ("auroc", "auprc", "macro_f1", "micro_f1", "subset_accuracy", "log_loss", "brier", "ece"),
    "number": ("mae", "rmse", "r2"),
    "regions": ("map50", "dice", "iou", "froc", "region_sensitivity", "region_ppv", "false_regions"),
}
LARGE = {
    "classes": ("auroc", "balanced_accuracy", "ece"),
    "labels": ("auroc", "macro_f1", "ece"),
    "regions": ("map50", "dice", "region_sensitivity", "false_regions"),
}
MOST_ROWS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One headline figure."""

    metric: str
    title: str
    definition: str
    value: str
    interval: str
    n: str
    enough: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Forest:
    """A forest plot as a table."""

    title: str
    note: str
    axis: Markup
    rows: Sequence[ForestRow]


def performance_section(context: Context) -> Mapping[str, object] | None:
    """Return large figures, and a table of all headline metrics, for test and external; None when nothing is there."""
    kind = context.run.judged_kind()
    metrics = HEADLINES.get(kind, HEADLINES["classes"])
    large = LARGE.get(kind, metrics)
    splits = context.splits()
    blocks = []
    for split in splits:
        figures = [_figure(found, context) for m in metrics if (found := context.overall(m, split)) is not None]
        if figures:
            chosen = [f for f in figures if f.metric in large]
            about = context.words(f"performance.about_{split_kind(split)}")
            blocks.append((split, context.split(split), about, chosen, figures))
    return {"blocks": blocks} if blocks else None


def groups_section(context: Context) -> Mapping[str, object] | None:
    """Return forest plots by site and by class; None when neither is there."""
    forests = [forest for forest in (*_by_site(context), *_by_class(context)) if forest is not None]
    return {"forests": forests} if forests else None


def _figure(finding: Finding, context: Context) -> Figure:
    return Figure(
        metric=finding.metric,
        title=context.title(finding.metric),
        definition=context.definition(finding.metric),
        value=number(finding.value),
        interval=context.span(finding),
        n=whole(finding.n),
        enough=finding.enough,
    )


def _by_site(context: Context) -> Iterable[Forest | None]:
    lead = {"classes": ("auroc", "balanced_accuracy"), "labels": ("auroc", "macro_f1"), "number": ("mae", "r2")}
    for metric in lead.get(context.run.target_type(), ()):
        rows: list[tuple[str, Finding]] = []
        for split in context.splits():
            sites = [f for f in context.measured(metric, split) if set(f.slice) == {"site"} and not f.versus]
            whole_split = context.overall(metric, split)
            if whole_split is not None:
                rows.append((context.words("groups.all_of", split=context.split(split)), whole_split))
            rows += [(f"{f.slice['site']} · {context.split(split)}", f) for f in sites if f.class_ is None]
        if any(f.slice for _, f in rows):
            yield _forest(context.words("groups.by_site", metric=context.title(metric)), metric, rows, context)


def _by_class(context: Context) -> Iterable[Forest | None]:
    for metric in ("sensitivity", "ppv", "auroc"):
        found = [f for f in context.measured(metric, "test") if f.class_ is not None and not f.slice and not f.versus]
        if len(found) < 2 or (metric == "auroc" and len(found) < 3):
            continue
        found.sort(key=lambda f: (f.value is None, f.value or 0.0))
        rows = [(str(f.class_), f) for f in found[:MOST_ROWS]]
        yield _forest(context.words("groups.by_class", metric=context.title(metric)), metric, rows, context)


def _forest(title: str, metric: str, rows: Sequence[tuple[str, Finding]], context: Context) -> Forest | None:
    ends = ends_of(finding for _, finding in rows)
    if not ends:
        return None
    scale = scale_of(ends, reference=CHANCE.get(metric))
    return Forest(
        title=title,
        note=context.definition(metric),
        axis=forest_axis(scale),
        rows=[forest_line(label, f, scale, css="s0" if f.split == "test" else "s1") for label, f in rows],
    )
