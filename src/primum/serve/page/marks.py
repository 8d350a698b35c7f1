"""Places marked in a Case's image: those that are shown, and those that a form gives."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.datastructures import FormData

from primum.evidence.regions import Region
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


def marks_of(case: Case, *, hide_reviews: bool) -> list[Mark]:
    """Return the places that people marked when they decided; those of reviews may be hidden from a second reader."""
    return [
        Mark(label=one["label"], box=tuple(one["box"]), who="person", by=decision.by_name)
        for decision in case.decisions
        if not (hide_reviews and decision.review)
        for one in decision.regions
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
