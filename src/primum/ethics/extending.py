"""A policy that extends another: the other's rules, some of them changed or left out, and its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from primum.errors import PolicyError, nearest

KEYS = ("extends", "change", "leave_out", "rules", "needs")
"""What is read here; every other key takes the place of the extended policy's."""


def extended(content: Mapping[Any, Any], base: Mapping[str, Any], *, source: str) -> dict[str, Any]:
    """Return the whole policy that extends `base`: a mapping that extends nothing.

    Args:
        content: the policy as it is written: `change` is rule -> keys that differ, `leave_out` a list of rules,
            `rules` and `needs` what it adds.
        base: the extended policy, whole.
        source: names the policy in messages.
    Raises:
        PolicyError: `change` or `leave_out` names a rule that is not there, or has another shape.
    """
    rules = {str(rule["rule"]): dict(rule) for rule in base["rules"]}
    change, leave_out = content.get("change") or {}, content.get("leave_out") or []
    if not isinstance(change, Mapping) or not all(isinstance(one, Mapping) for one in change.values()):
        raise PolicyError(f"{source}: change: expected rules by name, each with the keys that differ.")
    if not isinstance(leave_out, list):
        raise PolicyError(f"{source}: leave_out: expected a list of rules.")
    faults = [
        f"{key}: {name!r} is no rule of {content['extends']}{nearest(str(name), rules)}"
        for key, names in (("change", change), ("leave_out", leave_out))
        for name in names
        if name not in rules
    ]
    if faults:
        raise PolicyError(f"{source}: {'; '.join(faults)}.")
    kept = [{**rule, **change.get(name, {})} for name, rule in rules.items() if name not in leave_out]
    own = {str(key): value for key, value in content.items() if key not in KEYS}
    return {
        **{key: value for key, value in base.items() if key not in ("rules", "needs")},
        **own,
        "rules": kept + _listed(content, "rules", source),
        "needs": list(base.get("needs") or []) + _listed(content, "needs", source),
    }


def _listed(content: Mapping[Any, Any], key: str, source: str) -> list[Any]:
    value = content.get(key) or []
    if not isinstance(value, list):
        raise PolicyError(f"{source}: {key}: expected a list.")
    return value
