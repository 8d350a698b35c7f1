"""Small pieces of SVG: a plot area with axes, and what is drawn into it. Colours are classes of the page's style."""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from markupsafe import Markup


@dataclass(slots=True, kw_only=True)
class Plot:
    """A picture with two axes, both linear or both logarithmic; add parts, then call `render`."""

    title: str
    description: str
    x: tuple[float, float]
    y: tuple[float, float]
    x_label: str = ""
    y_label: str = ""
    width: int = 460
    height: int = 340
    left: int = 52
    bottom: int = 46
    top: int = 12
    right: int = 14
    log: bool = False
    """Whether both axes are logarithmic; every value is then above 0."""
    parts: list[Markup] = field(default_factory=list)

    def px(self, value: float) -> float:
        """Return the horizontal place of a value."""
        return self.left + self._share(value, *self.x) * (self.width - self.left - self.right)

    def py(self, value: float) -> float:
        """Return the vertical place of a value."""
        return self.height - self.bottom - self._share(value, *self.y) * (self.height - self.bottom - self.top)

    def _share(self, value: float, low: float, high: float) -> float:
        """Return how far along an axis a value lies, 0 to 1."""
        if self.log:
            return math.log(max(value, low) / low) / math.log(high / low)
        return (value - low) / (high - low)

    def _ticks(self, low: float, high: float) -> list[float]:
        if not self.log:
            return ticks(low, high)
        return [10.0**n for n in range(math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9) + 1)]

    def line(self, xs: Sequence[float], ys: Sequence[float], css: str) -> None:
        """Add a line through the points."""
        points = " ".join(f"{self.px(x):.1f},{self.py(y):.1f}" for x, y in zip(xs, ys, strict=True))
        self.parts.append(Markup('<polyline class="ln {}" points="{}"/>').format(css, points))

    def band(self, xs: Sequence[float], lows: Sequence[float], highs: Sequence[float], css: str) -> None:
        """Add a shaded band between two lines."""
        there = [f"{self.px(x):.1f},{self.py(y):.1f}" for x, y in zip(xs, highs, strict=True)]
        back = [f"{self.px(x):.1f},{self.py(y):.1f}" for x, y in zip(xs, lows, strict=True)]
        self.parts.append(Markup('<polygon class="bd {}" points="{}"/>').format(css, " ".join(there + back[::-1])))

    def box(
        self, corner: tuple[float, float], opposite: tuple[float, float], css: str, *, opacity: float = 1.0
    ) -> None:
        """Add a filled rectangle between two corners in the plot's units."""
        x0, x1 = sorted((self.px(corner[0]), self.px(opposite[0])))
        y0, y1 = sorted((self.py(corner[1]), self.py(opposite[1])))
        self.parts.append(
            Markup(
                '<rect class="{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" fill-opacity="{:.2f}"/>'
            ).format(css, x0, y0, max(0.0, x1 - x0), max(0.0, y1 - y0), opacity)
        )

    def dot(self, x: float, y: float, css: str, *, radius: float = 4.0) -> None:
        """Add a filled circle."""
        self.parts.append(
            Markup('<circle class="dt {}" cx="{:.1f}" cy="{:.1f}" r="{:.1f}"/>').format(
                css, self.px(x), self.py(y), radius
            )
        )

    def mark(self, x: float, label: str) -> None:
        """Add a dashed vertical line with a word at its top."""
        place = self.px(x)
        anchor = "end" if place > self.width * 0.6 else "start"
        shift = -5 if anchor == "end" else 5
        self.parts.append(
            Markup(
                '<line class="mk" x1="{0:.1f}" x2="{0:.1f}" y1="{1}" y2="{2}"/>'
                '<text class="mt" x="{3:.1f}" y="{4}" text-anchor="{5}">{6}</text>'
            ).format(place, self.top, self.height - self.bottom, place + shift, self.top + 11, anchor, label)
        )

    def render(self) -> Markup:
        """Return the picture with its axes, title and description."""
        number = zlib.crc32(f"{self.title}\n{self.description}".encode())
        head = Markup(
            '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-labelledby="t{} d{}">'
            '<title id="t{}">{}</title><desc id="d{}">{}</desc>'
        ).format(self.width, self.height, number, number, number, self.title, number, self.description)
        return Markup("").join([head, self._axes(), *self.parts, Markup("</svg>")])

    def _axes(self) -> Markup:
        pieces = []
        floor, wall = self.height - self.bottom, self.width - self.right
        for value in self._ticks(*self.y):
            pieces.append(
                Markup(
                    '<line class="gr" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>'
                    '<text class="tk" x="{}" y="{:.1f}" text-anchor="end">{}</text>'
                ).format(
                    self.left, wall, self.py(value), self.py(value), self.left - 7, self.py(value) + 4, short(value)
                )
            )
        for value in self._ticks(*self.x):
            pieces.append(
                Markup('<text class="tk" x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(
                    self.px(value), floor + 17, short(value)
                )
            )
        pieces.append(
            Markup('<line class="ax" x1="{}" x2="{}" y1="{}" y2="{}"/>').format(self.left, wall, floor, floor)
        )
        pieces.append(
            Markup('<text class="al" x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(
                (self.left + wall) / 2, self.height - 8, self.x_label
            )
        )
        middle = (self.top + floor) / 2
        pieces.append(
            Markup(
                '<text class="al" transform="translate(13 {:.1f}) rotate(-90)" text-anchor="middle">{}</text>'
            ).format(middle, self.y_label)
        )
        return Markup("").join(pieces)


def ticks(low: float, high: float, *, most: int = 6) -> list[float]:
    """Return round values between low and high, at most about `most` of them."""
    if not high > low:
        return [low]
    raw = (high - low) / most
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(s * power for s in (1, 2, 2.5, 5, 10) if s * power >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(n * step, 12) for n in range(first, math.floor(high / step + 1e-9) + 1)]


def short(value: float) -> str:
    """Return a tick's label: no needless zeros, thousands as k."""
    if abs(value) >= 10_000:
        return f"{value / 1000:g}k"
    return f"{value:.4g}".replace("-", "−")


def clip(text: str, most: int) -> str:
    """Return the text, cut with an ellipsis when it is longer than `most` characters."""
    return text if len(text) <= most else text[: most - 1] + "…"
