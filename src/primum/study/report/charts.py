"""The report's pictures, each a function from numbers to one SVG with a title and a description."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from primum.evidence.predictions import FloatArray, IntArray
from primum.study.report.curves import GRID, Bin, Curve
from primum.study.report.svg import Plot, clip, short, ticks


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """The words of one picture."""

    title: str
    description: str
    x: str = ""
    y: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One line of a line chart."""

    name: str
    x: Sequence[float]
    y: Sequence[float]


def line_chart(series: Sequence[Series], labels: Labels, *, mark: tuple[float, str] | None = None) -> Markup:
    """Return lines over a common axis, e.g. the loss by step; `mark` is a vertical line with a word."""
    xs = [x for one in series for x in one.x]
    ys = [y for one in series for y in one.y]
    plot = Plot(
        title=labels.title,
        description=labels.description,
        x=_range(min(xs), max(xs)),
        y=_padded(min(ys), max(ys)),
        x_label=labels.x,
        y_label=labels.y,
        height=280,
    )
    if mark is not None:
        plot.mark(*mark)
    for number, one in enumerate(series):
        plot.line(one.x, one.y, f"s{number}")
        if len(one.x) <= 40:
            for x, y in zip(one.x, one.y, strict=True):
                plot.dot(x, y, f"s{number}", radius=2.6)
    return plot.render()


def curve_chart(curves: Sequence[tuple[Curve, float | None]], labels: Labels, *, diagonal: bool) -> Markup:
    """Return ROC or PR curves; each may bring a level that means "no skill", drawn dashed."""
    plot = _unit_plot(labels)
    if diagonal:
        plot.line([0, 1], [0, 1], "ref")
    for number, (curve, level) in enumerate(curves):
        if curve.low is not None and curve.high is not None:
            plot.band(GRID.tolist(), curve.low.tolist(), curve.high.tolist(), f"s{number}")
        if level is not None:
            plot.line([0, 1], [level, level], "ref")
    for number, (curve, _) in enumerate(curves):
        plot.line(GRID.tolist(), curve.y.tolist(), f"s{number}")
    return plot.render()


def reliability_chart(bins: Sequence[Bin], labels: Labels) -> Markup:
    """Return observed against predicted with Wilson intervals, over a histogram of the predictions."""
    plot = _unit_plot(labels)
    largest = max(one.n for one in bins)
    for one in bins:
        plot.box((one.start + 0.008, 0.0), (one.end - 0.008, 0.22 * one.n / largest), "hist")
    plot.line([0, 1], [0, 1], "ref")
    for one in bins:
        plot.line([one.predicted, one.predicted], [one.low, one.high], "wh s0")
    plot.line([one.predicted for one in bins], [one.observed for one in bins], "s0 thin")
    for one in bins:
        plot.dot(one.predicted, one.observed, "s0")
    return plot.render()


def confusion_chart(counts: IntArray, names: Sequence[str], labels: Labels) -> Markup:
    """Return a heat map of counts, true classes down, predicted across, shaded by the share of the true class."""
    size = len(names)
    cell = 108 if size <= 3 else 84 if size <= 5 else 46 if size <= 12 else 25
    longest = 14 if size <= 5 else 20
    left = 26 + 7.2 * max(len(clip(n, longest)) for n in names)
    top = 40.0 if size <= 5 else 22 + 5.6 * max(len(clip(n, longest)) for n in names)
    width, height = left + cell * size + (14 if size <= 5 else 60), top + cell * size + 12
    parts = [
        Markup('<text class="al" x="{:.0f}" y="13" text-anchor="middle">{}</text>').format(
            left + cell * size / 2, labels.x
        ),
        Markup('<text class="al" transform="translate(13 {:.0f}) rotate(-90)" text-anchor="middle">{}</text>').format(
            top + cell * size / 2, labels.y
        ),
    ]
    totals = counts.sum(axis=1)
    for row, name in enumerate(names):
        parts.append(_row_label(name, left, top + cell * (row + 0.5), longest))
        parts.append(_column_label(name, left + cell * (row + 0.5), top, longest, tilted=size > 5))
        for column in range(size):
            share = float(counts[row, column] / totals[row]) if totals[row] else 0.0
            place = (left + cell * column, top + cell * row)
            parts.append(_cell(int(counts[row, column]), share, place, cell, right=row == column))
    head = Markup(
        '<svg class="chart heat" viewBox="0 0 {:.0f} {:.0f}" style="max-width:{:.0f}px" role="img" aria-label="{}">'
        "<title>{}</title><desc>{}</desc>"
    ).format(width, height, width * (1 if size > 5 else 1.1), labels.title, labels.title, labels.description)
    return Markup("").join([head, *parts, Markup("</svg>")])


