"""The pictures of fairness: rows of gaps, a heat map of intersections, and what mitigation traded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from primum.study.report.charts import Labels, Scale
from primum.study.report.svg import Plot, clip, ticks

MARKS: Mapping[str, str] = {
    "worse": "M0 -6.5L6.5 0L0 6.5L-6.5 0Z",
    "small": "M0 -5.6L5.6 0L0 5.6L-5.6 0Z",
    "plain": "M-4.7 0A4.7 4.7 0 1 0 4.7 0A4.7 4.7 0 1 0 -4.7 0Z",
    "few": "M-4.2 0A4.2 4.2 0 1 0 4.2 0A4.2 4.2 0 1 0 -4.2 0Z",
}
"""Diamond for a gap that is shown (small: within the tolerance), disc for not shown, ring for too few: told apart
without colour."""


def gap_axis(scale: Scale, *, factor: float = 1.0, worse: str, better: str) -> Markup:
    """Return the axis of a plot of gaps; `factor` turns values into what is written, e.g. 100 for points."""
    marks = Markup("").join(
        Markup('<text class="tk" x="{:.2f}%" y="30" text-anchor="middle">{}</text>').format(
            scale.percent(value), f"{factor * value:+.4g}".replace("-", "−").replace("+0", "0")
        )
        for value in ticks(scale.low, scale.high, most=5)
    )
    zero = scale.percent(0.0)
    words = Markup("")
    if zero > 24:
        words += Markup('<text class="mt" x="{:.2f}%" dx="-8" y="12" text-anchor="end">← {}</text>').format(
            zero, better
        )
    words += Markup('<text class="mt" x="{:.2f}%" dx="8" y="12">{} →</text>').format(zero, worse)
    return Markup('<svg class="row axis two" aria-hidden="true">{}{}</svg>').format(words, marks)


def gap_row(
    value: float | None, interval: tuple[float, float] | None, scale: Scale, *, kind: str, tolerance: float | None
) -> Markup:
    """Return one row: zero line, tolerance line, interval and mark; `kind` is worse, small, plain or few."""
    if value is None:
        return Markup("")
    parts = [Markup('<line class="zero" x1="{0:.2f}%" x2="{0:.2f}%" y1="0" y2="100%"/>').format(scale.percent(0.0))]
    if tolerance is not None and scale.low <= tolerance <= scale.high:
        parts.append(
            Markup('<line class="tol" x1="{0:.2f}%" x2="{0:.2f}%" y1="0" y2="100%"/>').format(scale.percent(tolerance))
        )
    if interval is not None:
        low, high = scale.percent(interval[0]), scale.percent(interval[1])
        parts.append(
            Markup('<line class="wh g-{}" x1="{:.2f}%" x2="{:.2f}%" y1="50%" y2="50%"/>').format(kind, low, high)
        )
    parts.append(mark(kind, x=f"{scale.percent(value):.2f}%", y="50%"))
    return Markup('<svg class="row" aria-hidden="true">{}</svg>').format(Markup("").join(parts))


def mark(kind: str, *, x: str, y: str) -> Markup:
    """Return the mark of a kind with its middle at a place."""
    return Markup('<svg x="{}" y="{}" overflow="visible"><path class="gm g-{}" d="{}"/></svg>').format(
        x, y, kind, MARKS[kind]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell of a heat map."""

    value: str
    n: str
    gap: float | None
    """How much worse than its comparison; None where there are too few patients to tell."""
    worse: bool = False
    """Whether it is shown to be served worse."""
    few: bool = False
    note: str = ""


CELL_WIDTH, CELL_HEIGHT = 92, 54


def heat_map(
    rows: Sequence[str], columns: Sequence[str], cells: Mapping[tuple[int, int], Cell], labels: Labels
) -> Markup:
    """Return rows by columns with value and n: orange is worse, blue better, hatched has too few, framed is shown."""
    left = 36 + 7.0 * max(len(clip(name, 18)) for name in rows)
    top = 46.0
    width, height = left + CELL_WIDTH * len(columns) + 8, top + CELL_HEIGHT * len(rows) + 8
    largest = max((abs(c.gap) for c in cells.values() if c.gap is not None), default=0.0) or 1.0
    parts = [
        Markup('<text class="al" x="{:.0f}" y="14" text-anchor="middle">{}</text>').format(
            left + CELL_WIDTH * len(columns) / 2, labels.x
        ),
        Markup('<text class="al" transform="translate(13 {:.0f}) rotate(-90)" text-anchor="middle">{}</text>').format(
            top + CELL_HEIGHT * len(rows) / 2, labels.y
        ),
    ]
    for column, name in enumerate(columns):
        parts.append(_text("tk", left + CELL_WIDTH * (column + 0.5), top - 10, "middle", clip(name, 13), name))
    for row, name in enumerate(rows):
        parts.append(_text("tk", left - 9, top + CELL_HEIGHT * (row + 0.5) + 4, "end", clip(name, 18), name))
        for column in range(len(columns)):
            place = left + CELL_WIDTH * column, top + CELL_HEIGHT * row
            parts.append(_cell(cells.get((row, column)), place, largest))
    head = Markup(
        '<svg class="chart heat" viewBox="0 0 {:.0f} {:.0f}" style="max-width:{:.0f}px;min-width:{:.0f}px" role="img" '
        'aria-label="{}"><title>{}</title><desc>{}</desc>'
    ).format(width, height, width, width * 0.72, labels.title, labels.title, labels.description)
    return Markup("").join([head, *parts, Markup("</svg>")])


