"""The page of `primum explain`: for each record its note with highlighted words, a waterfall, and tables of both.

What speaks for the answer is blue with a solid line under it, what speaks against it orange with a dashed one, so that
nobody has to tell colours apart; every picture has a table beside it.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import zip_longest
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from primum.study.report.explained_beside import beside
from primum.study.report.wording import Wording, number, percent

MOST_BARS = 10
"""Parts that have a bar of their own in the waterfall, the strongest."""
MOST_PAIRS = 8
"""Parts in the comparison with the runner-up, those that tell the two apart most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One step of the waterfall."""

    label: str
    adds: str
    """In figures."""
    picture: Markup


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """What one part adds to the class asked about and to the runner-up."""

    label: str
    own: str
    other: str
    lead: str
    """In figures, the difference of the two."""
    picture: Markup


def explained_page(
    told: Sequence[Mapping[str, Any]], *, name: str, lang: str, pictures: Sequence[bytes | None] = ()
) -> str:
    """Return the page as one self-contained HTML file.

    Args:
        told: one record each, as `primum.study.explaining.told_of` returns it.
        name: of the study.
        lang: en or zh.
        pictures: each record's image under its heat map, as PNG; None for none.
    """
    words = Wording(lang)
    environment = Environment(
        loader=PackageLoader("primum.study.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = files("primum.study.report").joinpath("templates", "report.css").read_text(encoding="utf-8")
    return environment.get_template("explained.html").render(
        words=words,
        lang="zh-CN" if lang == "zh" else "en",
        name=name,
        withheld=sum(not one["holds"] for one in told),
        records=[
            {**_record(one, words), "picture": _embedded(picture)}
            for one, picture in zip_longest(told, pictures[: len(told)])
        ],
        style=Markup(style.strip()),
    )


def _record(one: Mapping[str, Any], words: Wording) -> Mapping[str, Any]:
    shown: dict[str, Any] = {
        "id": one["id"],
        "holds": one["holds"],
        "asked": _asked(one, words),
        "because": [words(f"explained.because.{why}") for why in one["withheld_because"]],
        "inputs": _inputs(one, words),
        "checked": words(
            "explained.faithful",
            value=percent(one["comprehensiveness"]),
            random=percent(one["comprehensiveness_of_chance"]),
        ),
    }
    if one["holds"]:
        sentences = [
            (words("explained.sentence", number=s["sentence"] + 1), number(s["adds"], signed=True))
            for s in one["sentences"]
        ]
        strongest = sorted(one["words"], key=lambda w: -abs(w["adds"]))
        shown |= {
            "note": _highlighted(one),
            "words": [(w["word"], number(w["adds"], signed=True)) for w in strongest],
            "bars": _waterfall(one, words),
            "sentences": sentences,
            "pairs": _pairs(one, words),
            "rival": one.get("runner_up"),
            "rival_chance": percent(one["runner_up"]["answer"]) if "runner_up" in one else "",
            "about": one["about"],
        }
    return shown | beside(one, words)


def _embedded(picture: bytes | None) -> str:
    return "" if picture is None else "data:image/png;base64," + b64encode(picture).decode("ascii")


def _inputs(one: Mapping[str, Any], words: Wording) -> str:
    """Return what note, vitals and image add, where the record has several: of one alone the waterfall says it."""
    added = {name: number(value, signed=True) for name, value in one["inputs"].items() if value is not None}
    each = words.listing([words(f"explained.input.{name}", value=value) for name, value in added.items()])
    return words("explained.inputs", each=each) if len(added) > 1 else ""


def _asked(one: Mapping[str, Any], words: Wording) -> list[str]:
    if one["about"] is None:
        return [words("explained.number", value=number(one["answer"]))]
    said = [words("explained.answer", about=one["about"], value=percent(one["answer"]))]
    if one["against"] is not None:
        said.append(words("explained.against", about=one["about"], against=one["against"]))
    return said


def _highlighted(one: Mapping[str, Any]) -> Markup:
    text, at, pieces = one["text"], 0, []
    strongest = max((abs(w["adds"]) for w in one["words"]), default=0.0) or 1.0
    for word in one["words"]:
        pieces.append(Markup("{}").format(text[at : word["start"]]))
        strength = abs(word["adds"]) / strongest
        piece = text[word["start"] : word["end"]]
        if strength < 0.08:
            pieces.append(Markup("{}").format(piece))
        else:
            css = "for" if word["adds"] > 0 else "not"
            pieces.append(
                Markup('<mark class="{}" style="--a:{:.0f}%" title="{}">{}</mark>').format(
                    css, 8 + 52 * strength, number(word["adds"], signed=True), piece
                )
            )
        at = word["end"]
    pieces.append(Markup("{}").format(text[at:]))
    return Markup("").join(pieces)


def _pairs(one: Mapping[str, Any], words: Wording) -> list[Pair]:
    """Return the comparison with the runner-up; empty where there is none."""
    beside = one.get("runner_up")
    if beside is None:
        return []
    found = list(zip(_labels(one, words), beside["adds_to_about"], beside["adds"], strict=True))
    found = sorted(found, key=lambda part: -abs(part[1] - part[2]))[:MOST_PAIRS]
    farthest = max((abs(value) for _, *values in found for value in values), default=0.0) or 1.0
    return [
        Pair(
            label=label,
            own=number(own, signed=True),
            other=number(other, signed=True),
            lead=number(own - other, signed=True),
            picture=_two_bars(own / farthest, other / farthest),
        )
        for label, own, other in found
    ]


def _labels(one: Mapping[str, Any], words: Wording) -> list[str]:
    return [
        *(w["word"] for w in one["words"]),
        *(f"{v['vital']} = {_value(v['value'])}" for v in one["vitals"]),
        *(words("explained.cell", row=c["row"] + 1, column=c["column"] + 1) for c in one.get("cells", ())),
    ]


def _parts(one: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [*one["words"], *one["vitals"], *one.get("cells", ())]


def _two_bars(own: float, other: float) -> Markup:
    """Return two bars from the middle, of lengths in [-1, 1]: the class asked about above, the runner-up below."""
    bars = Markup("").join(
        Markup('<rect class="{}" x="{:.2f}%" width="{:.2f}%" y="{}" height="9"/>').format(
            css, 50 + 48 * min(value, 0.0), max(48 * abs(value), 0.4), y
        )
        for css, value, y in (("own", own, 2), ("rival", other, 14))
    )
    return Markup('<svg class="two" aria-hidden="true"><line x1="50%" x2="50%" y1="0" y2="25"/>{}</svg>').format(bars)


def _waterfall(one: Mapping[str, Any], words: Wording) -> list[Bar]:
    parts = list(zip(_labels(one, words), [p["adds"] for p in _parts(one)], strict=True))
    parts.sort(key=lambda part: -abs(part[1]))
    start, end = one["score_of_nothing"], one["score"]
    shown = parts[:MOST_BARS]
    rest = end - start - sum(adds for _, adds in shown)
    steps = [*shown, (words("explained.rest"), rest)]
    levels = [start]
    for _, adds in steps:
        levels.append(levels[-1] + adds)
    low, high = min(levels), max(levels)
    scale = (high - low) or 1.0
    bars = [
        Bar(label=words("explained.nothing"), adds=number(start, signed=True), picture=_bar(start, start, low, scale))
    ]
    for (label, adds), before, after in zip(steps, levels, levels[1:], strict=False):
        bars.append(Bar(label=label, adds=number(adds, signed=True), picture=_bar(before, after, low, scale)))
    bars.append(Bar(label=words("explained.score"), adds=number(end, signed=True), picture=_bar(end, end, low, scale)))
    return bars


def _value(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _bar(before: float, after: float, low: float, scale: float) -> Markup:
    left, right = (2 + 96 * (min(before, after) - low) / scale, 2 + 96 * (max(before, after) - low) / scale)
    css = "at" if before == after else "for" if after > before else "not"
    return Markup(
        '<svg class="fall" aria-hidden="true"><rect class="{}" x="{:.2f}%" width="{:.2f}%" y="3" height="14"/></svg>'
    ).format(css, left, max(right - left, 0.5))
