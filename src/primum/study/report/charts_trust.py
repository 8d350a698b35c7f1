"""Pictures of trust: reliability before and after calibration, risk against coverage, decision curves."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from primum.evidence.predictions import FloatArray
from primum.safety import DecisionCurve
from primum.study.report.charts import Labels
from primum.study.report.curves import Bin
from primum.study.report.svg import Plot


def reliability_pair_chart(after: Sequence[Bin], before: Sequence[Bin], labels: Labels) -> Markup:
    """Return observed against predicted, in use with Wilson intervals and before calibration as a broken line."""
    plot = _plot(labels, x=(0.0, 1.0), y=(0.0, 1.0))
    largest = max(one.n for one in after)
    for one in after:
        plot.box((one.start + 0.008, 0.0), (one.end - 0.008, 0.22 * one.n / largest), "hist")
    plot.line([0, 1], [0, 1], "ref")
    if before:
        plot.line([one.predicted for one in before], [one.observed for one in before], "s1")
        for one in before:
            plot.dot(one.predicted, one.observed, "s1", radius=3.0)
    for one in after:
        plot.line([one.predicted, one.predicted], [one.low, one.high], "wh s0")
    plot.line([one.predicted for one in after], [one.observed for one in after], "s0 thin")
    for one in after:
        plot.dot(one.predicted, one.observed, "s0")
    return plot.render()


def risk_coverage_chart(
    lines: Sequence[tuple[FloatArray, FloatArray]], labels: Labels, *, allowed: float | None, answered: float | None
) -> Markup:
    """Return the error among the answered by share answered; the allowed risk dashed, the share in use marked.

    Args:
        lines: share answered and error, one pair a split.
        labels: its words; `labels.y` names the error.
        allowed: the risk that is promised.
        answered: the share answered with the threshold in use.
    """
    top = max((float(error.max()) for _, error in lines), default=0.0)
    plot = _plot(labels, x=(0.0, 1.0), y=(0.0, min(1.0, 1.15 * max(top, allowed or 0.0, 0.02))))
    if allowed is not None:
        plot.line([0, 1], [allowed, allowed], "ref")
    if answered is not None:
        plot.mark(answered, f"{100 * answered:.0f} %")
    for place, (share, error) in enumerate(lines):
        plot.line(share.tolist(), error.tolist(), f"s{place}")
    return plot.render()


def decision_chart(curve: DecisionCurve, labels: Labels) -> Markup:
    """Return net benefit by threshold: the model with its band, treating everybody, treating nobody (zero)."""
    shown = curve.everybody > -0.05
    top = 1.1 * max(float(curve.high.max()), float(curve.everybody.max()), 0.02)
    plot = _plot(labels, x=(0.0, 1.0), y=(-0.05, top))
    low, high = curve.low.clip(-0.05, top), curve.high.clip(-0.05, top)
    plot.line([0, 1], [0, 0], "ref")
    plot.band(curve.thresholds.tolist(), low.tolist(), high.tolist(), "s0")
    plot.line(curve.thresholds[shown].tolist(), curve.everybody[shown].tolist(), "s1")
    plot.line(curve.thresholds.tolist(), curve.model.clip(-0.05, top).tolist(), "s0")
    return plot.render()


def _plot(labels: Labels, *, x: tuple[float, float], y: tuple[float, float]) -> Plot:
    return Plot(
        title=labels.title, description=labels.description, x=x, y=y, x_label=labels.x, y_label=labels.y, height=430
    )