def density_chart(x_edges: FloatArray, y_edges: FloatArray, counts: IntArray, labels: Labels) -> Markup:
    """Return a binned scatter of predicted against true values with the diagonal of a perfect model."""
    plot = Plot(
        title=labels.title,
        description=labels.description,
        x=(float(x_edges[0]), float(x_edges[-1])),
        y=(float(y_edges[0]), float(y_edges[-1])),
        x_label=labels.x,
        y_label=labels.y,
        height=400,
    )
    largest = max(1, int(counts.max()))
    for i in range(counts.shape[0]):
        for j in range(counts.shape[1]):
            if counts[i, j]:
                corners = (float(x_edges[i]), float(y_edges[j])), (float(x_edges[i + 1]), float(y_edges[j + 1]))
                plot.box(*corners, "s0", opacity=0.12 + 0.88 * float(counts[i, j] / largest) ** 0.6)
    low = max(float(x_edges[0]), float(y_edges[0]))
    high = min(float(x_edges[-1]), float(y_edges[-1]))
    if high > low:
        plot.line([low, high], [low, high], "ref")
    return plot.render()


def histogram_chart(edges: FloatArray, counts: IntArray, labels: Labels) -> Markup:
    """Return a histogram with a line at zero, for residuals."""
    plot = Plot(
        title=labels.title,
        description=labels.description,
        x=(float(edges[0]), float(edges[-1])),
        y=(0.0, max(1.0, float(counts.max()) * 1.08)),
        x_label=labels.x,
        y_label=labels.y,
        height=400,
    )
    gap = float(edges[1] - edges[0]) * 0.06
    for number, n in enumerate(counts):
        plot.box((float(edges[number]) + gap, 0.0), (float(edges[number + 1]) - gap, float(n)), "s0")
    if edges[0] < 0 < edges[-1]:
        plot.mark(0.0, "0")
    return plot.render()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """The common axis of a table's rows: a linear map from values to percent of the cell's width."""

    low: float
    high: float
    reference: float | None = None
    """Where a thin vertical line stands: zero for gains, the overall figure for slices."""

    def percent(self, value: float) -> float:
        """Return the place of a value, in percent of the width, within 2 to 98."""
        share = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.5
        return 2 + 96 * min(1.0, max(0.0, share))


def scale_of(values: Sequence[float], *, reference: float | None = None) -> Scale:
    """Return a scale that holds all values and the reference, with round ends."""
    everything = [*values] + ([] if reference is None else [reference])
    low, high = _padded(min(everything), max(everything))
    marks = ticks(low, high)
    step = marks[1] - marks[0] if len(marks) > 1 else high - low
    return Scale(low=min(low, marks[0] - step * 0.15), high=max(high, marks[-1] + step * 0.15), reference=reference)


def forest_axis(scale: Scale) -> Markup:
    """Return the axis of a forest plot, for the table's head."""
    marks = Markup("").join(
        Markup('<text class="tk" x="{:.2f}%" y="12" text-anchor="middle">{}</text>').format(
            scale.percent(value), short(value)
        )
        for value in ticks(scale.low, scale.high, most=5)
    )
    return Markup('<svg class="row axis" aria-hidden="true">{}</svg>').format(marks)


