"""The search space of a study: ranges written beside the values, taken apart from the plain study.

Under `model` and `training` a value may be written as `{search: {low: 1e-5, high: 1e-3, log: true}}`,
`{search: {low: 1, high: 5, step: 1}, default: 3}` or `{search: [8, 16, 32]}`. Nothing here runs a search.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from primum.errors import StudyError, nearest

SEARCHED_PARTS = ("model", "training")
"""The parts of a study whose values may be searched; the cohort and its splits may not."""

_EXPONENT = re.compile(r"[+-]?\d+(\.\d*)?[eE][+-]?\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """Every number from `low` to `high`, both included."""

    low: float
    high: float
    default: float
    """What `primum run` uses: as the study says, else the middle (of the exponents when `log`)."""
    log: bool = False
    """Whether the search spreads its trials evenly over the exponents."""
    step: float | None = None
    """Distance of the numbers on a grid that begins at `low`; None for no grid."""
    whole: bool = False
    """Whether the numbers are whole."""

    def to_json(self) -> dict[str, Any]:
        """Return the range as it would be written in a study."""
        plain = {"low": self.low, "high": self.high, "log": self.log, "step": self.step, "default": self.default}
        return {key: value for key, value in plain.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """A few values to choose from: plain values, or mappings such as whole `adapt` settings."""

    values: tuple[Any, ...]
    default: Any
    """What `primum run` uses: as the study says, else the first."""

    def labels(self) -> list[str]:
        """Return one text a value, all different: what a search's storage keeps in its place."""
        return [json.dumps(value, ensure_ascii=False, sort_keys=True) for value in self.values]

    def to_json(self) -> dict[str, Any]:
        """Return the choices as they would be written in a study."""
        return {"choices": list(self.values), "default": self.default}


Space = Range | Choices


def extract(raw_study: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Space]]:
    """Return the plain study, with every space replaced by its default, and the spaces by dotted key.

    `raw_study` is not changed. A study without spaces comes back as it is, with no spaces.

    Raises:
        StudyError: a space is malformed, or stands where nothing may be searched; all faults in one message.
    """
    spaces: dict[str, Space] = {}
    faults: list[str] = []
    plain = {key: _plain(value, (str(key),), spaces, faults) for key, value in raw_study.items()}
    if faults:
        raise StudyError("the study's search space: " + "; ".join(faults) + ".")
    return plain, spaces


def with_values(study: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy of a plain study with the value at each dotted key replaced."""
    changed = dict(study)
    for key, value in values.items():
        changed = _replaced(changed, key.split("."), value)
    return changed


def _replaced(node: Mapping[str, Any], path: Sequence[str], value: Any) -> dict[str, Any]:
    head, *rest = path
    return {**node, head: _replaced(node.get(head) or {}, rest, value) if rest else value}


def _plain(value: Any, path: tuple[str, ...], spaces: dict[str, Space], faults: list[str]) -> Any:
    if isinstance(value, list):
        return [_plain(item, (*path, str(place)), spaces, faults) for place, item in enumerate(value)]
    if not isinstance(value, dict):
        return value
    if "search" not in value:
        return {key: _plain(item, (*path, str(key)), spaces, faults) for key, item in value.items()}
    key = ".".join(path)
    wrong = list(_misplaced(value, path))
    if wrong:
        faults += wrong
        return None
    try:
        spaces[key] = _space(value, key)
    except StudyError as exc:
        faults.append(str(exc))
        return None
    return spaces[key].default


def _misplaced(value: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    key = ".".join(path)
    if path[0] not in SEARCHED_PARTS or len(path) < 2:
        yield f"{key}: only values inside {' and '.join(SEARCHED_PARTS)} may be searched; write a plain value"
    elif any(part.isdigit() for part in path):
        yield f"{key}: an entry of a list cannot be searched; search the whole list as {{search: [[…], […]]}}"
    for other in value:
        if other not in ("search", "default"):
            yield f"{key}.{other} is not a known key{nearest(str(other), ('search', 'default'))}"


def _space(value: Mapping[str, Any], key: str) -> Space:
    space = value["search"]
    if isinstance(space, list):
        return _choices(space, value, key)
    if isinstance(space, dict):
        return _range(space, value, key)
    raise StudyError(f"{key}.search: expected a list of values, or low and high, got {type(space).__name__}")


def _choices(listed: Sequence[Any], value: Mapping[str, Any], key: str) -> Choices:
    values = tuple(_number(item) for item in listed)
    default = _number(value["default"]) if "default" in value else next(iter(values), None)
    choices = Choices(values=values, default=default)
    labels = choices.labels()
    if len(values) < 2 or len(set(labels)) < len(labels):
        raise StudyError(f"{key}.search: expected two or more values, all different")
    if default not in values:
        raise StudyError(f"{key}.default: {default!r} is none of the values to choose from")
    return choices


def _range(space: Mapping[str, Any], value: Mapping[str, Any], key: str) -> Range:
    known = ("low", "high", "log", "step")
    for other in space:
        if other not in known:
            raise StudyError(
                f"{key}.search.{other} is not a known key{nearest(str(other), known)}; "
                "give a list of values, or low and high with log or step"
            )
    low, high = (_required(space, end, key) for end in ("low", "high"))
    step = None if space.get("step") is None else _required(space, "step", key)
    log = space.get("log", False)
    _check_range(low, high, step=step, log=log, key=key)
    whole = all(isinstance(number, int) for number in (low, high, *([] if step is None else [step])))
    middle = _middle(low, high, step=step, log=log, whole=whole)
    default = _number(value.get("default", middle))
    if isinstance(default, bool) or not isinstance(default, int | float) or not low <= default <= high:
        raise StudyError(f"{key}.default: expected a number from {low:g} to {high:g}, got {default!r}")
    if whole and default != int(default):
        raise StudyError(f"{key}.default: expected a whole number as low and high are, got {default!r}")
    return Range(low=low, high=high, default=default, log=log, step=step, whole=whole)


def _check_range(low: float, high: float, *, step: float | None, log: object, key: str) -> None:
    if low >= high:
        raise StudyError(f"{key}.search: low must be below high, got {low:g} and {high:g}")
    if not isinstance(log, bool):
        raise StudyError(f"{key}.search.log: expected true or false, got {log!r}")
    if log and low <= 0:
        raise StudyError(f"{key}.search: with log, low must be above 0, got {low:g}")
    if log and step is not None:
        raise StudyError(f"{key}.search: log and step exclude each other; leave one out")
    if step is not None and not 0 < step <= high - low:
        raise StudyError(f"{key}.search.step: must be above 0 and at most {high - low:g}, got {step:g}")


def _middle(low: float, high: float, *, step: float | None, log: bool, whole: bool) -> float:
    if log:
        middle = math.sqrt(low * high)
    elif step is not None:
        middle = low + step * ((high - low) // step // 2)
    else:
        middle = (low + high) / 2
    if whole:
        return int(middle)
    return float(f"{middle:.12g}")  # 0.1 + 0.2 is written 0.3


def _required(space: Mapping[str, Any], name: str, key: str) -> float:
    number = _number(space.get(name))
    if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
        raise StudyError(f"{key}.search.{name}: expected a number, got {number!r}")
    return number


def _number(value: Any) -> Any:
    """Return 1e-5 as a number, which YAML 1.1 reads as text for want of a dot; anything else as it is."""
    return float(value) if isinstance(value, str) and _EXPONENT.fullmatch(value) else value
