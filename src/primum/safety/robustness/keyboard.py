"""Slips of the keyboard, in English and Chinese."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import numpy as np
import yaml

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_WORD = re.compile(r"[A-Za-z]{4,}")
_SHARE = 0.1
"""Share of the words of four letters or more, or of the confusable Chinese characters, that are mistyped."""


def typos(text: str, generator: np.random.Generator) -> str:
    """Return the text with about one word in ten mistyped: a neighbouring key, two letters exchanged, one left out.

    Chinese: a homophone or a look-alike in the place of a character that is often mistaken.
    """
    confused = confusions()
    text = _WORD.sub(lambda match: mistyped(match[0], generator) if generator.random() < _SHARE else match[0], text)
    return "".join(confused[c] if c in confused and generator.random() < 3 * _SHARE else c for c in text)


def mistyped(word: str, generator: np.random.Generator) -> str:
    """Return a word of four letters or more with one slip somewhere after its first letter."""
    place = int(generator.integers(1, len(word) - 1))
    kind = int(generator.integers(3))
    if kind == 0:
        return word[:place] + word[place + 1 :]
    if kind == 1:
        return word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    keys = _neighbours()[word[place].lower()]
    return word[:place] + keys[int(generator.integers(len(keys)))] + word[place + 1 :]


@cache
def _neighbours() -> Mapping[str, str]:
    found: dict[str, str] = {}
    for row in _ROWS:
        for place, key in enumerate(row):
            found[key] = row[max(place - 1, 0) : place] + row[place + 1 : place + 2]
    return found


@cache
def confusions() -> Mapping[str, str]:
    """Return the Chinese characters that are often mistaken, each with what is written instead."""
    path = files("primum.safety.robustness") / "words" / "typos_zh.yaml"
    loaded: dict[str, str] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return loaded