def forest_row(value: float, interval: tuple[float, float] | None, scale: Scale, css: str = "s0") -> Markup:
    """Return one row of a forest plot: a point with its interval; the table beside it says the same in figures."""
    parts = []
    if scale.reference is not None:
        place = scale.percent(scale.reference)
        parts.append(Markup('<line class="mk" x1="{0:.2f}%" x2="{0:.2f}%" y1="0" y2="100%"/>').format(place))
    if interval is not None:
        low, high = scale.percent(interval[0]), scale.percent(interval[1])
        parts.append(
            Markup('<line class="wh {0}" x1="{1:.2f}%" x2="{2:.2f}%" y1="50%" y2="50%"/>').format(css, low, high)
        )
    parts.append(Markup('<circle class="dt {}" cx="{:.2f}%" cy="50%" r="4.5"/>').format(css, scale.percent(value)))
    return Markup('<svg class="row" aria-hidden="true">{}</svg>').format(Markup("").join(parts))


def share_bar(share: float) -> Markup:
    """Return a thin bar for a share in [0, 1], for a table cell."""
    return Markup(
        '<svg class="row bar" aria-hidden="true"><rect class="bg" width="100%" height="6" y="9" rx="3"/>'
        '<rect class="s0" width="{:.1f}%" height="6" y="9" rx="3"/></svg>'
    ).format(100 * min(1.0, max(0.0, share)))


def _unit_plot(labels: Labels) -> Plot:
    return Plot(
        title=labels.title,
        description=labels.description,
        x=(0.0, 1.0),
        y=(0.0, 1.0),
        x_label=labels.x,
        y_label=labels.y,
        height=430,
    )


def _range(low: float, high: float) -> tuple[float, float]:
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _padded(low: float, high: float) -> tuple[float, float]:
    margin = (high - low) * 0.06 or abs(high) * 0.1 or 0.5
    return low - margin, high + margin


def _row_label(name: str, left: float, y: float, longest: int) -> Markup:
    return Markup('<text class="tk" x="{:.0f}" y="{:.1f}" text-anchor="end">{}<title>{}</title></text>').format(
        left - 8, y + 4, clip(name, longest), name
    )


def _column_label(name: str, x: float, top: float, longest: int, *, tilted: bool) -> Markup:
    shape = f"translate({x:.1f} {top - 8:.1f})" + (" rotate(-45)" if tilted else "")
    return Markup('<text class="tk" transform="{}" text-anchor="{}">{}<title>{}</title></text>').format(
        shape, "start" if tilted else "middle", clip(name, longest), name
    )


def _cell(n: int, share: float, place: tuple[float, float], cell: int, *, right: bool) -> Markup:
    x, y = place
    box = Markup('<rect class="hc" x="{:.1f}" y="{:.1f}" width="{}" height="{}" rx="2"/>').format(
        x + 1, y + 1, cell - 2, cell - 2
    )
    if n == 0:
        return box
    fill = Markup(
        '<rect class="{}" x="{:.1f}" y="{:.1f}" width="{}" height="{}" rx="2" fill-opacity="{:.2f}"/>'
    ).format("hr" if right else "hw", x + 1, y + 1, cell - 2, cell - 2, 0.06 + 0.5 * share)
    size = 20 if cell > 80 else 14 if cell > 40 else 11
    number = Markup('<text class="hn" x="{:.1f}" y="{:.1f}" font-size="{}" text-anchor="middle">{}</text>').format(
        x + cell / 2, y + cell / 2 + (0 if cell > 80 else size * 0.36), size, n
    )
    if cell <= 80:
        return box + fill + number
    below = Markup('<text class="hn" x="{:.1f}" y="{:.1f}" font-size="12" text-anchor="middle">{:.0f} %</text>').format(
        x + cell / 2, y + cell / 2 + 19, 100 * share
    )
    return box + fill + number + below
