"""What fields a study's records have for clinical rules, and what is wrong with a study's own rules beside them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from primum.cohort.roles import Roles, TargetKind
from primum.errors import InputError, nearest
from primum.knowledge.rules.conditions import Answer, Bound, Field, Number, OneOf, Probability, Says, leaves
from primum.knowledge.rules.rule import ClinicalRule

FieldKind = Literal["number", "category", "either"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """What rules can ask about the records and answers of a study."""

    fields: Mapping[str, FieldKind]
    """Vitals, sensitive attributes and hospital by column; either: a category whose levels may spell numbers."""
    units: Mapping[str, str | None]
    """The unit that the study states of a field."""
    text: bool
    """Whether the records have a text."""
    target: TargetKind
    classes: tuple[str, ...]
    """Of the target; empty for a number."""


def schema_of(roles: Roles, classes: tuple[str, ...]) -> Schema:
    """Return the schema of a study's roles, whose vitals have their kinds."""
    fields: dict[str, FieldKind] = {}
    units: dict[str, str | None] = {}
    for vital in roles.inputs.vitals:
        fields[vital.column] = vital.kind or "either"
        units[vital.column] = vital.unit
    for one in roles.sensitive:
        fields.setdefault(one.column, "either" if one.bins is None else "number")
    if roles.site is not None:
        fields.setdefault(roles.site, "category")
    return Schema(
        fields=fields,
        units={name: units.get(name) for name in fields},
        text=bool(roles.inputs.text),
        target=roles.target.kind,
        classes=classes,
    )


def check_own_rules(rules: Iterable[ClinicalRule], schema: Schema) -> None:
    """Check that a study's own rules ask of fields and classes that are there.

    Raises:
        InputError: some do not; all are named in one message, each with the nearest that exists.
    """
    faults = [
        f"{rule.pack}, rule {rule.id!r}: {fault}"
        for rule in rules
        if rule.own
        for fault in dict.fromkeys(_faults(rule, schema))
    ]
    if faults:
        raise InputError("; ".join(faults) + ".")


def _faults(rule: ClinicalRule, schema: Schema) -> Iterator[str]:
    for leaf in leaves(rule.condition):
        if isinstance(leaf, Number | OneOf):
            yield from _of_field(leaf.field, schema, compared=isinstance(leaf, Number))
        if isinstance(leaf, Number | Answer | Probability):
            for bound in leaf.bounds:
                yield from _of_bound(bound, schema)
        if isinstance(leaf, Says) and not schema.text:
            yield "asks what the text says, but the study has no text input"
        if isinstance(leaf, Answer):
            yield from _of_answer(leaf, schema)
        if isinstance(leaf, Probability):
            if schema.target == "number":
                yield "asks for a probability, which a target of type number has not"
            elif leaf.class_ is not None and leaf.class_ not in schema.classes:
                yield _no_class(leaf.class_, schema)


def _of_bound(bound: Bound, schema: Schema) -> Iterator[str]:
    if isinstance(bound.value, Field):
        yield from _of_field(bound.value, schema, compared=True)


def _of_field(field: Field, schema: Schema, *, compared: bool) -> Iterator[str]:
    kind = schema.fields.get(field.name)
    if kind is None:
        have = ", ".join(schema.fields) or "none"
        yield (
            f"field {field.name!r} is no vital, sensitive attribute or hospital of the study"
            f"{nearest(field.name, schema.fields)}; it has {have}"
        )
    elif compared and kind == "category":
        yield f"field {field.name!r} is a category and cannot be compared with a number; use `is: [...]`"


def _of_answer(leaf: Answer, schema: Schema) -> Iterator[str]:
    if schema.target == "number" and not leaf.bounds:
        yield "asks for a class, but the target is a number; compare it, e.g. answer: {above: 3}"
    elif schema.target != "number" and leaf.bounds:
        yield f"compares the answer with a number, but it is one of {', '.join(schema.classes)}"
    else:
        yield from (_no_class(name, schema) for name in leaf.classes if name not in schema.classes)


def _no_class(name: str, schema: Schema) -> str:
    shown = ", ".join(schema.classes[:20]) + (", ..." if len(schema.classes) > 20 else "")
    return f"{name!r} is no class of the target{nearest(name, schema.classes)}; it has {shown}"
