"""The places that a model marked in a Case's image: as they are drawn and listed, and what a form says of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from starlette.datastructures import FormData

from primum.evidence.marks import mask_of
from primum.evidence.regions import Region
from primum.serve.cases import Case
from primum.serve.page.outlines import outline
from primum.serve.placing import Placed
from primum.serve.security.bodies import check_words
from primum.serve.security.faults import FieldFault, Refused

BOX, LABEL, REJECT = "mark.box", "mark.label", "mark.reject"
"""Fields of the form: the first two once a mark, the third the number of each that is rejected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One of the model's marks as it is drawn and listed."""

    number: int
    """From 0, as in the answer."""
    label: str
    score: float
    box: tuple[float, float, float, float]
    """Left, top, right, bottom in pixels of the image."""
    ends: str
    """The box as it stands in the form, e.g. "59, 310, 266, 480"."""
    outline: str
    """Path of its mask's outline; empty of a box."""
    stance: str
    """What the last person who corrected holds of it: keep, change or reject; empty for nothing said."""


def found_of(case: Case, *, hide_reviews: bool) -> list[Found]:
    """Return the model's marks in a Case; what a review said of them may be hidden from a second reader."""
    marks = (case.answer or {}).get("marks")
    if marks is None:
        return []
    stances: dict[int, str] = {}
    for decision in case.decisions:
        if not (hide_reviews and decision.review):
            stances |= {one["mark"]: one["stance"] for one in decision.regions if one.get("mark") is not None}
    return [
        Found(
            number=number,
            label=one["label"],
            score=float(one["score"]),
            box=tuple(one["box"]),
            ends=ends_of(one["box"]),
            outline=_outline(one["mask"], (marks["height"], marks["width"])),
            stance=stances.get(number, ""),
        )
        for number, one in enumerate(marks["places"])
    ]


def ends_of(box: Sequence[float]) -> str:
    """Return a box as words, in whole pixels."""
    return ", ".join(f"{end:.0f}" for end in box)


def _outline(runs: Sequence[int] | None, shape: tuple[int, int]) -> str:
    return "" if runs is None else outline(mask_of(np.array(runs, np.int64), shape))


def said_of_marks(form: FormData) -> dict[str, list[str]]:
    """Return what a form says of the model's marks, as it was typed."""
    said = {name: [str(one) for one in form.getlist(name)] for name in (BOX, LABEL, REJECT)}
    for values in said.values():
        check_words(*values)
    return said


def placed_of(said: Mapping[str, Sequence[str]], places: Sequence[Mapping[str, Any]] | None) -> list[Placed]:
    """Return what a form says of those marks that are not as the model has them.

    Args:
        said: as typed.
        places: the model's marks; None of a model that marks none.
    Raises:
        Refused: the form is not of this Case, or a place is no four numbers.
    """
    if not any(said.values()):
        return []
    boxes, labels, rejected = said[BOX], said[LABEL], set(said[REJECT])
    n = len(places or ())
    if not len(boxes) == len(labels) == n or not rejected <= {str(number) for number in range(n)}:
        raise Refused("invalid", "The request is not as expected: mark.")
    found = []
    for number, (mark, typed, label) in enumerate(zip(places or (), boxes, labels, strict=True)):
        region = Region(label=mark["label"], box=tuple(mark["box"]))
        if str(number) in rejected:
            found.append(Placed(region=region, stance="reject", mark=number))
        elif typed.strip() != ends_of(mark["box"]) or label != mark["label"]:
            box = region.box if typed.strip() == ends_of(mark["box"]) else _box(typed, number)
            found.append(Placed(region=Region(label=label[:200], box=box), stance="change", mark=number))
    return found


def _box(typed: str, number: int) -> tuple[float, float, float, float]:
    try:
        ends = [float(one) for one in typed.replace("，", ",").split(",")]
    except ValueError:
        ends = []
    if len(ends) != 4 or not all(map(math.isfinite, ends)):
        fault = FieldFault(field=f"{BOX}.{number}", message="is a label and four numbers.")
        raise Refused("invalid", "A marked place is a label and four numbers.", errors=[fault], key="place")
    left, top, right, bottom = ends
    return left, top, right, bottom
