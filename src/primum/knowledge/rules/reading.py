"""Clinical rules from YAML, checked as a whole: a file's faults come in one message, each with its rule and its cure.

Nothing of a file is evaluated: a condition is built from the few keys below, and every other key is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from primum.errors import InputError, nearest
from primum.knowledge.rules.reading_conditions import read_condition
from primum.knowledge.rules.rule import SEVERITIES, THENS, ClinicalRule

_KEYS = ("id", "when", "then", "severity", "source", "because")
_LANGUAGES = ("en", "zh")
_LIKE = "{id: ..., when: ..., then: ..., severity: ..., source: ..., because: {en: ..., zh: ...}}"


def pack_names() -> tuple[str, ...]:
    """Return the names of the built-in packs of clinical rules."""
    folder = resources.files("primum.knowledge.rules") / "packs"
    return tuple(sorted(entry.name[:-5] for entry in folder.iterdir() if entry.name.endswith(".yaml")))


def read_rules(names: Sequence[str], *, base: Path) -> tuple[ClinicalRule, ...]:
    """Return the rules of several packs and files, in order.

    Args:
        names: built-in packs by name, and files; a relative path starts at `base`, or else where the program started.
        base: the study's folder.
    Raises:
        InputError: a file is missing or has faults (all of them are named), or two rules bear one id.
    """
    found: dict[str, ClinicalRule] = {}
    for name in names:
        for rule in _read_one(name, base):
            if rule.id in found:
                raise InputError(
                    f"{name}, rule {rule.id!r}: {found[rule.id].pack} has a rule of that id already; give it another."
                )
            found[rule.id] = rule
    return tuple(found.values())


def file_of(name: str, base: Path) -> Path | None:
    """Return the file that a name means; None for a built-in pack, or where there is no such file."""
    places = [base / name] if name in pack_names() else [base / name, Path(name)]
    return next((place for place in places if place.is_file()), None)


def _read_one(name: str, base: Path) -> list[ClinicalRule]:
    file = file_of(name, base)
    if file is None and name in pack_names():
        path = resources.files("primum.knowledge.rules") / "packs" / f"{name}.yaml"
        return parse_rules(path.read_bytes(), pack=name, own=False)
    if file is None:
        known = pack_names()
        raise InputError(
            f"knowledge.rules: {name!r} is neither a built-in pack{nearest(name, known)} nor a file; "
            f"built in is {', '.join(known)}, else give a path that starts at the study's folder."
        )
    try:
        data = file.read_bytes()
    except OSError as exc:
        raise InputError(f"{file}: cannot be read; check its permissions.") from exc
    return parse_rules(data, pack=file.name, own=True)


def parse_rules(data: bytes, *, pack: str, own: bool) -> list[ClinicalRule]:
    """Return the rules that these bytes of YAML write down.

    Args:
        data: the file.
        pack: what to call it.
        own: whether its fields are columns of the study.
    Raises:
        InputError: no UTF-8, no YAML, no list of rules, or faults in some; all are in the message.
    """
    try:
        content = yaml.safe_load(data.decode("utf-8"))
    except UnicodeDecodeError:
        raise InputError(f"{pack}: is not UTF-8; save it as UTF-8.") from None
    except yaml.YAMLError as exc:
        mark = getattr(exc, "problem_mark", None)
        place = f", line {mark.line + 1}" if mark is not None else ""
        raise InputError(f"{pack}{place}: is not valid YAML; mend it there.") from None
    if not isinstance(content, list) or not content:
        raise InputError(f"{pack}: expected a list of rules, each like {_LIKE}.")
    return rules_of(content, pack=pack, own=own)


def rules_of(content: Sequence[Any], *, pack: str, own: bool) -> list[ClinicalRule]:
    """Return the rules of a list of plain mappings; see `parse_rules`."""
    faults: list[str] = []
    rules: list[ClinicalRule] = []
    seen: set[str] = set()
    for number, raw in enumerate(content, start=1):
        wrong: list[str] = []
        rule = _rule(raw, pack, own, wrong)
        named = isinstance(raw, Mapping) and isinstance(raw.get("id"), str) and bool(raw["id"])
        name = f"rule {raw['id']!r}" if named else f"rule {number}"
        if named and raw["id"] in seen:
            wrong.append("the id stands there twice; give each rule its own")
        seen |= {raw["id"]} if named else set()
        faults += [f"{name}: {fault}" for fault in wrong]
        if rule is not None:
            rules.append(rule)
    if faults:
        raise InputError(f"{pack}: {'; '.join(faults)}.")
    return rules


def _rule(raw: Any, pack: str, own: bool, wrong: list[str]) -> ClinicalRule | None:
    if not isinstance(raw, Mapping):
        wrong.append(f"expected a mapping like {_LIKE}")
        return None
    wrong += [f"unknown key {key!r}{nearest(str(key), _KEYS)}" for key in raw if key not in _KEYS]
    wrong += [f"{key} is missing" for key in _KEYS if key not in raw]
    if wrong:
        return None
    for key in ("id", "source"):
        if not isinstance(raw[key], str) or not raw[key].strip():
            wrong.append(f"{key}: expected words")
    if isinstance(raw["id"], str) and any(mark in raw["id"] for mark in ";,\n"):
        wrong.append("id: holds a comma or a semicolon, which stand between ids in tables; leave it out")
    _check_choice(raw, "then", THENS, wrong)
    _check_choice(raw, "severity", SEVERITIES, wrong)
    because = _because(raw["because"], wrong)
    condition = read_condition(raw["when"], "when", wrong)
    if wrong or condition is None:
        return None
    return ClinicalRule(
        id=raw["id"],
        pack=pack,
        own=own,
        condition=condition,
        then=raw["then"],
        severity=raw["severity"],
        source=raw["source"],
        because=because,
        when=raw["when"],
    )


def _check_choice(raw: Mapping[str, Any], key: str, known: Sequence[str], wrong: list[str]) -> None:
    if raw[key] not in known:
        wrong.append(
            f"{key}: {raw[key]!r} is not known{nearest(str(raw[key]), known)}; choose one of {', '.join(known)}"
        )


def _because(raw: Any, wrong: list[str]) -> dict[str, str]:
    told = raw if isinstance(raw, Mapping) else {"en": raw}
    unknown = [str(key) for key in told if key not in _LANGUAGES]
    if unknown or not told or not all(isinstance(value, str) and value.strip() for value in told.values()):
        wrong.append("because: expected a sentence, or {en: ..., zh: ...}")
        return {}
    return {str(lang): value for lang, value in told.items()}
