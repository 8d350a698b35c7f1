"""Changes of form that leave every word in its place: letter case and Unicode."""

from __future__ import annotations

import numpy as np

_HOMOGLYPHS = str.maketrans("aeopcxyiAEOPCTHKMB", "аеорсхуіАЕОРСТНКМВ")
"""Latin letters and the Cyrillic ones that look the same."""
_FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}


def upper(text: str, generator: np.random.Generator) -> str:
    """Return the text in capitals."""
    return text.upper()


def lower(text: str, generator: np.random.Generator) -> str:
    """Return the text in lower case."""
    return text.lower()


def full_width(text: str, generator: np.random.Generator) -> str:
    """Return the text with the full-width forms of ASCII, as Chinese and Japanese keyboards make them."""
    return text.translate(_FULL_WIDTH)


def homoglyphs(text: str, generator: np.random.Generator) -> str:
    """Return the text with Cyrillic letters in the place of the Latin ones that look the same."""
    return text.translate(_HOMOGLYPHS)


def zero_width(text: str, generator: np.random.Generator) -> str:
    """Return the text with an invisible character inside about one word in four."""
    words = text.split(" ")
    for place, word in enumerate(words):
        if len(word) > 3 and generator.random() < 0.25:
            cut = int(generator.integers(1, len(word)))
            words[place] = f"{word[:cut]}\u200b{word[cut:]}"
    return " ".join(words)
