"""The places of a note where a word may be written otherwise without another meaning, and what may stand there.

Typing errors, listed abbreviations and listed synonyms, in English and Chinese: the perturbations of this package, but
each at its own place. Denials, numbers and short words stay, and a typing error that makes another word of the cohort
does not count as one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from primum.cohort.augment import synonym_places
from primum.cohort.negation import DENIED
from primum.cohort.swap_words import HAN
from primum.safety.robustness.keyboard import confusions, mistyped
from primum.safety.robustness.wording import abbreviation_places

SHARE = 0.1
"""Share of the words that may be changed: as many as the perturbation `typos` changes."""
TYPOS = 3
"""Typing errors that are tried of a word."""
MOST_OPTIONS = 4
_WORD = re.compile(r"[^\W\d_]+")
_MISTYPED = re.compile(r"(?<![^\W_])[A-Za-z]{4,}(?![^\W_])")
_HAN_A_WORD = 2
"""Characters of an average Chinese word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A part of a text and what may stand there instead."""

    start: int
    end: int
    options: tuple[str, ...]


def words_of(text: str) -> set[str]:
    """Return the words of a text in lower case."""
    return {match[0].lower() for match in _WORD.finditer(text)}


def most_changes(text: str) -> int:
    """Return how many places of a text may be changed: a tenth of its words, at least one."""
    han = len(HAN.findall(text))
    words = sum(not HAN.search(match[0]) for match in _WORD.finditer(text))
    return max(1, int(SHARE * (words + han / _HAN_A_WORD)))


def places_of(text: str, known: set[str] | frozenset[str], generator: np.random.Generator) -> tuple[Place, ...]:
    """Return the places of a text, none overlapping another, in the order of the text.

    Args:
        text: English, Chinese or both.
        known: words in lower case that a typing error must not make.
        generator: draws the typing errors.
    """
    listed: dict[tuple[int, int], list[str]] = {}
    for start, end, others in [*synonym_places(text), *abbreviation_places(text)]:
        if not DENIED.search(text[start:end]):
            listed.setdefault((start, end), []).extend(others)
    confused = confusions()
    typed: dict[tuple[int, int], Sequence[str]] = {
        (at, at + 1): (confused[letter],) for at, letter in enumerate(text) if letter in confused
    }
    for match in _MISTYPED.finditer(text):
        if not DENIED.search(match[0]):
            typed[match.span()] = _typos(match[0], known, generator)
    found: list[Place] = []
    taken = np.zeros(len(text), dtype=bool)
    longest_first = sorted(listed, key=lambda span: span[0] - span[1])
    for span in [*longest_first, *(span for span in typed if span not in listed)]:
        options = tuple(dict.fromkeys([*listed.get(span, ()), *typed.get(span, ())]))[:MOST_OPTIONS]
        if options and not taken[slice(*span)].any():
            taken[slice(*span)] = True
            found.append(Place(start=span[0], end=span[1], options=options))
    return tuple(sorted(found, key=lambda place: place.start))


def written(text: str, places: Sequence[Place], changes: Mapping[int, int]) -> str:
    """Return the text with the options of these places."""
    for number in sorted(changes, reverse=True):
        place = places[number]
        text = text[: place.start] + place.options[changes[number]] + text[place.end :]
    return text


def left_out(text: str, places: Sequence[Place]) -> str:
    """Return the text without these places."""
    for place in sorted(places, key=lambda one: one.start, reverse=True):
        text = text[: place.start] + text[place.end :]
    return text


def _typos(word: str, known: set[str] | frozenset[str], generator: np.random.Generator) -> tuple[str, ...]:
    made = dict.fromkeys(mistyped(word, generator) for _ in range(2 * TYPOS))
    return tuple(one for one in made if one.lower() not in known and one != word)[:TYPOS]
