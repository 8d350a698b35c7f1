"""Reading a study file: YAML, overrides, and every fault in one message."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError

from primum.errors import StudyError, nearest

M = TypeVar("M", bound=BaseModel)
_IN_BRACKETS = re.compile(r"<\w+>|\[key\]")
"""Parts of a fault's place that are no key of the file: which of several forms a value has, and that a key is meant."""


class _Unique(yaml.SafeLoader):
    """YAML in which a key that stands twice in one mapping is an error, where the second would win in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Return the mapping of a node; keys that a merge brings in may be overridden."""
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                if key.value in seen:
                    problem = f"the key {key.value!r} stands there twice"
                    raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
                seen.add(key.value)
        return super().construct_mapping(node, deep)


def read_yaml(path: Path) -> dict[str, Any]:
    """Return the mapping that a YAML file holds.

    Raises:
        StudyError: the file is missing, empty, no UTF-8, no YAML or no mapping.
    """
    if not path.is_file():
        raise StudyError(f"{path}: no such study file; give a study.yaml, its folder, or a name from `primum studies`.")
    try:
        value = yaml.load(path.read_text(encoding="utf-8"), Loader=_Unique)
    except UnicodeDecodeError as exc:
        raise StudyError(f"{path}: a study file must be UTF-8 text; save it again as UTF-8.") from exc
    except yaml.YAMLError as exc:
        mark = getattr(exc, "problem_mark", None)
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = getattr(exc, "problem", None) or "not readable"
        raise StudyError(f"{path}{place}: not valid YAML ({problem}).") from exc
    if not isinstance(value, dict):
        raise StudyError(f"{path}: a study file must be a mapping that begins with `study: NAME`.")
    return value


def apply_overrides(raw: dict[str, Any], overrides: Sequence[str]) -> dict[str, Any]:
    """Return `raw` with each `key.path=value` set; values are read as YAML.

    Raises:
        StudyError: an override has no `=`, its value is no YAML, or its path runs through a plain value.
    """
    for override in overrides:
        key, sign, text = override.partition("=")
        if not sign or not key.strip():
            raise StudyError(f"--set {override!r}: expected key.path=value, e.g. --set training.epochs=3.")
        try:
            value = yaml.safe_load(text)
        except yaml.YAMLError as exc:
            raise StudyError(f"--set {key}: the value is not valid YAML; quote it.") from exc
        raw = _with(raw, key.strip().split("."), _number(value), key)
    return raw


def _number(value: Any) -> Any:
    """YAML 1.1 reads 2e-4 as text; a number is what everybody means by it."""
    if not isinstance(value, str):
        return value
    try:
        return float(value)
    except ValueError:
        return value


def _with(raw: dict[str, Any], path: list[str], value: Any, key: str) -> dict[str, Any]:
    head, *rest = path
    if not rest:
        return {**raw, head: value}
    inner = raw.get(head)
    if inner is None:
        inner = {}
    if isinstance(inner, str) and head == "adapt":
        inner = {"method": inner}
    if not isinstance(inner, dict):
        raise StudyError(f"--set {key}: {head!r} is a plain value in the study, so nothing can be set inside it.")
    return {**raw, head: _with(inner, rest, value, key)}


def validate(model: type[M], raw: Mapping[str, Any], *, source: str) -> M:
    """Return `raw` as a `model`.

    Raises:
        StudyError: every fault in one message, each with its key; unknown keys name the nearest known one.
    """
    try:
        return model.model_validate(raw)
    except ValidationError as exc:
        faults = [_fault(model, error) for error in exc.errors(include_url=False, include_context=False)]
        raise StudyError(f"{source}: " + "; ".join(dict.fromkeys(faults)) + ".") from exc


def _fault(model: type[BaseModel], error: Any) -> str:
    location = [part for part in error["loc"] if not _IN_BRACKETS.fullmatch(str(part))]
    key = ".".join(str(part) for part in location) or "the study"
    kind, given = error["type"], error.get("input")
    if kind == "extra_forbidden":
        known = _fields_at(model, location[:-1])
        return f"{key} is not a known key{nearest(str(location[-1]), known)}"
    if kind == "missing":
        return f"{key} is required"
    if kind == "literal_error" and isinstance(given, str):
        known = re.findall(r"'([^']*)'", str(error["msg"]))
        return f"{key}: {given!r} is not known{nearest(given, known)}; choose one of {', '.join(known)}"
    message = str(error["msg"]).removeprefix("Value error, ")
    message = message[:1].lower() + message[1:]
    shown = f" (got {given!r})" if isinstance(given, str | int | float | bool) or given is None else ""
    return f"{key}: {message}{shown}"


def _fields_at(model: type[BaseModel], location: Sequence[Any]) -> list[str]:
    current: type[BaseModel] = model
    for part in location:
        field = current.model_fields.get(str(part))
        inner = _model_in(field.annotation) if field is not None else None
        current = inner or current
    return list(current.model_fields)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for part in get_args(annotation):
        found = _model_in(part)
        if found is not None:
            return found
    return None
