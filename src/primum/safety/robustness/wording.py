"""Other words for the same (abbreviations, synonyms, frames), and less of the text (sentences dropped, the end cut)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files

import numpy as np
import yaml

from primum.cohort.augment import cropped, with_synonyms
from primum.cohort.swap_words import HAN

_SENTENCES = re.compile(r"(?<=[.!?;])\s+(?=\S)|(?<=[。！？；])(?=\S)|\n+")
_FRAMES = {
    "en": ("Patient's own words: {}", "Clinical note. {}", "{} End of note.", "As documented today: {}"),
    "zh": ("患者自述：{}", "病历记录：{}", "{} 以上为记录内容。", "今日记录如下：{}"),
}


def abbreviated(text: str, generator: np.random.Generator) -> str:
    """Return the text with every listed clinical word abbreviated."""
    for lang in ("en", "zh") if HAN.search(text) else ("en",):
        pattern, table = _abbreviations(lang)
        text = pattern.sub(lambda match, table=table: table[match[0].lower()], text)  # type: ignore[misc]
    return text


def abbreviation_places(text: str) -> Iterator[tuple[int, int, list[str]]]:
    """Yield where a listed clinical word begins and ends, and its abbreviation."""
    for lang in ("en", "zh") if HAN.search(text) else ("en",):
        pattern, table = _abbreviations(lang)
        for match in pattern.finditer(text):
            yield *match.span(), [table[match[0].lower()]]


def synonyms(text: str, generator: np.random.Generator) -> str:
    """Return the text with every listed clinical word replaced by a synonym."""
    return with_synonyms(text, generator, share=1.0)


def framed(text: str, generator: np.random.Generator) -> str:
    """Return the text inside a sentence that adds nothing to it."""
    frames = _FRAMES["zh" if HAN.search(text) else "en"]
    return frames[int(generator.integers(len(frames)))].format(text)


def sentence_dropped(text: str, generator: np.random.Generator) -> str:
    """Return the text without one of its sentences; a single sentence stays."""
    parts = [part for part in _SENTENCES.split(text) if part.strip()]
    if len(parts) < 2:
        return text
    del parts[int(generator.integers(len(parts)))]
    return ("" if HAN.search(text) else " ").join(parts)


def end_cut_off(text: str, generator: np.random.Generator) -> str:
    """Return the first half of the text."""
    return text[: max(len(text) // 2, 1)]


def part_kept(text: str, generator: np.random.Generator) -> str:
    """Return neighbouring sentences that make up seven tenths of the text."""
    return cropped(text, generator)


@cache
def _abbreviations(lang: str) -> tuple[re.Pattern[str], Mapping[str, str]]:
    path = files("primum.safety.robustness") / "words" / f"abbreviations_{lang}.yaml"
    table: dict[str, str] = yaml.safe_load(path.read_text(encoding="utf-8"))
    listed = "|".join(re.escape(word) for word in sorted(table, key=len, reverse=True))
    return re.compile(rf"\b(?:{listed})\b" if lang == "en" else listed, re.IGNORECASE), table
