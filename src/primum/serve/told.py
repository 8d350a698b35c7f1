"""What is said of a Case to other systems: the few things that FHIR and CDS Hooks have a place for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime


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
    value: float | None = None
    """Of a target that is a number."""
    value_range: tuple[float, float] | None = None
    sentences: Sequence[str] = ()
    """What a reader has to know first: the set, why it abstains, red flags, what it does not know."""
    urgent: bool = False
    """Whether a red flag or the answer itself asks for a person at once."""
    held: bool = False
    """Whether it waits for a reviewer, because the model abstains or has not seen the like."""
