"""What is said of a Case to other systems: the few things that FHIR and CDS Hooks have a place for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from primum.i18n import translate
from primum.serve.answering import Answer

Why = Literal["absent", "unit", "unit_unchecked", "not_text", "no_value"]
"""No resource has it; another unit than the study's, which is not converted; the study states no unit, or the record
does not, and the value is used; a document that is no plain text; the newest resource holds no value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """One input that the resources did not give, or gave with a reservation."""

    column: str
    why: Why
    expected: str = ""
    """The study's unit, where `why` is about units."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is said of a Case, ready to be put into another system's words."""

    case: str
    """The Case's id."""
    release: str
    """SHA-256 of the Release's manifest."""
    study: str
    question: str
    at: datetime
    """When it was answered, with a time zone."""
    probabilities: Mapping[str, float]
    """Class -> calibrated probability in [0, 1]; empty where the model abstains from an answer or the target is a
    number."""
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Class -> interval of the true share of such patients who are in it; empty where there is none."""
    found: str = ""
    """Of a target of marked places: what was found, or that nothing was and what that does not mean."""
    value: float | None = None
    """Of a target that is a number."""
    value_range: tuple[float, float] | None = None
    sentences: Sequence[str] = ()
    """What a reader has to know first: the set, why it abstains, red flags, what it does not know."""
    urgent: bool = False
    """Whether a red flag or the answer itself asks for a person at once."""
    held: bool = False
    """Whether it waits for a reviewer, because the model abstains or has not seen the like."""


def told_of(answer: Answer, unread: Sequence[Unread] = ()) -> Told:
    """Return what is said of an answer, in the answer's language.

    Args:
        answer: guarded, stored.
        unread: inputs that a FHIR record did not give, or gave with a reservation.
    """
    interval = None
    if answer.set is not None and answer.set.low is not None and answer.set.high is not None:
        interval = (answer.set.low, answer.set.high)
    return Told(
        case=answer.case,
        release=answer.release,
        study=answer.study,
        question=answer.question,
        at=datetime.fromisoformat(answer.at.replace("Z", "+00:00")),
        probabilities={} if answer.abstained else {one.name: one.probability for one in answer.classes},
        intervals={} if answer.abstained else _intervals(answer),
        found="" if answer.marks is None else answer.marks.said,
        value=None if answer.abstained or answer.marks is not None else answer.number,
        value_range=None if answer.marks is not None else interval,
        sentences=tuple(_sentences(answer, unread)),
        urgent=answer.escalate,
        held=answer.held,
    )


def _intervals(answer: Answer) -> dict[str, tuple[float, float]]:
    return {one.name: (one.low, one.high) for one in answer.classes if one.low is not None and one.high is not None}


def _sentences(answer: Answer, unread: Sequence[Unread]) -> Iterator[str]:
    """Yield what has to be known before the answer is read, the gravest first."""

    def say(key: str, **values: object) -> str:
        return translate(f"told.{key}", answer.lang, **values)

    for rule in answer.rules:
        yield say("rule", says=rule.says, source=rule.source)
    if answer.abstained:
        yield answer.abstained_because
    if answer.novel:
        yield answer.novel_because
    if answer.set is not None and answer.set.members:
        yield say("set", names=say("comma").join(answer.set.members), promise=answer.set.promise)
    elif answer.set is not None and answer.marks is None:
        yield answer.set.promise
    if answer.intervals is not None and not answer.abstained:
        yield answer.intervals.promise
    for one in unread:
        yield say(f"unread.{one.why}", column=one.column, expected=one.expected)
    named = {one.column for one in unread}
    missing = [column for column in answer.unknown.missing if column not in named]
    if missing:
        yield say("missing", names=say("comma").join(missing))
    if answer.unknown.outside:
        yield say("outside", names=say("comma").join(answer.unknown.outside))
    if answer.unknown.not_for:
        yield say("not_for", uses=answer.unknown.not_for)
