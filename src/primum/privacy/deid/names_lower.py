# ruff: noqa: E501 - each pattern stays whole
"""Names in Latin script in text without capital letters: dictation, chat, old systems."""

from __future__ import annotations

import re
from collections.abc import Iterator

from primum.privacy.deid.lists import vocabulary
from primum.privacy.deid.names_en import is_family, is_given, is_word
from primum.privacy.deid.names_led import before_thing, is_listed, is_unlisted_name
from primum.privacy.deid.spans import Span

_FEW = 0.02
_WORD = re.compile(r"(?<![\w@./-])[a-zà-ž][a-zà-ž'’-]{1,25}(?![\w@/])")
_TITLED = re.compile(
    r"\b(?:dr|doctor|mr|mrs|ms|miss|prof|professor|nurse|surname|first name|last name|family name|full name|patient name|name is|name was|my name's|named|dear)\.?:? $"
)
_LED = re.compile(
    r"\b(?:patient|pt|name|called|known as|son|daughter|wife|husband|mother|father|mum|mom|dad|brother|sister|partner|friend|neighbou?r|aunt|uncle|cousin|carer|by|with|from|for|to|hi|hello|thanks|regards|signed|this is|it's|its|i am|i'm|im|cc|consultant|surgeon|gp|physician|registrar|midwife|re|and|told|asked|saw|met|contact)[,:]? $"
)


def lower_names_in(text: str) -> Iterator[Span]:
    """Yield the names of a text in which hardly a letter is a capital: two listed words, or one where a person must stand."""
    letters = sum(map(str.isalpha, text))
    if not letters or sum(map(str.isupper, text)) > _FEW * letters:
        return
    run: list[re.Match[str]] = []
    for match in _WORD.finditer(text):
        if run and text[run[-1].end() : match.start()] != " ":
            yield from _named(text, run)
            run = []
        if _is_common(match[0]):
            yield from _named(text, run)
            run = []
        else:
            run.append(match)
    yield from _named(text, run)


def _is_common(word: str) -> bool:
    plain = word.removesuffix("'s").removesuffix("’s")
    if plain in vocabulary("lower_words") or "-" in plain and not is_listed(plain):
        return True
    known = any(plain.capitalize() in vocabulary(kind) for kind in ("stop", "brands", "eponyms", "countries", "titles"))
    return (
        known
        or is_word(plain)
        or not (is_given(plain) or is_family(plain))
        and not is_unlisted_name(plain.capitalize())
    )


def _named(text: str, run: list[re.Match[str]]) -> Iterator[Span]:
    """Yield a name at the beginning of a run of words of no general use, or a pair in it that lists know."""
    if not run:
        return
    before = text[max(0, run[0].start() - 18) : run[0].start()]
    listed = [is_given(one[0]) or is_family(one[0]) for one in run]
    if _TITLED.search(before) or listed[0] and _LED.search(before):
        end = run[min(len(run), 3) - 1].end() if all(listed[:3]) or len(run) < 3 else run[0].end()
        if not before_thing(text, end):
            yield Span(start=run[0].start(), end=end, kind="name", score=0.72)
            return
    for place in range(len(run) - 1):
        if listed[place] and listed[place + 1] and not before_thing(text, run[place + 1].end()):
            yield Span(start=run[place].start(), end=run[place + 1].end(), kind="name", score=0.7)
