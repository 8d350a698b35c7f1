"""The fields of a question, from the columns of a Release's study: what may be typed, in which unit and range."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from primum.model.inputs import VitalCode, VitalsInput
from primum.serve.engine import OpenedRelease
from primum.serve.engine.rows import attributes_of

PREFIX = "in."
"""Of the names of fields in the form, so that no column can be taken for something else."""
EXAMPLES: Mapping[str, float] = {"low": -1.0, "middle": 0.0, "high": 1.0}
"""Made-up examples by name: how many standard deviations from the mean of training each number lies."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One thing that may be given."""

    column: str
    kind: Literal["text", "number", "category"]
    unit: str = ""
    low: float | None = None
    """Smallest plausible value, in `unit`."""
    high: float | None = None
    levels: tuple[str, ...] = ()
    """Of a category: those that the model knows."""

    @property
    def name(self) -> str:
        """Its name in the form."""
        return PREFIX + self.column


def fields_of(release: OpenedRelease) -> list[Field]:
    """Return the fields of what the model reads, and of attributes that say which group a record belongs to."""
    codes = _codes(release)
    found = [Field(column=column, kind="text") for column in release.roles.inputs.text]
    for vital in release.roles.inputs.vitals:
        low, high = vital.range or (None, None)
        code = codes.get(vital.column)
        if vital.kind == "category":
            levels = () if code is None else code.levels
            found.append(Field(column=vital.column, kind="category", levels=levels))
        else:
            found.append(Field(column=vital.column, kind="number", unit=vital.unit or "", low=low, high=high))
    known = {one.column for one in found}
    for name, role in attributes_of(release.roles).items():
        if role.column not in known:
            found.append(_attribute(release, name, role.column, bins=role.bins is not None))
    return found


def example_of(release: OpenedRelease, example: str, *, says: str) -> dict[str, str]:
    """Return the values of a made-up example by field name: vitals, and a note that says the same.

    Args:
        release: whose training says what is usual.
        example: a name from EXAMPLES.
        says: how its note begins: that it is no patient.
    """
    away, codes, values = EXAMPLES[example], _codes(release), dict[str, str]()
    fields = fields_of(release)
    for field in fields:
        code = codes.get(field.column)
        if field.kind == "number" and code is not None:
            values[field.name] = _number(code.mean + away * code.scale, field)
        elif field.kind == "category" and field.levels:
            values[field.name] = field.levels[round((len(field.levels) - 1) * (away + 1) / 2)]
    given = [f"{one.column} {values[one.name]} {one.unit}".strip() for one in fields if one.name in values]
    for field in fields:
        if field.kind == "text":
            values[field.name] = f"{says} {', '.join(given)}."
    return values


def _codes(release: OpenedRelease) -> dict[str, VitalCode]:
    fitted = release.run.model.inputs.get("vitals")
    return {code.name: code for code in fitted.codes} if isinstance(fitted, VitalsInput) else {}


def _attribute(release: OpenedRelease, name: str, column: str, *, bins: bool) -> Field:
    if bins:
        return Field(column=column, kind="number")
    levels = sorted({one.slice[name] for one in release.alike if name in one.slice})
    return Field(column=column, kind="category", levels=tuple(levels))


def _number(value: float, field: Field) -> str:
    low = value if field.low is None else max(value, field.low)
    high = low if field.high is None else min(low, field.high)
    return f"{high:.1f}" if abs(high) < 10 else f"{high:.0f}"
