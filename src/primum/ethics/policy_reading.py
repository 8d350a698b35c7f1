"""Reading a policy: a built-in one by name, a file, or one that extends a built-in one; all its faults at once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

import primum.ethics.looks  # noqa: F401 - registers the metrics that its rules name
import primum.fairness  # noqa: F401 - registers the metrics that its rules name
import primum.privacy  # noqa: F401 - registers the metrics that its rules name
import primum.safety  # noqa: F401 - registers the metrics that its rules name
import primum.safety.records  # noqa: F401 - as above
import primum.transparency  # noqa: F401 - as above
from primum.errors import PolicyError, nearest
from primum.ethics.extending import extended
from primum.ethics.policy import DeploymentAsked, Need, Policy, Rule, SignaturesAsked, Tolerance, Where, Words
from primum.evidence.metrics import METRICS

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


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

    One that extends a built-in policy comes back whole: its `text` names every rule and extends nothing, so that it
    says the same when the built-in one has changed.

    Raises:
        PolicyError: not YAML, or faults; all are in the message.
    """
    try:
        text = data.decode("utf-8")
        content = yaml.load(text, _Loader)  # noqa: S506 - a safe loader, in C where there is one
    except UnicodeDecodeError:
        raise PolicyError(f"{source}: is not UTF-8; save it as UTF-8.") from None
    except yaml.YAMLError as exc:
        mark = getattr(exc, "problem_mark", None)
        place = f", line {mark.line + 1}" if mark is not None else ""
        raise PolicyError(f"{source}{place}: is not valid YAML; mend it there.") from None
    if not isinstance(content, dict):
        raise PolicyError(f"{source}: expected the keys policy, title and rules; see `primum policies`.")
    if "extends" in content:
        content = _extended(content, source)
        text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120)
    digest = hashlib.sha256(text.encode("utf-8")).hexdigest()
    faults: list[str] = []
    policy = None
    try:
        policy = Policy.model_validate({**content, "sha256": digest, "text": text})
    except ValidationError as exc:
        faults += [_fault(error["loc"], error["type"], error["msg"]) for error in exc.errors()]
    faults += _beyond_types(content)
    if faults or policy is None:
        raise PolicyError(f"{source}: {'; '.join(faults)}.")
    return policy


def _extended(content: dict[object, object], source: str) -> dict[str, object]:
    base = str(content["extends"])
    if base not in policy_names():
        known = policy_names()
        raise PolicyError(
            f"{source}: extends: {base!r} is not built in{nearest(base, known)}; only such can be extended."
        )
    whole = yaml.load(parse_policy(policy_bytes(base), source=base).text, _Loader)  # noqa: S506 - as above
    return extended(content, whole, source=source)


_MODELS: dict[str, type[BaseModel]] = {
    "where": Where,
    "must_be": Tolerance,
    "because": Words,
    "title": Words,
    "asks": Words,
}
_SECTIONS: dict[str, type[BaseModel]] = {"signatures": SignaturesAsked, "deployment": DeploymentAsked}


def _fault(loc: tuple[int | str, ...], kind: str, message: str) -> str:
    one = "need" if loc[:1] == ("needs",) else "rule"
    place = ".".join(
        f"{one} {part + 1}" if isinstance(part, int) and i == 1 else str(part) for i, part in enumerate(loc)
    )
    place = place.removeprefix("rules.").removeprefix("needs.")
    if kind != "extra_forbidden":
        return f"{place}: {message[:1].lower()}{message[1:]}"
    return f"{place}: unknown key{nearest(str(loc[-1]), _keys_at(loc))}"


def _keys_at(loc: tuple[int | str, ...]) -> list[str]:
    """Return the keys known at the place where an unknown one stood."""
    if len(loc) == 1:
        model: type[BaseModel] = Policy
    elif len(loc) == 2 and loc[0] in _SECTIONS:
        model = _SECTIONS[str(loc[0])]
    elif len(loc) == 3 and loc[0] in ("rules", "needs"):
        model = Rule if loc[0] == "rules" else Need
    else:
        model = _MODELS.get(str(loc[-2]), Rule)
    return [field.alias or name for name, field in model.model_fields.items() if name not in ("sha256", "text")]


def _beyond_types(content: dict[str, object]) -> list[str]:
    """Return the faults that no type shows: a repeated name, an unknown metric."""
    faults = []
    for number, rule, is_new in _named(content.get("rules"), "rule"):
        if not is_new:
            faults.append(f"rule {number}: the name {rule['rule']!r} stands there twice; give each rule its own")
        where = rule.get("where")
        metric = where.get("metric") if isinstance(where, dict) else None
        if isinstance(metric, str) and metric not in METRICS:
            faults.append(f"rule {number}.where.metric: {metric!r} is no metric{nearest(metric, METRICS)}")
    for number, need, is_new in _named(content.get("needs"), "need"):
        if not is_new:
            faults.append(f"need {number}: the name {need['need']!r} stands there twice; give each need its own")
        metrics = need.get("metrics", [])
        for metric in [metrics] if isinstance(metrics, str) else metrics:
            if metric not in METRICS:
                faults.append(f"need {number}.metrics: {metric!r} is no metric{nearest(str(metric), METRICS)}")
    return faults


def _named(listed: object, key: str) -> Iterator[tuple[int, dict[str, Any], bool]]:
    """Yield number, content, and whether its name is new, of each mapping in a list."""
    seen: set[object] = set()
    for number, one in enumerate(listed if isinstance(listed, list) else [], start=1):
        if isinstance(one, dict):
            yield number, one, one.get(key) is None or str(one[key]) not in seen
            seen.add(str(one.get(key)))
