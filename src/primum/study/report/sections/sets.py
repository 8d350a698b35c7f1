"""Across external sets: performance and calibration of each beside test, and what a new place can expect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from primum.evidence.finding import Finding
from primum.evidence.split_names import EXTERNAL, is_external
from primum.safety.places import across_name, next_name
from primum.study.report.charts import forest_axis, scale_of
from primum.study.report.context import CHANCE, Context, ForestRow, ends_of, forest_line
from primum.study.report.sections.performance import Forest
from primum.study.report.wording import interval, number, whole

LEADS: Mapping[str, Sequence[str]] = {
    "classes": ("auroc", "balanced_accuracy", "calibration_intercept", "calibration_slope", "ece"),
    "labels": ("auroc", "macro_f1", "calibration_intercept", "calibration_slope", "ece"),
    "number": ("mae", "r2"),
}
IDEAL: Mapping[str, float] = {**CHANCE, "calibration_intercept": 0.0, "calibration_slope": 1.0}
"""Where the thin line stands: chance for performance, the right value for calibration."""


def sets_section(context: Context) -> Mapping[str, object] | None:
    """Return a forest plot a metric: test, every external set, and the two summaries; None without an external set."""
    if not any(map(is_external, context.splits())):
        return None
    metrics = LEADS.get(context.run.target_type(), LEADS["classes"])
    forests = [forest for metric in metrics if (forest := _forest(metric, context)) is not None]
    if not forests:
        return None
    said = [sentence for split in (EXTERNAL, "test") for sentence in _expected(metrics[0], split, context)]
    return {"forests": forests, "sentences": said}


def _forest(metric: str, context: Context) -> Forest | None:
    found = [(context.split(split), f) for split in context.splits() if (f := context.overall(metric, split))]
    found = [(label, f) for label, f in found if f.value is not None]
    if len(found) < 2:
        return None
    summaries = _summaries(metric, context)
    ends = ends_of(f for _, f in found)
    span = max(ends) - min(ends)
    near = [x for x in ends_of(f for _, f, _ in summaries) if min(ends) - 2 * span <= x <= max(ends) + 2 * span]
    scale = scale_of([*ends, *near], reference=IDEAL.get(metric))
    rows: list[ForestRow] = [
        forest_line(label, f, scale, css="s0" if f.split == "test" else "s1") for label, f in found
    ]
    rows += [forest_line(label, f, scale, css=css) for label, f, css in summaries]
    return Forest(title=context.title(metric), note=context.definition(metric), axis=forest_axis(scale), rows=rows)


def _summaries(metric: str, context: Context) -> list[tuple[str, Finding, str]]:
    words = context.words
    found = []
    for split in (EXTERNAL, "test"):
        for name, key in ((across_name(metric), "mean"), (next_name(metric), "next")):
            for f in context.measured(name, split):
                label = words(f"sets.{key}_{split}", k=f.detail.get("places", 0))
                found.append((label, f, "s2"))
    return found


def _expected(metric: str, split: str, context: Context) -> list[str]:
    """Return what a new place can expect of the leading metric, in a sentence."""
    return [
        context.words(
            f"sets.expected_{split}" if f.enough else f"sets.expected_few_{split}",
            metric=context.title(metric),
            value=number(f.value),
            interval=interval(f.low, f.high),
            k=whole(f.detail.get("places")),
        )
        for f in context.measured(next_name(metric), split)
    ]
