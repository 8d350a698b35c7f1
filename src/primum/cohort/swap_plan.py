"""Which swaps a cohort's records allow: what each sensitive attribute is called in text and vitals."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from primum.cohort.attributes import UNKNOWN
from primum.cohort.cohort import Cohort
from primum.cohort.records import VitalColumn
from primum.cohort.swap_ages import Band, adult_part, band_of_name

SwapKind = Literal["sex", "age", "name", "level"]
NAME = "name"
"""The attribute of swaps of given names, which is no column of the study."""
_PAIRS = (
    ("female", "male"),
    ("f", "m"),
    ("woman", "man"),
    ("women", "men"),
    ("girl", "boy"),
    ("女", "男"),
    ("女性", "男性"),
    ("女士", "先生"),
)
_OTHER_SEX: Mapping[str, str] = {a: b for pair in _PAIRS for a, b in (pair, pair[::-1])}
_FEMALE = frozenset(female for female, _ in _PAIRS)
_SEX_NAME = re.compile(r"sex|gender|.*_(sex|gender)|(sex|gender)_.*|.*性别", re.IGNORECASE)
_AGE_NAME = re.compile(r"age|.*_age|age_.*|ages|.*年龄.*|岁数", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """One exchange that can be made in a cohort's records."""

    attribute: str
    """The sensitive attribute; "name" for given names, which are no attribute of the study."""
    kind: SwapKind
    """sex and age change words and vitals, name words, level a vital of two values that is itself the attribute."""
    to: Mapping[str, str] = field(default_factory=dict)
    """Group as recorded -> group as swapped; empty for names."""
    vitals: tuple[str, ...] = ()
    """The vitals that say the same and change with it."""
    exchange: Mapping[str, Mapping[str | float, str | float]] = field(default_factory=dict)
    """For each of them but an age in years: value -> value after the swap; other values stay."""
    bands: Mapping[str, Band] = field(default_factory=dict)
    """For age: the adult years of each group."""


def find_swaps(cohort: Cohort) -> list[Swap]:
    """Return every swap that the cohort's attributes, vitals and texts may allow.

    Sex: an attribute whose groups are sex words, or that is called sex and has two groups. Age: an attribute with
    bands; one swap moves every band one on (the last to the first), the next two on, until all pairs are covered.
    Any other attribute of two groups that is itself a vital: its two values are exchanged. Names: where there is text.
    """
    swaps: list[Swap] = []
    for attribute, groups in cohort.sensitive.items():
        levels = [str(level) for level in dict.fromkeys(groups.tolist()) if level != UNKNOWN]
        bins = next((role.bins for role in cohort.roles.sensitive if role.column == attribute), None)
        if _AGE_NAME.fullmatch(attribute):
            swaps += _age_swaps(cohort, attribute, levels, bins)
        elif bins is None:
            swaps += _exchange(cohort, attribute, levels)
    if cohort.records.text is not None:
        swaps.append(Swap(attribute=NAME, kind="name"))
    return swaps


def tells_age_or_sex(name: str, levels: Sequence[str] = ()) -> bool:
    """Return whether a column is an age or a sex, by what it is called or because all its levels are sex words."""
    by_levels = bool(levels) and all(level.casefold() in _OTHER_SEX for level in levels)
    return by_levels or _SEX_NAME.fullmatch(name) is not None or _AGE_NAME.fullmatch(name) is not None


def level_exchange(levels: Sequence[str]) -> dict[str, str]:
    """Return level -> opposite level: sex words by meaning, else two levels for each other, else nothing."""
    words = [level for level in levels if level.casefold() in _OTHER_SEX]
    if words:
        return {level: _opposite(level, words) for level in words}
    return {levels[0]: levels[1], levels[1]: levels[0]} if len(levels) == 2 else {}


def _opposite(level: str, words: Sequence[str]) -> str:
    """Return the other sex as the column spells it, or in the same spelling where the column never does."""
    female = level.casefold() in _FEMALE
    other = next((word for word in words if (word.casefold() in _FEMALE) != female), None)
    if other is not None:
        return other
    word = _OTHER_SEX[level.casefold()]
    return word.upper() if level.isupper() else word.capitalize() if level[0].isupper() else word


def _exchange(cohort: Cohort, attribute: str, levels: Sequence[str]) -> list[Swap]:
    vitals = cohort.records.vitals
    is_sex = bool(levels) and all(level.casefold() in _OTHER_SEX for level in levels)
    is_sex = is_sex or _SEX_NAME.fullmatch(attribute) is not None
    to = level_exchange(levels)
    if not to:
        return []
    exchange = {name: _exchange_of(vital, itself=name == attribute) for name, vital in vitals.items()}
    exchange = {name: values for name, values in exchange.items() if values}
    if is_sex:
        return [Swap(attribute=attribute, kind="sex", to=to, vitals=tuple(exchange), exchange=exchange)]
    if attribute not in exchange:
        return []
    own = {attribute: exchange[attribute]}
    return [Swap(attribute=attribute, kind="level", to=to, vitals=(attribute,), exchange=own)]


def _exchange_of(vital: VitalColumn, *, itself: bool) -> Mapping[str | float, str | float]:
    """Return how a vital's values are exchanged: of the attribute itself any two, of any other only sex words."""
    if vital.kind == "number":
        values = vital.values.astype(np.float64)
        two = np.unique(values[~np.isnan(values)]).tolist()
        return {two[0]: two[1], two[1]: two[0]} if itself and len(two) == 2 else {}
    levels = [level for level in dict.fromkeys(vital.values.tolist()) if level is not None]
    if itself or (levels and all(level.casefold() in _OTHER_SEX for level in levels)):
        return dict[str | float, str | float](level_exchange(levels).items())
    return {}


def _age_swaps(cohort: Cohort, attribute: str, levels: Sequence[str], bins: tuple[float, ...] | None) -> list[Swap]:
    if bins is not None:
        spelt = {f"{low:g}-{high:g}": (low, high) for low, high in zip(bins, bins[1:], strict=False)}
    else:
        spelt = {level: band for level in levels if (band := band_of_name(level)) is not None}
    adult = {name: part for name, band in spelt.items() if (part := adult_part(band)) is not None}
    bands = dict(sorted(adult.items(), key=lambda item: item[1]))
    vitals = tuple(
        name
        for name, vital in cohort.records.vitals.items()
        if (vital.kind == "number" and _AGE_NAME.fullmatch(name)) or (name == attribute and vital.kind == "category")
    )
    names = list(bands)
    moves = [
        {name: names[(place + step) % len(names)] for place, name in enumerate(names)} for step in range(1, len(names))
    ]
    by_name = [name for name in vitals if cohort.records.vitals[name].kind == "category"]
    return [
        Swap(
            attribute=attribute,
            kind="age",
            to=to,
            vitals=vitals,
            exchange={name: dict[str | float, str | float](to.items()) for name in by_name},
            bands=bands,
        )
        for to in moves
    ]
