"""The `when` of a clinical rule, from plain YAML values to conditions; what is wrong is said with its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from primum.cohort.columns import spelled
from primum.errors import nearest
from primum.knowledge.rules.conditions import (
    COMPARISONS,
    Answer,
    Bound,
    Condition,
    Every,
    Field,
    Number,
    OneOf,
    Opposite,
    Probability,
    Says,
    Some,
)

_FORMS = ("all", "any", "not", "field", "text", "answer", "answer_says", "probability")
_DEEPEST = 20


def read_condition(raw: Any, place: str, wrong: list[str], *, depth: int = 0) -> Condition | None:
    """Return the condition that a value writes down; None where it has faults, which are added to `wrong`.

    Args:
        raw: what the file holds.
        place: where, e.g. "when.all[2]".
        wrong: receives the faults.
        depth: how many conditions it lies in.
    """
    if not isinstance(raw, Mapping) or not raw:
        wrong.append(f"{place}: expected a mapping with one of {', '.join(_FORMS)}")
        return None
    if depth > _DEEPEST:
        wrong.append(f"{place}: conditions lie in one another more than {_DEEPEST} deep; divide the rule")
        return None
    forms = [key for key in raw if key in _FORMS]
    if len(forms) != 1:
        unknown = [str(key) for key in raw if key not in (*_FORMS, *COMPARISONS, "is", "past")]
        hint = nearest(unknown[0], _FORMS) if unknown else ""
        said = f"got {', '.join(map(str, raw))}{hint}"
        wrong.append(f"{place}: expected exactly one of {', '.join(_FORMS)}; {said}")
        return None
    form = forms[0]
    if form in ("all", "any"):
        return _several(form, raw, place, wrong, depth)
    if form == "not":
        _only(raw, ("not",), place, wrong)
        part = read_condition(raw["not"], f"{place}.not", wrong, depth=depth + 1)
        return None if part is None else Opposite(part)
    return _LEAVES[form](raw, place, wrong)


def _several(form: str, raw: Mapping[str, Any], place: str, wrong: list[str], depth: int) -> Condition | None:
    _only(raw, (form,), place, wrong)
    given = raw[form]
    if not isinstance(given, list) or not given:
        wrong.append(f"{place}.{form}: expected a list of conditions")
        return None
    read = [read_condition(one, f"{place}.{form}[{i}]", wrong, depth=depth + 1) for i, one in enumerate(given, 1)]
    parts = tuple(part for part in read if part is not None)
    return (Every if form == "all" else Some)(parts) if len(parts) == len(read) else None


def _field(raw: Mapping[str, Any], place: str, wrong: list[str]) -> Condition | None:
    _only(raw, ("field", "is", *COMPARISONS), place, wrong)
    name = raw["field"]
    if not isinstance(name, str) or not name:
        wrong.append(f"{place}.field: expected the name of a column")
        return None
    if "is" in raw:
        if len(raw) > 2:
            wrong.append(f"{place}: `is` and a comparison cannot stand together; put them under `all`")
        given = raw["is"] if isinstance(raw["is"], list) else [raw["is"]]
        if not given or not all(isinstance(one, str | int | float | bool) for one in given):
            wrong.append(f"{place}.is: expected a value or a list of values")
            return None
        return OneOf(Field(name), tuple(plain_value(one) for one in given))
    bounds = _bounds(raw, place, wrong)
    return Number(Field(name), bounds) if bounds else None


def plain_value(value: Any) -> str:
    """Return a value as categories are compared: whatever its case, 1.0 as 1, yes as true."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return spelled(str(value).strip()).casefold()


def _bounds(raw: Mapping[str, Any], place: str, wrong: list[str]) -> tuple[Bound, ...]:
    given = {key: raw[key] for key in COMPARISONS if key in raw}
    if not given:
        wrong.append(f"{place}: expected `is`, or one of {', '.join(COMPARISONS)}")
    bounds = []
    for comparison, value in given.items():
        if isinstance(value, Mapping) and set(value) == {"field"} and isinstance(value["field"], str):
            bounds.append(Bound(comparison, Field(value["field"])))
        elif isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf"):
            bounds.append(Bound(comparison, float(value)))
        else:
            wrong.append(f"{place}.{comparison}: expected a number or {{field: NAME}}")
    return tuple(bounds) if len(bounds) == len(given) else ()


def _text(raw: Mapping[str, Any], place: str, wrong: list[str]) -> Condition | None:
    _only(raw, ("text", "past"), place, wrong)
    words = _words(raw["text"], f"{place}.text", wrong)
    past = raw.get("past", False)
    if not isinstance(past, bool):
        wrong.append(f"{place}.past: expected true or false")
    return Says(words, bool(past)) if words else None


def _words(raw: Any, place: str, wrong: list[str]) -> tuple[str, ...]:
    """Return words given alone, in a list, or in a list by language."""
    parts = list(raw.values()) if isinstance(raw, Mapping) else [raw]
    flat = [word for part in parts for word in (part if isinstance(part, list) else [part])]
    if not flat or not all(isinstance(word, str) and word.strip(" *") for word in flat):
        wrong.append(f"{place}: expected words, a list of words, or {{en: [...], zh: [...]}}")
        return ()
    return tuple(dict.fromkeys(" ".join(word.casefold().split()) for word in flat))


def _answer(raw: Mapping[str, Any], place: str, wrong: list[str]) -> Condition | None:
    _only(raw, ("answer",), place, wrong)
    given = raw["answer"]
    if isinstance(given, Mapping):
        _only(given, COMPARISONS, f"{place}.answer", wrong)
        bounds = _bounds(given, f"{place}.answer", wrong)
        return Answer(bounds=bounds) if bounds else None
    classes = given if isinstance(given, list) else [given]
    if not classes or not all(isinstance(one, str | int) and str(one) for one in classes):
        wrong.append(f"{place}.answer: expected a class, a list of classes, or a comparison of a number")
        return None
    return Answer(classes=tuple(str(one) for one in classes))


def _answer_says(raw: Mapping[str, Any], place: str, wrong: list[str]) -> Condition | None:
    _only(raw, ("answer_says",), place, wrong)
    words = _words(raw["answer_says"], f"{place}.answer_says", wrong)
    return Answer(words=words) if words else None


def _probability(raw: Mapping[str, Any], place: str, wrong: list[str]) -> Condition | None:
    _only(raw, ("probability",), place, wrong)
    given = raw["probability"]
    if not isinstance(given, Mapping):
        wrong.append(f"{place}.probability: expected {{of: CLASS, below: 0.5}}; without `of` it is that of the answer")
        return None
    _only(given, ("of", *COMPARISONS), f"{place}.probability", wrong)
    bounds = _bounds(given, f"{place}.probability", wrong)
    if any(isinstance(bound.value, Field) for bound in bounds):
        wrong.append(f"{place}.probability: is compared with a number, not with a field")
    of = given.get("of")
    return Probability(None if of is None else str(of), bounds) if bounds else None


def _only(raw: Mapping[str, Any], known: tuple[str, ...], place: str, wrong: list[str]) -> None:
    wrong.extend(f"{place}: unknown key {str(k)!r}{nearest(str(k), known)}" for k in raw if k not in known)


_LEAVES = {
    "field": _field,
    "text": _text,
    "answer": _answer,
    "answer_says": _answer_says,
    "probability": _probability,
}
