"""What a clinical rule asks of a record and an answer: a small tree of plain values, and where it holds.

Conditions come from `reading`, which checks what a file says; nothing here evaluates text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from primum.knowledge.rules.truth import Truth, all_of, any_of

FloatArray = npt.NDArray[np.float64]
Comparison = Literal["above", "at_least", "below", "at_most", "equals"]
COMPARISONS: tuple[Comparison, ...] = ("above", "at_least", "below", "at_most", "equals")


@dataclass(frozen=True, slots=True)
class Field:
    """A field whose value stands in place of a number."""

    name: str


@dataclass(frozen=True, slots=True)
class Bound:
    """One comparison of a number."""

    comparison: Comparison
    value: float | Field


@dataclass(frozen=True, slots=True)
class Every:
    """All parts hold."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """At least one part holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Opposite:
    """The part does not hold."""

    part: Condition


@dataclass(frozen=True, slots=True)
class Number:
    """A number of the record lies within all bounds."""

    field: Field
    bounds: tuple[Bound, ...]


@dataclass(frozen=True, slots=True)
class OneOf:
    """A field of the record has one of these values, whatever their case."""

    field: Field
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Says:
    """The text says one of these words and does not deny it."""

    words: tuple[str, ...]
    past: bool = False
    """Whether what is told of the past or of a risk counts as well, as for an allergy."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is decided: one of these classes, a class whose name has one of these words, or a number within bounds."""

    classes: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    bounds: tuple[Bound, ...] = ()


@dataclass(frozen=True, slots=True)
class Probability:
    """The probability of a class, or of what is decided (no class), lies within all bounds."""

    class_: str | None
    bounds: tuple[Bound, ...]


Condition: TypeAlias = Every | Some | Opposite | Number | OneOf | Says | Answer | Probability


class Facts(Protocol):
    """What conditions ask."""

    def number(self, name: str) -> tuple[FloatArray, FloatArray] | None:
        """Return the least and the greatest that a field can be, NaN where not known; None without such a field."""

    def category(self, name: str, values: tuple[str, ...]) -> Truth | None:
        """Return where a field has one of these values; None without such a field."""

    def says(self, said: Says) -> Truth | None:
        """Return where the text says one of the words; None without a text."""

    def answer(self, asked: Answer) -> Truth | None:
        """Return where a class is decided; None where the answers have no such class."""

    def probability(self, class_: str | None) -> FloatArray | None:
        """Return a class's probability, NaN where not known; None without one."""

    def decided_number(self) -> FloatArray | None:
        """Return the answer of a model of numbers; None for others."""

    def __len__(self) -> int:
        """Return the number of records."""


def holds(condition: Condition, facts: Facts) -> Truth:
    """Return where a condition holds, does not hold, or is not known, for each record."""
    if isinstance(condition, Every):
        return all_of(holds(part, facts) for part in condition.parts)
    if isinstance(condition, Some):
        return any_of(holds(part, facts) for part in condition.parts)
    if isinstance(condition, Opposite):
        return holds(condition.part, facts).opposite()
    found = _leaf(condition, facts)
    return Truth.unknown(len(facts)) if found is None else found


def _leaf(condition: Number | OneOf | Says | Answer | Probability, facts: Facts) -> Truth | None:
    if isinstance(condition, OneOf):
        return facts.category(condition.field.name, condition.values)
    if isinstance(condition, Says):
        return facts.says(condition)
    if isinstance(condition, Number):
        own = facts.number(condition.field.name)
    elif isinstance(condition, Answer) and not condition.bounds:
        return facts.answer(condition)
    else:
        figure = facts.decided_number() if isinstance(condition, Answer) else facts.probability(condition.class_)
        own = None if figure is None else (figure, figure)
    return None if own is None else within(own, condition.bounds, facts.number)


def within(
    own: tuple[FloatArray, FloatArray],
    bounds: tuple[Bound, ...],
    number: Callable[[str], tuple[FloatArray, FloatArray] | None],
) -> Truth:
    """Return where a number that lies between two ends keeps all bounds: yes only if every such number does."""
    parts = []
    for bound in bounds:
        if isinstance(bound.value, Field):
            other = number(bound.value.name)
            parts.append(Truth.unknown(len(own[0])) if other is None else _compared(own, bound.comparison, other))
        else:
            value = np.full(len(own[0]), bound.value)
            parts.append(_compared(own, bound.comparison, (value, value)))
    return all_of(parts)


def _compared(a: tuple[FloatArray, FloatArray], how: Comparison, b: tuple[FloatArray, FloatArray]) -> Truth:
    (low, high), (least, most) = a, b
    if how == "above":
        return Truth(low > most, high <= least)
    if how == "at_least":
        return Truth(low >= most, high < least)
    if how == "below":
        return Truth(high < least, low >= most)
    if how == "at_most":
        return Truth(high <= least, low > most)
    one = (low == high) & (least == most)
    return Truth(one & (low == least), (high < least) | (low > most))


def leaves(condition: Condition) -> Iterator[Number | OneOf | Says | Answer | Probability]:
    """Yield what a condition is made of."""
    if isinstance(condition, Every | Some):
        for part in condition.parts:
            yield from leaves(part)
    elif isinstance(condition, Opposite):
        yield from leaves(condition.part)
    else:
        yield condition


def can_hold(condition: Condition, asked: Callable[[Condition], bool], *, otherwise: bool = False) -> bool:
    """Return whether a condition can hold of any record, where leaves that cannot be asked are never known.

    Args:
        condition: the condition.
        asked: whether a leaf can be asked.
        otherwise: whether the question is if it can be known not to hold.
    """
    if isinstance(condition, Opposite):
        return can_hold(condition.part, asked, otherwise=not otherwise)
    if isinstance(condition, Every | Some):
        parts = [can_hold(part, asked, otherwise=otherwise) for part in condition.parts]
        return all(parts) if isinstance(condition, Every) != otherwise else any(parts)
    return asked(condition)


def as_asked(condition: Condition, asked: Callable[[Condition], bool], *, otherwise: bool = False) -> Condition:
    """Return a condition that can hold without those alternatives that cannot: what is left can also be known not to.

    Args:
        condition: the condition; `can_hold` is true of it.
        asked: whether a leaf can be asked.
        otherwise: as in `can_hold`.
    """
    if isinstance(condition, Opposite):
        return Opposite(as_asked(condition.part, asked, otherwise=not otherwise))
    if not isinstance(condition, Every | Some):
        return condition
    parts = condition.parts
    if isinstance(condition, Some) != otherwise:
        parts = tuple(part for part in parts if can_hold(part, asked, otherwise=otherwise))
    return type(condition)(tuple(as_asked(part, asked, otherwise=otherwise) for part in parts))
