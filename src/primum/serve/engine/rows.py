"""One question's inputs, read as the columns of a cohort are read, but without a table: fields in, values out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from primum.cohort.attributes import UNKNOWN, band_of
from primum.cohort.columns import MISSING_WORDS, canonical, is_missing, number
from primum.cohort.images import HeldImages
from primum.cohort.records import Records, TextList, VitalColumn
from primum.cohort.roles import Roles, SensitiveRole, VitalRole
from primum.errors import ColumnError, nearest
from primum.evidence.predictions import TextArray
from primum.evidence.slices import SITE
from primum.model.inputs.image import tokens_of
from primum.serve.engine.pictures import IMAGE, ByteArray
from primum.serve.security.faults import FieldFault, Refused, shown_name

Scalar = str | int | float | bool | None
_LONGEST_WORD = max(map(len, MISSING_WORDS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What a model may see of one record, and the attributes that came with it."""

    text: str | None
    vitals: Mapping[str, float | str | None]
    """Numbers with NaN where missing, categories with None."""
    levels: Mapping[str, str]
    """Of the attributes, and of the hospital ("site"), that were given."""
    missing: tuple[str, ...]
    """Input columns of which nothing is known."""
    square: ByteArray | None = None
    """Of its image what the model sees; None without one."""
    shape: tuple[int, int] | None = None
    """Height and width of the image as it was sent; None without one."""

    @property
    def tokens(self) -> int:
        """About what it costs, in tokens of text."""
        picture = 0 if self.square is None else tokens_of(self.square.shape[0])
        return 16 + len(self.text or "") // 4 + picture


def read_row(
    inputs: Mapping[str, Scalar],
    roles: Roles,
    square: ByteArray | None = None,
    *,
    shape: tuple[int, int] | None = None,
) -> Row:
    """Return one question's inputs.

    Args:
        inputs: value by column: input columns, sensitive attributes, hospital.
        roles: of the study's columns, vitals with the kinds that the model knows.
        square: of the image that came with it what the model sees.
        shape: height and width of that image as it was sent.
    Raises:
        Refused: a field that the study does not know, or that holds something else than a number where one belongs;
            all faults at once, and never what the fields hold.
    """
    attributes = attributes_of(roles)
    known = {*roles.inputs.columns(), *(role.column for role in attributes.values())}
    faults = [
        FieldFault(
            field=f"inputs.{shown_name(name, known)}", message=f"is no column of the study{nearest(name, known)}."
        )
        for name in inputs
        if name not in known
    ]
    image = roles.inputs.image
    if image is not None and inputs.get(image.column) is not None:
        faults.append(FieldFault(field=f"inputs.{image.column}", message=f"is an image: send it as `{IMAGE}`."))
    if image is None and square is not None:
        faults.append(FieldFault(field=IMAGE, message="is given, and this model reads no images."))
    texts = [_text(inputs.get(column), column, faults) for column in roles.inputs.text]
    vitals = {role.column: _vital(role, inputs.get(role.column), faults) for role in roles.inputs.vitals}
    levels = {
        name: _level(role, inputs[role.column], faults) for name, role in attributes.items() if role.column in inputs
    }
    if faults:
        named = ", ".join(one.field for one in faults[:5])
        raise Refused("invalid", f"The inputs are not as the study's columns: {named}.", errors=faults[:50])
    row = Row(
        text="\n\n".join(text for text in texts if text is not None) if any(t is not None for t in texts) else None,
        vitals=vitals,
        levels=levels,
        missing=(*_missing(roles, texts, vitals), *([image.column] if image is not None and square is None else [])),
        square=square,
        shape=shape,
    )
    if len(row.missing) == len(roles.inputs.columns()):
        raise Refused("invalid", "Nothing is given of what the model reads; fill in at least one input.")
    return row


def attributes_of(roles: Roles) -> dict[str, SensitiveRole]:
    """Return the sensitive attributes, and the hospital as "site", by name."""
    found = {role.column: role for role in roles.sensitive}
    if roles.site is not None:
        found.setdefault(SITE, SensitiveRole(column=roles.site))
    return found


def records_of(rows: Sequence[Row], roles: Roles, texts: Sequence[str | None]) -> Records:
    """Return rows as records.

    Args:
        rows: what was read.
        roles: of the study's columns.
        texts: of the rows, without identifiers where the study says so.
    """
    vitals = {}
    for role in roles.inputs.vitals:
        values = [row.vitals[role.column] for row in rows]
        kind = role.kind or "number"
        column = np.array(values, dtype=np.float64 if kind == "number" else object)
        vitals[role.column] = VitalColumn(name=role.column, kind=kind, values=column, unit=role.unit, range=role.range)
    pictures = roles.inputs.image
    return Records(
        n=len(rows),
        text=TextList(texts) if roles.inputs.text else None,
        vitals=vitals,
        image=None if pictures is None else HeldImages([row.square for row in rows], pictures.size),
    )


@dataclass(frozen=True, slots=True)
class RowLevels:
    """The attributes of rows that all came with the same ones."""

    rows: Sequence[Row]

    def of(self, attribute: str) -> TextArray:
        """Return each row's level of an attribute.

        Raises:
            ColumnError: the rows lack it.
        """
        if attribute not in self.rows[0].levels:
            raise ColumnError(f"inputs: the model decides by {attribute}; give it.")
        return np.array([row.levels[attribute] for row in self.rows], dtype=object)

    def known(self) -> dict[str, TextArray]:
        """Return the levels of those attributes that the rows have."""
        return {name: self.of(name) for name in self.rows[0].levels}


def _spelt(value: Scalar) -> str | None:
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return None if value is None else str(value)


def _text(value: Scalar, column: str, faults: list[FieldFault]) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        faults.append(FieldFault(field=f"inputs.{column}", message="must be text."))
        return None
    text = value.strip()
    return None if len(text) <= _LONGEST_WORD and text.lower() in MISSING_WORDS else text


def _vital(role: VitalRole, value: Scalar, faults: list[FieldFault]) -> float | str | None:
    spelt = _spelt(value)
    missing = spelt is None or is_missing(spelt, role.missing)
    if role.kind == "category":
        return None if missing else canonical(spelt or "")
    if missing:
        return math.nan
    found = number(spelt or "")
    if math.isnan(found):
        unit = f" ({role.unit})" if role.unit else ""
        faults.append(FieldFault(field=f"inputs.{role.column}", message=f"must be a number{unit}."))
    return found


def _level(role: SensitiveRole, value: Scalar, faults: list[FieldFault]) -> str:
    spelt = _spelt(value)
    if spelt is None or is_missing(spelt):
        return UNKNOWN
    if role.bins is None:
        return spelt
    found = number(spelt)
    if math.isnan(found):
        faults.append(FieldFault(field=f"inputs.{role.column}", message="must be a number."))
    return band_of(found, role.bins) or UNKNOWN


def _missing(roles: Roles, texts: Sequence[str | None], vitals: Mapping[str, float | str | None]) -> tuple[str, ...]:
    lacking = [column for column, text in zip(roles.inputs.text, texts, strict=True) if text is None]
    lacking += [name for name, value in vitals.items() if value is None or value != value]
    return tuple(lacking)
