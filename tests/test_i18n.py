"""The message catalogues."""

from __future__ import annotations

import string

import pytest

from primum.errors import DefectError, InputError
from primum.i18n import LANGUAGES, catalogue, known, translate


def _placeholders(sentence):
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_language_has_every_sentence_with_the_same_placeholders(lang):
    english = catalogue("en")
    assert len(english) > 30
    assert catalogue(lang).keys() == english.keys()
    for key, sentence in catalogue(lang).items():
        assert _placeholders(sentence) == _placeholders(english[key]), key


def test_translate_fills_the_placeholders():
    assert translate("run_at", "zh", path="runs/heart") == "运行目录：runs/heart"
    assert known("run_at") and not known("nothing")


def test_unknown_sentence_is_a_defect():
    with pytest.raises(DefectError, match="there is no sentence 'nothing'"):
        translate("nothing")


def test_unknown_language_names_the_known_ones():
    with pytest.raises(InputError, match="expected one of en, zh, got 'fr'"):
        translate("run_at", "fr")
