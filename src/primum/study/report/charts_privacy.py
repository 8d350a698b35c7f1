"""The picture of privacy: who is caught at how few false alarms, on logarithmic axes."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from primum.study.report.charts import Labels, Series
from primum.study.report.svg import Plot


def membership_chart(lines: Sequence[Series], labels: Labels, *, smallest: float) -> Markup:
    """Return members caught against false alarms, one line an attack; guessing is the dashed diagonal.

    Args:
        lines: shares of false alarms and of members caught, in rising order.
        labels: its words.
        smallest: where both axes begin, above 0: a share below it is drawn there.
    """
    plot = Plot(
        title=labels.title,
        description=labels.description,
        x=(smallest, 1.0),
        y=(smallest, 1.0),
        x_label=labels.x,
        y_label=labels.y,
        height=430,
        log=True,
    )
    plot.line([smallest, 1.0], [smallest, 1.0], "ref")
    for place, one in enumerate(lines):
        plot.line(one.x, one.y, f"s{place}")
    return plot.render()
