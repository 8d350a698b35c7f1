"""How gaps are written: in points, with their interval, and as a sentence anybody can read."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from primum.evidence.finding import Finding
from primum.evidence.metrics import METRICS
from primum.study.report.context import Context
from primum.study.report.sections.fairness.gather import SMALLEST_CELL, TWO_SIDED, Fairness, is_gap
from primum.study.report.wording import interval, number, whole

USUAL_GAP = 0.1
"""The gap for which findings say how many patients would be needed: ten points, or 0.1 of a number's unit."""
PLAIN = (
    "log_loss",
    "mae",
    "bias",
    "calibration_slope",
    "calibration_intercept",
    "auroc",
    "demographic_parity_ratio",
    "standardised_bias",
)
"""Figures that are no shares of patients and are therefore not written in points or percent; AUROC is one by habit."""


def in_points(metric: str) -> bool:
    """Return whether differences of a metric are written in points (hundredths)."""
    if metric.startswith(PLAIN):
        return False
    known = METRICS.get(metric) if metric in METRICS else None
    return known is None or known.unit in ("fraction", "points", "")


def figure(metric: str, value: float | None, *, signed: bool = False) -> str:
    """Return a difference as a bare figure: points for shares, else as it is."""
    if value is None or not in_points(metric):
        return number(value, signed=signed)
    text = f"{abs(100 * value):.1f}"
    if float(text) == 0:
        return text
    return ("−" if value < 0 else "+" if signed else "") + text


def level(metric: str, value: float | None) -> str:
    """Return a level, e.g. a true positive rate, as percent, or as it is where it is no share."""
    return "–" if value is None else number(value) if not in_points(metric) else f"{100 * value:.1f} %"


def span(metric: str, finding: Finding, *, signed: bool = True) -> str:
    """Return "+11.0 – +25.0", or – without an interval."""
    if finding.low is None or finding.high is None:
        return "–"
    if not in_points(metric):
        return interval(finding.low, finding.high, signed=signed)
    return f"{figure(metric, finding.low, signed=signed)} – {figure(metric, finding.high, signed=signed)}"


def amount(metric: str, value: float | None, context: Context) -> str:
    """Return a difference with its unit, e.g. "18.0 points"."""
    return context.words(f"fair.amount.{unit(metric)}", n=figure(metric, value))


def unit(metric: str) -> str:
    """Return which unit a difference is written in: points, percent, deviations or plain."""
    if metric.startswith("relative_mae"):
        return "percent"
    return "points" if in_points(metric) else "deviations" if metric.startswith("standardised") else "plain"


def count(n: int) -> str:
    """Return a group's size; of fewer than five patients only that they are fewer than five."""
    return f"< {SMALLEST_CELL}" if n < SMALLEST_CELL else whole(n)


def n_is(n: int) -> str:
    """Return "n = 412", or "n < 5"."""
    return f"n {count(n)}" if n < SMALLEST_CELL else f"n = {count(n)}"


def withheld(finding: Finding) -> bool:
    """Return whether a group is so small that no figure about it is shown."""
    return finding.n < SMALLEST_CELL


def comparison(finding: Finding, context: Context) -> str:
    """Return what a slice is compared with, in words."""
    if finding.versus.get("group") == "everyone else" or not finding.versus:
        return context.words("fair.everyone_else")
    return context.group(finding.versus)


def class_name(finding: Finding, fair: Fairness) -> str:
    """Return the class that a gap is about, in words."""
    return finding.class_ or fair.positive or fair.context.words("fair.the_class")


def phrase(finding: Finding, fair: Fairness) -> str:
    """Return what the gap means for the slice, e.g. "of the patients with “X” it finds 18.0 points fewer"."""
    context = fair.context
    key = f"fair.means.{finding.metric}"
    size = finding.value
    if finding.metric in TWO_SIDED and size is not None:
        key, size = f"{key}.{'high' if size > 0 else 'low'}", abs(size)
    return context.words(
        key if key in context.words else "fair.means.other",
        x=amount(finding.metric, size, context),
        name=class_name(finding, fair),
        metric=context.title(finding.metric),
    )


def meaning(metric: str, fair: Fairness) -> str:
    """Return what a measure asks, in one line."""
    context = fair.context
    for key in (f"fair.note.{metric}", f"fair.whole.{metric}"):
        if key in context.words:
            return context.words(key, name=fair.positive or context.words("fair.the_class"))
    return context.definition(metric)


def figures(finding: Finding, context: Context) -> str:
    """Return interval, n and split, as they stand in brackets."""
    parts = []
    if finding.low is not None and finding.high is not None:
        sure = f"{100 * (finding.level or 0.95):g}"
        parts.append(context.words("interval", level=sure, interval=span(finding.metric, finding, signed=False)))
    parts.append(n_is(finding.n))
    if finding.split is not None:
        parts.append(context.words.known(f"fair.where.{finding.split}", otherwise=context.split(finding.split)))
    return context.words("fair.comma").join(parts)


def served_worse(finding: Finding, fair: Fairness) -> Markup:
    """Return the sentence that a slice is served worse, the slice in bold."""
    context = fair.context
    return context.words.markup(
        "fair.differs" if finding.metric in TWO_SIDED else "fair.served_worse",
        slice=Markup("<strong>{}</strong>").format(capital(context.group(finding.slice))),
        versus=comparison(finding, context),
        phrase=phrase(finding, fair),
        figures=figures(finding, context),
    )


def capital(text: str) -> str:
    """Return the text with its first letter in upper case, to begin a sentence."""
    return text[:1].upper() + text[1:]


def needed(finding: Finding) -> int | None:
    """Return how many patients of the slice are needed to see the usual gap; None when nobody worked it out."""
    table = finding.detail.get("needed")
    value = table.get(f"{USUAL_GAP:g}") if isinstance(table, Mapping) else None
    return int(value) if isinstance(value, int | float) else None


def detectable(finding: Finding) -> float | None:
    """Return the smallest gap that could have been seen; None when nobody worked it out."""
    value = finding.detail.get("detectable")
    return float(value) if isinstance(value, int | float) else None


def least_seen(finding: Finding) -> tuple[float, ...]:
    """Return a sorting key for slices too small to judge: the measure by which least could have been seen first."""
    return (-(needed(finding) or 0), -(detectable(finding) or 0.0))


def detail_value(finding: Finding, key: str) -> float | None:
    """Return a figure of a finding's detail, e.g. slice_value."""
    value = finding.detail.get(key)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def about(finding: Finding, fair: Fairness) -> str:
    """Return a gap's slice in words, with its class where that is not the one everybody expects."""
    name = fair.context.group(finding.slice)
    if is_gap(finding) and finding.class_ is not None and finding.class_ != fair.positive:
        name = f"{name} · {finding.class_}"
    return name
