"""What the record tells of a card: that it was taken up or overruled, and why.

Source: HL7 CDS Hooks 2.0, section Feedback.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from primum.errors import InputError

_MOST = 100
"""Cards that one message may be about."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feedback:
    """What came of one card."""

    case: str
    """The card's uuid: the Case."""
    decision: Literal["accept", "refuse"]
    """accepted, or overridden."""
    reason: str
    """Code of the reason, and the clinician's own words after a colon; empty where none was given."""
    at: datetime


def read_feedback(body: Mapping[str, Any]) -> list[Feedback]:
    """Return what a message to POST /cds-services/{id}/feedback says.

    Raises:
        InputError: it has another shape; nothing of it is repeated.
    """
    listed = body.get("feedback")
    if not isinstance(listed, list) or not 0 < len(listed) <= _MOST:
        raise InputError(f"CDS Hooks: feedback: expected a list of 1 to {_MOST}.")
    return [_one(one, number) for number, one in enumerate(listed)]


def _one(one: object, number: int) -> Feedback:
    place = f"CDS Hooks: feedback.{number}"
    if not isinstance(one, Mapping):
        raise InputError(f"{place}: expected an object.")
    card, outcome = one.get("card"), one.get("outcome")
    if not isinstance(card, str) or not card:
        raise InputError(f"{place}.card: expected the uuid of a card.")
    if outcome not in ("accepted", "overridden"):
        raise InputError(f"{place}.outcome: expected accepted or overridden.")
    return Feedback(
        case=card,
        decision="accept" if outcome == "accepted" else "refuse",
        reason=_reason(one.get("overrideReason"), place) if outcome == "overridden" else "",
        at=_moment(one.get("outcomeTimestamp"), place),
    )


def _reason(given: object, place: str) -> str:
    if given is None:
        return ""
    if not isinstance(given, Mapping):
        raise InputError(f"{place}.overrideReason: expected an object.")
    code, words = (given.get("reason") or {}), given.get("userComment") or ""
    if not isinstance(code, Mapping) or not isinstance(words, str):
        raise InputError(f"{place}.overrideReason: expected reason and userComment.")
    return ": ".join(part for part in (str(code.get("code") or ""), words.strip()) if part)[:2000]


def _moment(given: object, place: str) -> datetime:
    try:
        moment = datetime.fromisoformat(str(given).replace("Z", "+00:00"))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise InputError(f"{place}.outcomeTimestamp: expected a moment with its time zone, ISO 8601.") from None
    return moment
