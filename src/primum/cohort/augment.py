"""Text augmentation: the same note in other words, or a part of it, so that a model sees more than it was given.

Synonyms come from two short tables beside this file, English and Chinese. A crop keeps neighbouring sentences, or
neighbouring tokens where a text is a single sentence. Both draw from a generator that is passed in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files

import numpy as np
import yaml

from primum.cohort.swap_words import HAN

_BETWEEN_SENTENCES = re.compile(r"(?<=[.!?])(?=\s+\S)|(?<=[。！？；])(?=\s*\S)|(?<=\S)(?=\s*\n\s*\S)")
_TOKEN = re.compile(r"[\u4e00-\u9fff]|[^\s\u4e00-\u9fff]+\s*|\s+")


def with_synonyms(text: str, generator: np.random.Generator, *, share: float = 0.3) -> str:
    """Return the text with about `share` of its words that have synonyms replaced by one of them.

    Args:
        text: English, Chinese or both.
        generator: decides which words and which synonyms.
        share: probability that a word with synonyms is replaced, in [0, 1].
    Source: Wei & Zou 2019, EMNLP ("EDA"), section 2, with a clinical table in the place of WordNet.
    """
    for lang in ("en", "zh") if HAN.search(text) else ("en",):
        others = _others(lang)

        def replaced(match: re.Match[str], others: Mapping[str, Sequence[str]] = others) -> str:
            if generator.random() >= share:
                return match[0]
            choices = others[match[0].lower()]
            return _cased(choices[int(generator.integers(len(choices)))], match[0])

        text = _pattern(lang).sub(replaced, text)
    return text


def synonym_places(text: str) -> Iterator[tuple[int, int, list[str]]]:
    """Yield where a word that has synonyms begins and ends, and its synonyms, cased as it is."""
    for lang in ("en", "zh") if HAN.search(text) else ("en",):
        others = _others(lang)
        for match in _pattern(lang).finditer(text):
            yield *match.span(), [_cased(other, match[0]) for other in others[match[0].lower()]]


def cropped(text: str, generator: np.random.Generator, *, keep: float = 0.7) -> str:
    """Return neighbouring sentences that make up about `keep` of the text; of a single sentence, neighbouring tokens.

    Args:
        text: English, Chinese or both.
        generator: decides where the part begins.
        keep: share of sentences or tokens to keep, in (0, 1]; at least one is kept.
    Raises:
        ValueError: `keep` is outside (0, 1].
    """
    if not 0 < keep <= 1:
        raise ValueError(f"keep: expected a share above 0 and at most 1, got {keep:g}.")
    parts = _BETWEEN_SENTENCES.split(text)
    if len(parts) < 2:
        parts = _TOKEN.findall(text.strip())
    if len(parts) < 2:
        return text
    n = max(1, round(keep * len(parts)))
    start = int(generator.integers(len(parts) - n + 1))
    return "".join(parts[start : start + n]).strip()


@cache
def _others(lang: str) -> Mapping[str, Sequence[str]]:
    path = files("primum.cohort") / "words" / f"synonyms_{lang}.yaml"
    groups: list[list[str]] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {word: [other for other in group if other != word] for group in groups for word in group}


@cache
def _pattern(lang: str) -> re.Pattern[str]:
    listed = "|".join(re.escape(word) for word in sorted(_others(lang), key=len, reverse=True))
    return re.compile(rf"\b(?:{listed})\b" if lang == "en" else listed, re.IGNORECASE)


def _cased(new: str, old: str) -> str:
    if old.isupper() and old.lower() != old:
        return new.upper()
    return new[0].upper() + new[1:] if old[0].isupper() else new
