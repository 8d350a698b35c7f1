"""Places marked in a Case's image: those that are shown, and those that a form gives."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.datastructures import FormData

from primum.evidence.regions import Region
from primum.serve.answering import Explanation
from primum.serve.cases import Case
from primum.serve.security.bodies import check_words
from primum.serve.security.faults import FieldFault, Refused

_ENDS = ("left", "top", "right", "bottom")
_MOST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One place as it is drawn."""

    label: str
    box: tuple[float, float, float, float]
    """Left, top, right, bottom in pixels of the image."""
    who: str
    """person: marked by one; the class by which it is drawn."""
    by: str
    """Name of who marked it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A part of the image as its reason colours it."""

    x: float
    y: float
    width: float
    height: float
    """Of its part inside the image, in pixels."""
    share: float
    """What it adds, -1 to 1: of the strongest."""


def cells_of(told: Explanation | None, size: tuple[int, int]) -> list[Cell]:
    """Return the cells of a reason over an image, which stands at its proportions in the middle of the model's square.

    Args:
        told: the reason; None, and one that says nothing of the image, has no cells.
        size: height and width of the image in pixels.
    """
    if told is None or not told.cells:
        return []
    height, width = size
    side = max(size) / told.grid
    left, top = (max(size) - width) / 2, (max(size) - height) / 2
    strongest = max(abs(float(one["adds"])) for one in told.cells) or 1.0
    found = []
    for one in told.cells:
        x, y = one["column"] * side - left, one["row"] * side - top
        across = min(x + side, width) - max(x, 0.0)
        down = min(y + side, height) - max(y, 0.0)
        if across > 0 and down > 0:
            share = float(one["adds"]) / strongest
            found.append(Cell(x=max(x, 0.0), y=max(y, 0.0), width=across, height=down, share=share))
    return found


def marks_of(case: Case, *, hide_reviews: bool) -> list[Mark]:
    """Return the places that people marked when they decided; those of reviews may be hidden from a second reader."""
    return [
        Mark(label=one["label"], box=tuple(one["box"]), who="person", by=decision.by_name)
        for decision in case.decisions
        if not (hide_reviews and decision.review)
        for one in decision.regions
        if one.get("stance", "add") in ("add", "change")  # those kept or rejected are drawn as the model's
    ]


def places_in(form: FormData) -> list[dict[str, str]]:
    """Return the rows of a form that say something, as they were typed.

    Raises:
        Refused: there are too many, or one is no text.
    """
    columns = {name: [str(one) for one in form.getlist(f"place.{name}")] for name in ("label", *_ENDS)}
    if len({len(values) for values in columns.values()}) != 1 or len(columns["label"]) > _MOST:
        raise Refused("invalid", "The request is not as expected: place.")
    for values in columns.values():
        check_words(*values)
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    return [row for row in rows if any(value.strip() for value in row.values())]


def regions_of(rows: Sequence[Mapping[str, str]]) -> list[Region]:
    """Return typed rows as regions.

    Raises:
        Refused: one has no label, an end that is no number, or is too long.
    """
    found = []
    for place, row in enumerate(rows):
        ends = [_number(row[name]) for name in _ENDS]
        if not 0 < len(row["label"].strip()) <= 200 or any(math.isnan(end) for end in ends):
            fault = FieldFault(field=f"regions.{place}", message="is a label and four numbers.")
            raise Refused("invalid", "A marked place is a label and four numbers.", errors=[fault], key="place")
        left, top, right, bottom = ends
        found.append(Region(label=row["label"].strip(), box=(left, top, right, bottom)))
    return found


def _number(typed: str) -> float:
    try:
        found = float(typed)
    except ValueError:
        return math.nan
    return found if math.isfinite(found) else math.nan
