"""The Answer as it is shown: plain values only, so that its JSON is the object itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

HeldBecause = Literal["escalate", "contradiction", "abstained", "novel", "disagreement"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassAnswer:
    """What is said of one class or label."""

    name: str
    probability: float
    """Calibrated, in [0, 1]."""
    low: float | None
    """Of the interval that holds the true share of such patients who are in the class; see `Answer.intervals`."""
    high: float | None
    decided: bool
    in_set: bool | None
    """Whether the conformal set holds it; None where the model has no sets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAnswer:
    """The conformal set, or interval of a number, and what it promises."""

    members: tuple[str, ...]
    """Classes in it; empty for a number."""
    low: float | None
    """Of a number's interval, in its own unit."""
    high: float | None
    coverage: float
    """Share of records whose truth is to be held."""
    promise: str
    """The same in words, in the language asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalsSaid:
    """What the intervals of the probabilities promise, and what they rest on."""

    level: float
    """Confidence with which all of one answer hold together."""
    patients: int | None
    """Calibration patients; None for fewer than five."""
    enough: bool
    """False where they are too few to tell: then no class has an interval."""
    promise: str
    """The same in words, in the language asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Became:
    """What became of similar patients."""

    name: str | None
    """The class or label; None for a number."""
    value: float
    """Share of the patients, or the mean of their numbers."""
    low: float
    """Of the 95 % interval."""
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Similar:
    """How it went with the training patients most like this one, told of many together."""

    patients: int
    """How many; never fewer than ten."""
    outcomes: tuple[Became, ...]
    far: bool
    """Nobody in training was like this patient: then the outcomes are of others."""
    nearer: float
    """Share of usual patients who are nearer to their most similar ones; 0.05 to 0.95."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSaid:
    """One clinical rule that speaks of the record."""

    id: str
    says: str
    """In the language asked for."""
    then: str
    """escalate, contradiction, impossible or warn."""
    severity: str
    """high, medium or low."""
    source: str
    """The publication it comes from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """What the model does not know here."""

    missing: tuple[str, ...]
    """Input columns of which nothing was given."""
    outside: tuple[str, ...]
    """Vitals outside the range that training saw."""
    not_for: str
    """What the model is not for, as its card says."""
    population: str
    """Whom it was made for, as its card says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """How right the model was about the test patients of a group that this record belongs to."""

    group: dict[str, str]
    metric: str
    value: float
    low: float | None
    high: float | None
    n: int
    """Test patients of the group."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkAnswer:
    """One place that the model marks in the image."""

    label: str
    score: float
    """The model's confidence in [0, 1]."""
    box: tuple[float, float, float, float]
    """Left, top, right, bottom in pixels of the image as it was sent; right and bottom are outside."""
    mask: tuple[int, ...] | None
    """Of a model of masks: how many pixels outside, inside, outside, ... in turn, column by column, as COCO writes
    uncompressed run lengths; None of a model of boxes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarksAnswer:
    """What a model that marks places says of an image."""

    kind: Literal["boxes", "masks"]
    labels: tuple[str, ...]
    """What it looks for."""
    threshold: float
    """Score from which a place is given; fainter ones are left out."""
    height: int
    """Of the image as it was sent, in pixels."""
    width: int
    places: tuple[MarkAnswer, ...]
    """The surest first."""
    said: str
    """What was found, or that nothing was and what that does not mean, in the language asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """How the answer can be held against what was kept of it."""

    input_sha256: str
    """Of the canonical JSON of the inputs, with the Case's id, so that equal inputs do not look alike."""
    answer_sha256: str
    """Of the canonical JSON of this answer without its trace."""
    ledger: int
    """Number of the entry that was written before the answer went out; 0 before that."""
    key: str
    """Public key of the service; empty where it has none."""
    signature: str
    """Ed25519 over the line "primum answer 1" and the canonical JSON of case, release and both hashes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a Release says of one record, guarded."""

    case: str
    """The Case's id, 32 hexadecimal digits."""
    at: str
    """UTC, ISO 8601."""
    release: str
    """SHA-256 of the Release's manifest."""
    study: str
    question: str
    policy: str
    policy_sha256: str
    verdict: str
    """Of the policy on the Release: pass or review."""
    model: str
    """SHA-256 of the run that made the model."""
    expires: str
    """When the Release stops answering, ISO 8601; empty for never."""
    lang: str
    kind: Literal["classes", "labels", "number", "regions"]
    classes: tuple[ClassAnswer, ...]
    intervals: IntervalsSaid | None
    """What the intervals of `classes` promise; None for a number, and for a Release from before there were any."""
    predicted: tuple[str, ...]
    """Decided classes; one of `classes`, any number of `labels`, none of a number."""
    number: float | None
    """Of a number, in its own unit; of regions how much is marked: how many boxes, or the masks' share of the image."""
    set: SetAnswer | None
    abstained: bool
    abstained_because: str
    novel: bool
    """Unlike everything that the model was trained on."""
    novel_because: str
    disagreement: float | None
    """Share of an ensemble's members that decide otherwise (of a number their standard deviation)."""
    rules: tuple[RuleSaid, ...]
    escalate: bool
    """A red flag: a person must look, whatever the model says."""
    unknown: Unknown
    alike: tuple[Group, ...]
    similar: Similar | None
    """None where the Release keeps no groups of similar patients, as after private training."""
    held: bool
    """Whether the Case goes to Reviews before anybody acts on it."""
    held_because: tuple[HeldBecause, ...]
    urgency: int
    """3 for a grave red flag, 2 for another one or a contradiction, 1 for any other reason to hold, 0 for none."""
    marks: MarksAnswer | None = None
    """Places in the image; None of a model that marks none."""
    reasons: Any = None
    """Which words and vitals speak for the answer, where they were asked for; see `Explanation`."""
    trace: Trace = field(default=Trace(input_sha256="", answer_sha256="", ledger=0, key="", signature=""))
