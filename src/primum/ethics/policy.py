"""A policy: the written rules that findings must satisfy, and what it asks for beyond figures."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from primum.evidence.finding import Pillar

OnFailure = Literal["block", "review", "note"]
Strength = Literal["proven", "likely", "shown"]
TargetKind = Literal["classes", "labels", "number", "regions", "any"]


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _listed_value(value: object) -> object:
    return value if isinstance(value, list | tuple) else [value]


Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]
"""One name or a list of names; a finding matches any of them."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Words(_Strict):
    """A sentence in both languages."""

    en: str
    zh: str


class Where(_Strict):
    """Which findings a rule is about."""

    metric: str
    """A name from the metric registry."""
    pillar: Pillar | None = None
    """None: any."""
    split: Names = ("test",)
    """Splits; external: every external set, external:NAME: one of them; cohort: all records together."""
    class_: str = Field(default="overall", alias="class")
    """overall: all classes together; each: every single class; any: both; else one class by name."""
    slice: Literal["everybody", "each", "any"] | dict[str, str] = "everybody"
    """everybody: no slice; each: every patient group; any: both; else what it must contain ("*": any value)."""
    versus: Literal["any", "none"] | dict[str, Names] = "any"
    """any; none: no comparison; else what the comparison must contain, by key, one of several values ("*": any)."""
    detail: dict[str, Annotated[tuple[str | int, ...], BeforeValidator(_listed_value)]] = {}
    """What the finding's detail must hold, by key, one of several values, e.g. {depth: [1, 2], role: headline}."""


class Tolerance(_Strict):
    """What a figure must be; several conditions must all hold."""

    at_least: float | None = None
    at_most: float | None = None
    above: float | None = None
    below: float | None = None

    @model_validator(mode="after")
    def _something(self) -> Tolerance:
        if all(bound is None for bound in (self.at_least, self.at_most, self.above, self.below)):
            raise ValueError("needs at least one of at_least, at_most, above, below")
        return self

    def holds(self, value: float) -> bool:
        """Return whether a value is inside the tolerance."""
        return (
            (self.at_least is None or value >= self.at_least)
            and (self.at_most is None or value <= self.at_most)
            and (self.above is None or value > self.above)
            and (self.below is None or value < self.below)
        )


class Rule(_Strict):
    """What the findings of one kind must satisfy."""

    name: str = Field(alias="rule", min_length=1)
    """Pillar and subject, e.g. "safety.discrimination"."""
    where: Where
    must_be: Tolerance
    strength: Strength = "proven"
    """proven: the whole interval must lie inside the tolerance; likely: the value must; shown: for gaps, of which there
    are many: it fails only where the value lies outside and the interval excludes 0, no difference; otherwise it
    passes, given patients enough to have seen a harmful gap."""
    on_failure: OnFailure = "review"
    """The outcome where the whole interval lies outside."""
    if_missing: Literal["review", "pass", "note"] = "review"
    """The outcome where no finding matches."""
    if_few: Literal["review", "note"] = "review"
    """The outcome where there are too few patients to tell, or no value."""
    applies_to: Annotated[tuple[TargetKind, ...], BeforeValidator(_listed)] = ("any",)
    """Target types that the rule speaks of; for others it is left out."""
    because: Words
    """Why the rule is there."""
    answers_to: tuple[str, ...] = ()
    """Clauses of law and guidance, e.g. "EU-AI-Act:15(1)"."""


class Need(_Strict):
    """What a law or a guideline asks for, and what answers it: figures of the run, or a document of the house."""

    name: str = Field(alias="need", pattern=r"^[a-z][a-z0-9_]{2,59}$")
    clause: str = Field(min_length=3)
    """Of law or guidance, e.g. "EU-AI-Act:72(1)"."""
    asks: Words
    """What has to be there, in one sentence."""
    metrics: Names = ()
    """A figure of any of these answers it; none: only a document does, since no computer can measure it."""
    split: Names = ()
    """Splits on which the figure has to be; external: any external set; none given: any split."""
    if_open: Literal["review", "note"] = "note"
    """The outcome where nothing answers it."""

    @model_validator(mode="after")
    def _figures_are_asked_for(self) -> Need:
        if self.split and not self.metrics:
            raise ValueError("split: a need without metrics is answered by a document, which has no split")
        return self


class SignaturesAsked(_Strict):
    """Whose approval a run needs before it may become a Release."""

    roles: Annotated[
        tuple[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")], ...], BeforeValidator(_listed)
    ] = ()
    """Each of them has to approve, e.g. [clinical_lead, ethics_board]; none: a Release needs no approval."""
    different_people: bool = True
    """Whether one person may stand for one role only."""
    valid_days: int | None = Field(default=None, ge=1)
    """Days after the earliest of these approvals on which the Release expires; none: never."""

    def expiry_after(self, approved: Sequence[str]) -> str:
        """Return the moment on which a Release approved at these moments expires, ISO 8601 in UTC; empty for never."""
        if self.valid_days is None or not approved:
            return ""
        first = min(datetime.fromisoformat(at) for at in approved)
        due = (first + timedelta(days=self.valid_days)).astimezone(UTC)
        return due.isoformat(timespec="seconds").replace("+00:00", "Z")


class DeploymentAsked(_Strict):
    """Whose word puts a Release into use."""

    people: int = Field(default=1, ge=1, le=5)
    """How many different people have to ask for it; 2: one proposes, another confirms."""


class Policy(_Strict):
    """A named list of rules, and whose signatures they ask for."""

    name: str = Field(alias="policy", min_length=1)
    title: Words
    source: str = ""
    """The law or guidance that it follows, with its date."""
    rules: tuple[Rule, ...] = Field(min_length=1)
    needs: tuple[Need, ...] = ()
    """What it asks for besides; what nothing answers is listed as open."""
    signatures: SignaturesAsked = SignaturesAsked()
    deployment: DeploymentAsked = DeploymentAsked()
    sha256: str = ""
    """Of the policy file's bytes."""
    text: str = ""
    """The policy file as it is; of one that extends another, the whole of both."""

    def about(self, metrics: Collection[str]) -> Policy | None:
        """Return the policy with no rules but those on these metrics, and no needs; None where it has none."""
        rules = tuple(rule for rule in self.rules if rule.where.metric in metrics)
        return self.model_copy(update={"rules": rules, "needs": ()}) if rules else None
