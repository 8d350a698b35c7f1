"""The picture of how an answer follows a vital."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from primum.study.report.charts import Labels
from primum.study.report.svg import Plot


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A line and its band."""

    y: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]


def effect_chart(x: Sequence[float], local: Band, dependence: Band, labels: Labels) -> Markup:
    """Return accumulated local effects with their band, partial dependence as a thin line, and a stroke at each edge.

    The edges are a number's tenths, never a patient's value, so that the strokes show where patients are and not who.
    """
    ends = [*local.low, *local.high, *dependence.y, 0.0]
    margin = (max(ends) - min(ends)) * 0.08 or 0.05
    low, high = min(ends) - margin, max(ends) + margin
    plot = Plot(
        title=labels.title,
        description=labels.description,
        x=(x[0], x[-1]),
        y=(low, high),
        x_label=labels.x,
        y_label=labels.y,
        height=300,
        left=64,
    )
    plot.line([x[0], x[-1]], [0.0, 0.0], "ref")
    plot.band(x, local.low, local.high, "s0")
    plot.line(x, dependence.y, "s1 thin")
    plot.line(x, local.y, "s0")
    for edge in x:
        plot.line([edge, edge], [low, low + (high - low) * 0.035], "wh s0")
    return plot.render()