def _text(css: str, x: float, y: float, anchor: str, text: str, whole: str = "") -> Markup:
    title = Markup("<title>{}</title>").format(whole) if whole and whole != text else Markup("")
    return Markup('<text class="{}" x="{:.1f}" y="{:.1f}" text-anchor="{}">{}{}</text>').format(
        css, x, y, anchor, text, title
    )


def _cell(cell: Cell | None, place: tuple[float, float], largest: float) -> Markup:
    x, y = place
    shape = Markup('x="{:.1f}" y="{:.1f}" width="{}" height="{}" rx="4"').format(
        x + 2, y + 2, CELL_WIDTH - 4, CELL_HEIGHT - 4
    )
    if cell is None:
        return Markup('<rect class="none" {}/>').format(shape)
    parts = [Markup('<rect class="hc" {}/>').format(shape)]
    if cell.few or cell.gap is None:
        parts.append(Markup('<rect class="hatch" fill="url(#hatch)" {}/>').format(shape))
    else:
        strength = 0.08 + 0.62 * min(1.0, abs(cell.gap) / largest)
        css = "hw" if cell.gap > 0 else "hr"
        parts.append(Markup('<rect class="{}" fill-opacity="{:.2f}" {}/>').format(css, strength, shape))
    if cell.worse:
        parts.append(Markup('<rect class="framed" {}/>').format(shape))
    middle = x + CELL_WIDTH / 2
    css = "hn pale" if cell.few else "hn"
    parts.append(_text(css, middle, y + CELL_HEIGHT / 2 - 1, "middle", cell.value))
    parts.append(_text("hs", middle, y + CELL_HEIGHT / 2 + 16, "middle", cell.n))
    return Markup("<g><title>{}</title>{}</g>").format(cell.note, Markup("").join(parts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """What mitigation did to one gap."""

    number: int
    y: float
    y_ends: tuple[float, float] | None
    css: str


STEP = 17.0
"""Points of one run share their place across; they are set this many pixels apart to be told apart."""


def trade_chart(
    across: tuple[float, tuple[float, float] | None], trades: Sequence[Trade], labels: Labels, corners: Sequence[str],
    *, factor: float,
) -> Markup:  # fmt: skip
    """Return numbered points with their intervals over the band of the common change across.

    `corners` names the quadrants from upper left, clockwise; `factor` turns values into what is written.
    """
    x, x_ends = factor * across[0], tuple(factor * v for v in across[1] or ())
    xs = _symmetric([x, *x_ends])
    ys = _symmetric([factor * v for t in trades for v in (t.y, *(t.y_ends or ()))])
    plot = Plot(
        title=labels.title, description=labels.description, x=xs, y=ys, x_label=labels.x, y_label=labels.y,
        width=640, height=430,
    )  # fmt: skip
    plot.box((xs[0], ys[0]), (xs[1], 0.0), "q-good")
    if x_ends:
        plot.box((x_ends[0], ys[0]), (x_ends[1], ys[1]), "q-band")
    plot.line([x, x], list(ys), "ref")
    plot.line([0, 0], list(ys), "zero")
    plot.line(list(xs), [0, 0], "zero")
    plot.parts += [_corner(plot, place, words) for place, words in enumerate(corners)]
    for place, trade in enumerate(trades):
        plot.parts.append(_trade(plot, plot.px(x) + (place - (len(trades) - 1) / 2) * STEP, trade, factor))
    return plot.render()


def _trade(plot: Plot, place: float, trade: Trade, factor: float) -> Markup:
    """Return one numbered point with its vertical interval."""
    middle = plot.py(factor * trade.y)
    whisker = Markup("")
    if trade.y_ends is not None:
        low, high = (plot.py(factor * end) for end in trade.y_ends)
        whisker = Markup('<line class="wh {}" x1="{:.1f}" x2="{:.1f}" y1="{:.1f}" y2="{:.1f}"/>').format(
            trade.css, place, place, low, high
        )
    point = Markup('<circle class="dt {}" cx="{:.1f}" cy="{:.1f}" r="8"/>').format(trade.css, place, middle)
    return whisker + point + _text("dn", place, middle + 3.8, "middle", str(trade.number))


def _symmetric(values: Sequence[float]) -> tuple[float, float]:
    """Return ends around zero that hold all values, the longer side at most twice the shorter."""
    low, high = min(0.0, *values), max(0.0, *values)
    reach = max(high, -low) or 1.0
    return min(low, -reach / 2) * 1.12, max(high, reach / 2) * 1.12


def _corner(plot: Plot, place: int, words: str) -> Markup:
    right, lower = place in (1, 2), place in (2, 3)
    x = plot.width - plot.right - 8 if right else plot.left + 8
    y = plot.height - plot.bottom - 9 if lower else plot.top + 16
    return _text("qd", x, y, "end" if right else "start", words)
