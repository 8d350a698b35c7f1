"""A Case and what people decided on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

State = Literal["open", "waiting", "disputed", "closed"]
"""open: nobody decided; waiting: held, and one more person has to decide; disputed: two readers decided otherwise, and
a third has to; closed: decided."""
Verb = Literal["accept", "correct", "refuse"]
VERBS: tuple[Verb, ...] = get_args(Verb)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What one person decided on a Case."""

    at: float
    """Seconds since 1970, UTC."""
    by: str
    """Account."""
    by_name: str
    role: str
    review: bool
    """Whether it was given as a review, and not by the one who asked."""
    decision: Verb
    answer: str | None
    """What the person holds to be right, where it was corrected."""
    reason: str
    ledger: int
    regions: tuple[Mapping[str, Any], ...] = ()
    """Places that the person marked in the picture: label, and box as left, top, right, bottom in pixels of the picture
    as it was sent; right and bottom are outside. Where the model marked places, all of them, each with the person's
    stance (keep, change, reject, add) and the number of the model's mark, None for one added."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseHead:
    """What is known of a Case without opening it: no word of a patient."""

    id: str
    at: float
    release: str
    study: str
    owner: str
    owner_name: str
    state: State
    held: bool
    urgency: int
    because: tuple[str, ...]
    """Why it is held."""
    input_sha256: str
    answer_sha256: str
    ledger: int
    assigned: str
    """Account of the reviewer who took it on; empty for nobody."""
    assigned_name: str
    erased: bool
    """Whether its content was erased."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A Case, opened."""

    head: CaseHead
    inputs: dict[str, Any] | None
    """None where its content was erased."""
    answer: dict[str, Any] | None
    patient: str | None
    """Id that came with the question; None where none did."""
    decisions: tuple[Decision, ...]
    images: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Height and width in pixels of the images that came with the question, by name."""


def state_after(held: bool, decisions: Sequence[Decision], *, readers: int) -> State:
    """Return how a Case stands.

    A Case that is not held is closed by the first decision. A held one is closed by reviews: by one, or by two that
    agree where two readers are asked for; where these differ, by a third.

    Args:
        held: whether it is.
        decisions: in order.
        readers: reviews that a held Case needs, 1 or 2.
    """
    if not decisions:
        return "open"
    if not held:
        return "closed"
    reviews = [one for one in decisions if one.review]
    if len(reviews) < readers:
        return "waiting"
    said = {(one.decision, one.answer) for one in reviews[:readers]}
    return "closed" if len(said) == 1 or len(reviews) > readers else "disputed"
