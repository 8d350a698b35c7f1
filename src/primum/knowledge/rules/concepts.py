"""The fields that built-in rules speak of, found among a study's columns by their names and units, or not at all.

A column is taken for a concept only where its whole name says so and its unit is certain: stated by the study, part of
the name, or one that nobody states otherwise. What is not certain is not asked.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from primum.knowledge.rules.reading_conditions import plain_value
from primum.knowledge.rules.schema import Schema

_MARKS = re.compile(r"[^0-9a-z\u4e00-\u9fff]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """Where a concept is among a study's columns."""

    column: str
    factor: float = 1.0
    shift: float = 0.0
    """A number of the column times the factor plus the shift is in the concept's unit."""
    values: Mapping[str, str] | None = None
    """Spelling of a category -> the concept's value."""


@cache
def concepts() -> Mapping[str, Mapping[str, Any]]:
    """Return every concept by name: unit and units of a number, or values of a category, and its columns' names."""
    text = (files("primum.knowledge.rules") / "concepts.yaml").read_text(encoding="utf-8")
    loaded: dict[str, dict[str, Any]] = yaml.safe_load(text)
    return loaded


def locate(schema: Schema) -> Mapping[str, Located]:
    """Return where each concept is among a study's columns; one that is not there, or not certainly, is left out."""
    found: dict[str, Located] = {}
    for name, concept in concepts().items():
        for column, kind in schema.fields.items():
            there = _located(column, kind, schema.units[column], concept)
            if there is not None:
                found.setdefault(name, there)
    return found


def _located(column: str, kind: str, stated: str | None, concept: Mapping[str, Any]) -> Located | None:
    plain = plain_name(column)
    if "values" in concept:
        named = plain in concept["names"] and kind != "number"
        return Located(column=column, values=_spellings(concept["values"])) if named else None
    if kind == "category":
        return None
    unit = plain_unit(stated)
    if plain not in concept["names"]:
        base, said = _with_unit(plain, concept)
        if base is None or (unit and unit != said):
            return None
        unit = said
    if not unit:
        unit = plain_unit(concept.get("unstated"))
    way = {plain_unit(name): way for name, way in concept["units"].items()}.get(unit) if unit else None
    return None if way is None else Located(column=column, factor=float(way[0]), shift=float(way[1]))


def _with_unit(plain: str, concept: Mapping[str, Any]) -> tuple[str | None, str]:
    """Return name and unit of a column such as temp_c or glucose_mmol_l."""
    for unit in concept["units"]:
        ending = plain_name(unit)
        if ending and plain.endswith(f"_{ending}") and plain[: -len(ending) - 1] in concept["names"]:
            return plain[: -len(ending) - 1], plain_unit(unit)
    return None, ""


def plain_name(column: str) -> str:
    """Return a column's name in lower case with single underscores between its parts."""
    return _MARKS.sub("_", column.casefold()).strip("_")


def plain_unit(unit: str | None) -> str:
    """Return a unit without case and blanks; degrees, micro and "per minute" in one spelling."""
    plain = re.sub(r"\s", "", (unit or "").casefold()).replace("º", "°").replace("μ", "µ")
    return {"1/min": "/min", "min-1": "/min", "permin": "/min"}.get(plain, plain)


def _spellings(values: Mapping[str, Any]) -> Mapping[str, str]:
    return {plain_value(one): name for name, spelt in values.items() for one in (name, *spelt)}
