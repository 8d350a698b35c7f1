"""A model for named entities besides the rules: spaCy's, by the name of an installed model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from primum.errors import InputError
from primum.extras import require
from primum.privacy.deid.names_en import is_word
from primum.privacy.deid.spans import Span

_KINDS: Mapping[str, str] = {"PERSON": "name", "PER": "name", "GPE": "place", "LOC": "place", "FAC": "place"}


class SpacyRecogniser:
    """Finds names and places with a spaCy model that is installed; nothing is downloaded.

    Args:
        model: the model's name, e.g. "en_core_web_sm".
    Raises:
        ExtraMissingError: spaCy is not installed.
        InputError: the model is not installed.
    """

    def __init__(self, model: str) -> None:
        spacy = require("spacy", extra="ner", purpose="A recogniser of named entities")
        try:
            self._read: Any = spacy.load(model, disable=["lemmatizer"])
        except OSError as exc:
            raise InputError(f"--ner: the spaCy model {model!r} is not installed; install it with pip first.") from exc

    def spans(self, text: str) -> list[Span]:
        """Return the names and places of a text; single words that are common ones are no names."""
        return [
            Span(start=one.start_char, end=one.end_char, kind=_KINDS[one.label_], score=0.5)
            for one in self._read(text).ents
            if one.label_ in _KINDS and one.text.strip() and not is_word(one.text)
        ]
