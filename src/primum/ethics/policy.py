"""A policy: the written rules that findings must satisfy, read from YAML and checked as a whole."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

import primum.fairness  # noqa: F401 - registers the metrics that its rules name
import primum.privacy  # noqa: F401 - registers the metrics that its rules name
import primum.safety  # noqa: F401 - registers the metrics that its rules name
import primum.safety.records  # noqa: F401 - as above
import primum.transparency  # noqa: F401 - as above
from primum.errors import PolicyError, nearest
from primum.evidence.finding import Pillar
from primum.evidence.metrics import METRICS

OnFailure = Literal["block", "review", "note"]
Strength = Literal["proven", "likely", "shown"]
TargetKind = Literal["classes", "labels", "number", "any"]


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
    rules: tuple[Rule, ...] = Field(min_length=1)
    signatures: SignaturesAsked = SignaturesAsked()
    deployment: DeploymentAsked = DeploymentAsked()
    sha256: str = ""
    """Of the policy file's bytes."""
    text: str = ""
    """The policy file as it is."""

    def about(self, metrics: Collection[str]) -> Policy | None:
        """Return the policy with no rules but those on these metrics; None where it has none."""
        rules = tuple(rule for rule in self.rules if rule.where.metric in metrics)
        return self.model_copy(update={"rules": rules}) if rules else None


def policy_names() -> tuple[str, ...]:
    """Return the names of the built-in policies."""
    folder = resources.files("primum.ethics") / "policies"
    return tuple(sorted(entry.name[:-5] for entry in folder.iterdir() if entry.name.endswith(".yaml")))


def load_policy(name_or_path: str | Path) -> Policy:
    """Return a built-in policy by name, or one from a file.

    Raises:
        PolicyError: there is no such policy, or it has faults; the message lists them all.
    """
    return parse_policy(policy_bytes(name_or_path), source=str(name_or_path))


def policy_bytes(name_or_path: str | Path) -> bytes:
    """Return the YAML of a built-in policy, or of a file, as it is.

    Raises:
        PolicyError: there is no such policy, or it cannot be read.
    """
    name = str(name_or_path)
    if name in policy_names():
        return (resources.files("primum.ethics") / "policies" / f"{name}.yaml").read_bytes()
    path = Path(name)
    if not path.is_file():
        known = policy_names()
        raise PolicyError(
            f"policy {name!r}: is neither built in{nearest(name, known)} nor a file; "
            f"built in are {', '.join(known)}, else give a path."
        )
    try:
        return path.read_bytes()
    except OSError as exc:
        raise PolicyError(f"{path}: cannot be read; check its permissions.") from exc


def parse_policy(data: bytes, *, source: str) -> Policy:
    """Return the policy that these bytes of YAML write down; `source` names it in messages.

    Raises:
        PolicyError: not YAML, or faults; all are in the message.
    """
    try:
        text = data.decode("utf-8")
        content = yaml.safe_load(text)
    except UnicodeDecodeError:
        raise PolicyError(f"{source}: is not UTF-8; save it as UTF-8.") from None
    except yaml.YAMLError as exc:
        mark = getattr(exc, "problem_mark", None)
        place = f", line {mark.line + 1}" if mark is not None else ""
        raise PolicyError(f"{source}{place}: is not valid YAML; mend it there.") from None
    if not isinstance(content, dict):
        raise PolicyError(f"{source}: expected the keys policy, title and rules; see `primum policies`.")
    faults: list[str] = []
    policy = None
    try:
        policy = Policy.model_validate({**content, "sha256": hashlib.sha256(data).hexdigest(), "text": text})
    except ValidationError as exc:
        faults += [_fault(error["loc"], error["type"], error["msg"]) for error in exc.errors()]
    faults += _beyond_types(content)
    if faults or policy is None:
        raise PolicyError(f"{source}: {'; '.join(faults)}.")
    return policy


_MODELS: dict[str, type[BaseModel]] = {"where": Where, "must_be": Tolerance, "because": Words, "title": Words}
_SECTIONS: dict[str, type[BaseModel]] = {"signatures": SignaturesAsked, "deployment": DeploymentAsked}


def _fault(loc: tuple[int | str, ...], kind: str, message: str) -> str:
    place = ".".join(
        f"rule {part + 1}" if isinstance(part, int) and i == 1 else str(part) for i, part in enumerate(loc)
    )
    place = place.removeprefix("rules.")
    if kind != "extra_forbidden":
        return f"{place}: {message[:1].lower()}{message[1:]}"
    return f"{place}: unknown key{nearest(str(loc[-1]), _keys_at(loc))}"


def _keys_at(loc: tuple[int | str, ...]) -> list[str]:
    """Return the keys known at the place where an unknown one stood."""
    if len(loc) == 1:
        model: type[BaseModel] = Policy
    elif len(loc) == 2 and loc[0] in _SECTIONS:
        model = _SECTIONS[str(loc[0])]
    elif len(loc) == 3 and loc[0] == "rules":
        model = Rule
    else:
        model = _MODELS.get(str(loc[-2]), Rule)
    return [field.alias or name for name, field in model.model_fields.items() if name not in ("sha256", "text")]


def _beyond_types(content: dict[object, object]) -> list[str]:
    """Return the faults that no type shows: a repeated name, an unknown metric."""
    rules = content.get("rules")
    if not isinstance(rules, list):
        return []
    faults, seen = [], set()
    for number, rule in enumerate(rules, start=1):
        if not isinstance(rule, dict):
            continue
        name = str(rule.get("rule"))
        if name in seen:
            faults.append(f"rule {number}: the name {name!r} stands there twice; give each rule its own")
        seen.add(name)
        where = rule.get("where")
        metric = where.get("metric") if isinstance(where, dict) else None
        if isinstance(metric, str) and metric not in METRICS:
            faults.append(f"rule {number}.where.metric: {metric!r} is no metric{nearest(metric, METRICS)}")
    return faults
