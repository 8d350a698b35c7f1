"""How hard a text is to read: the Flesch-Kincaid grade in English, the length of sentences in Chinese."""

from __future__ import annotations

import re
from pathlib import Path

from lxml import html


def own_words(page: Path | str) -> list[str]:
    """Return the sentences of a page for patients that primum wrote: without what the study says in its own words."""
    text = page.read_text(encoding="utf-8") if isinstance(page, Path) else page
    body = html.fromstring(text).find("body")
    for element in [*body.find_class("quoted"), *body.find_class("study"), *body.iter("svg", "h1", "h2")]:
        element.drop_tree()
    lines = [" ".join(e.text_content().split()) for e in body.iter("p", "li")]
    return [s for line in lines for s in re.split(r"(?<=[.:?。：？；])\s*", line) if s.strip(" ”“。.")]


def grade(sentences: list[str]) -> float:
    """Return the grade of Kincaid et al. 1975: 0.39 words a sentence + 11.8 syllables a word - 15.59."""
    words = [word for s in sentences for word in re.findall(r"[A-Za-z]+(?:'[a-z]+)?", s)]
    return 0.39 * len(words) / len(sentences) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59


def syllables(word: str) -> int:
    """Return a word's syllables: its groups of vowels, without a silent e or ed."""
    word = word.lower()
    count = len(re.findall(r"[aeiouy]+", word))
    if re.search(r"[^l]e$", word) and count > 1 and not re.search(r"[aeiouy]e$", word):
        count -= 1
    if re.search(r"[^td]ed$", word) and count > 1:
        count -= 1
    return max(count, 1)
