"""Places in the image of a Case as a person decides on them: what they must hold, and what is kept of them.

Of a model that marks places the whole list is kept, the marks that nobody touched too: a correction is then a label by
itself, and says of each mark whether it was kept, changed, rejected or added.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from primum.evidence.regions import Region
from primum.serve.security.faults import FieldFault

Stance = Literal["keep", "change", "reject", "add"]
"""keep: the model's mark is right; change: it is elsewhere or something else; reject: there is nothing; add: the model
marked nothing there."""
STANCES: tuple[Stance, ...] = get_args(Stance)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """One place that a person speaks of."""

    region: Region
    """Where it is and what is there; of a mark that is kept or rejected nothing is read of it."""
    stance: Stance = "add"
    mark: int | None = None
    """Number of the model's mark that it is about, from 0; None for one that is added."""


def placing_faults(
    placed: Sequence[Placed], found: Sequence[Mapping[str, Any]] | None, size: tuple[int, int]
) -> Iterator[FieldFault]:
    """Yield what is wrong with places.

    Args:
        placed: by a person.
        found: the model's marks; None of a model that marks none.
        size: height and width of the image in pixels.
    """
    named = Counter(one.mark for one in placed if one.mark is not None)
    for place, one in enumerate(placed):
        field = f"regions.{place}"
        if (one.stance == "add") != (one.mark is None):
            yield FieldFault(field=f"{field}.mark", message="names one of the model's marks, except of a place added.")
        elif one.mark is not None and not 0 <= one.mark < len(found or ()):
            yield FieldFault(field=f"{field}.mark", message="is no mark of this answer.")
        elif one.mark is not None and named[one.mark] > 1:
            yield FieldFault(field=f"{field}.mark", message="is named more than once.")
        if one.stance in ("add", "change"):
            yield from _region_faults(one.region, field, size)
    if found is not None and all(one.stance == "keep" for one in placed):
        yield FieldFault(
            field="regions", message="say which place is wrong, elsewhere or missing; accept them otherwise."
        )


def _region_faults(region: Region, field: str, size: tuple[int, int]) -> Iterator[FieldFault]:
    (height, width), (left, top, right, bottom) = size, region.box
    if not (0 <= left < right <= width and 0 <= top < bottom <= height):
        yield FieldFault(field=f"{field}.box", message=f"must lie within {width} x {height} pixels.")
    if not region.label.strip():
        yield FieldFault(field=f"{field}.label", message="says what is there.")


def kept_places(placed: Sequence[Placed], found: Sequence[Mapping[str, Any]] | None) -> list[dict[str, Any]]:
    """Return what is kept of places: label and box, and of a model that marks places every mark, with its stance."""
    if found is None:
        return [_plain(one.region) for one in placed]
    about = {one.mark: one for one in placed if one.mark is not None}
    whole: list[dict[str, Any]] = []
    for number, mark in enumerate(found):
        one = about.get(number)
        stance = "keep" if one is None else one.stance
        own = (
            {"label": mark["label"], "box": [*mark["box"]]} if one is None or stance != "change" else _plain(one.region)
        )
        whole.append({**own, "stance": stance, "mark": number})
    return whole + [{**_plain(one.region), "stance": "add", "mark": None} for one in placed if one.mark is None]


def counted(places: Sequence[Mapping[str, Any]]) -> str:
    """Return how many places of each label there are by a person's word, e.g. "RBC 12; WBC 1"; "0" for none."""
    counts = Counter(str(one["label"]) for one in places if one["stance"] != "reject")
    return "; ".join(f"{label} {n}" for label, n in sorted(counts.items())) or "0"


def _plain(region: Region) -> dict[str, Any]:
    return {"label": region.label.strip(), "box": [*region.box]}
