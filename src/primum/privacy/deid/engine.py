"""Finding identifiers in one text: every rule once, in linear time, and one answer whatever their order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Protocol

from primum.privacy.deid import name_forms, name_forms_zh, names_en, names_led, names_lower, names_zh
from primum.privacy.deid.addresses import ADDRESSES
from primum.privacy.deid.addresses_zh import ADDRESSES_ZH
from primum.privacy.deid.codes import CODES
from primum.privacy.deid.dates import DATES
from primum.privacy.deid.folding import folded
from primum.privacy.deid.labelled import LABELLED
from primum.privacy.deid.lists import phrases, vocabulary
from primum.privacy.deid.numbers import NUMBERS
from primum.privacy.deid.places import PLACES, PLACES_ZH, places_in, places_in_chinese
from primum.privacy.deid.rule import Rule
from primum.privacy.deid.spans import Span, resolve

_DIGIT = re.compile(r"[0-9〇零一二三四五六七八九]")
_OLD = re.compile(r"9\d|1[0-2]\d")
"""What every age over 89 holds; texts without it are most."""
_LATIN = re.compile(r"[A-Za-zÀ-ž]{2}")
_CHINESE = re.compile(r"[\u3400-\u9fff]")
_SOLID = re.compile(r"\w")
_INSIDE = (
    r"(?:(?<=[a-z,;] )"
    r"|(?<=[a-z]{2}\. )(?=\w+ (?:was|is|has|had|said|says|will|reports?|denies|lives)\b))"
)
"""Before a word inside a sentence, or before one that begins a sentence about what somebody does."""
_RULES = tuple(rule.beside_chinese() for rule in (*NUMBERS, *LABELLED, *CODES, *DATES))


class Recogniser(Protocol):
    """Something that finds identifiers besides the rules, e.g. a model for named entities."""

    def spans(self, text: str) -> Sequence[Span]:
        """Return what it finds in `text`."""


def find(text: str, *, recognisers: Sequence[Recogniser] = ()) -> list[Span]:
    """Return the identifiers of a text, in order and without overlap.

    Args:
        text: English, Chinese, or both.
        recognisers: asked besides the rules; what any of them finds counts.
    """
    read = folded(text)
    found = [*_by_rules(read), *_by_words(read)]
    for recogniser in recognisers:
        found += recogniser.spans(text)
    found += _again(read, found)
    trimmed = (_trimmed(text, span) for span in resolve(found))
    return [span for span in trimmed if span is not None]


def _by_rules(text: str) -> Iterator[Span]:
    has = {"digit": bool(_DIGIT.search(text)), "old": bool(_OLD.search(text)), "at": "@" in text, "nothing": True}
    lowered = text.lower()
    for rule in _RULES:
        if has[rule.needs] and _hinted(rule, lowered):
            yield from rule.spans(text)
    if _LATIN.search(text):
        for rule in (*PLACES, *ADDRESSES):
            if has[rule.needs] and _hinted(rule, lowered):
                yield from rule.spans(text)
    if _CHINESE.search(text):
        for rule in (*PLACES_ZH, *ADDRESSES_ZH):
            if has[rule.needs] and _hinted(rule, lowered):
                yield from rule.spans(text)


def _hinted(rule: Rule, lowered: str) -> bool:
    return not rule.hint or any(hint in lowered for hint in rule.hint)


def _by_words(text: str) -> Iterator[Span]:
    if _LATIN.search(text):
        yield from names_en.names_in(text)
        yield from name_forms.shaped_names_in(text)
        yield from names_led.led_names_in(text)
        yield from names_lower.lower_names_in(text)
        yield from places_in(text)
    if _CHINESE.search(text):
        yield from _chinese_names(text)
        yield from places_in_chinese(text)


def _chinese_names(text: str) -> Iterator[Span]:
    found = [*names_zh.names_in(text), *name_forms_zh.shaped_names_in(text)]
    yield from found
    yield from name_forms_zh.joined_names_in(text, found)
    for start, cut, joined in name_forms_zh.broken_windows(text):
        for span in (*names_zh.names_in(joined), *name_forms_zh.shaped_names_in(joined)):
            if span.start + start < cut < span.end + start:
                yield Span(start=span.start + start, end=span.end + start + 1, kind="name", score=span.score)


def _again(text: str, found: Sequence[Span]) -> Iterator[Span]:
    """Yield every other place where a name stands that was found once, and each part of it that is no common word."""
    wanted: set[str] = set()
    common: set[str] = set()
    for span in found:
        if span.kind == "name" and span.score >= 0.75:
            wanted.update(_parts(text[span.start : span.end]))
            common.update(_common_parts(text[span.start : span.end]))
    latin = sorted((part for part in wanted if part.isascii() or _LATIN.search(part)), key=len, reverse=True)
    if latin:
        pattern = re.compile(rf"(?<![\w@])(?:{'|'.join(map(re.escape, latin))})(?![\w@])")
        for match in pattern.finditer(text):
            following = re.match(r"(?:['’]s)?[ -]([\w]+)", text[match.end() : match.end() + 30])
            if following is None or following[1].lower() not in vocabulary("eponym_nouns"):
                yield Span(start=match.start(), end=match.end(), kind="name", score=0.7)
    yield from _again_within(text, common)
    for part in wanted - set(latin):
        start = text.find(part)
        while start >= 0:
            yield Span(start=start, end=start + len(part), kind="name", score=0.7)
            start = text.find(part, start + len(part))


def _again_within(text: str, words: set[str]) -> Iterator[Span]:
    """Yield where a name that is a common word too stands with a capital letter inside a sentence, or acts."""
    for word in words:
        pattern = rf"{_INSIDE}{re.escape(word)}(?![\w@-])(?! [A-Z])"
        for match in re.finditer(pattern, text):
            if not names_led.before_thing(text, match.end()):
                yield Span(start=match.start(), end=match.end(), kind="name", score=0.7)


def _common_parts(name: str) -> Iterator[str]:
    """Yield the parts of a name that are common words, e.g. Young: only with a capital letter are they names again."""
    for part in re.split(r"[\s,]+", name):
        plain = part.strip(".'’")
        if len(plain) > 2 and plain[1:].islower() and plain not in vocabulary("stop") and names_en.is_word(plain):
            yield plain


def _parts(name: str) -> Iterator[str]:
    if _CHINESE.search(name):
        if len(name) > 1:
            yield name
        return
    for part in re.split(r"[\s,]+", name):
        plain = part.strip(".'’")
        if (
            len(plain) > 2
            and plain not in vocabulary("stop")
            and not names_en.is_word(plain)
            and plain not in phrases("cities")
        ):
            yield plain


def _trimmed(text: str, span: Span) -> Span | None:
    """Return the span without white space and stray punctuation at its ends; None where nothing solid is left."""
    if not _SOLID.search(text, span.start, span.end):
        return None
    start, end = span.start, span.end
    while text[start] in " \t\n　,，;；:：":
        start += 1
    while text[end - 1] in " \t\n　,，;；:：":
        end -= 1
    return (
        span if (start, end) == (span.start, span.end) else Span(start=start, end=end, kind=span.kind, score=span.score)
    )
