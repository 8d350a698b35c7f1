"""In which language a text is written: by its script, and in Latin script by its commonest words."""

from __future__ import annotations

import re

LANGUAGES_TOLD = ("en", "zh", "fr", "de", "es", "it", "pt", "nl", "ja", "ko", "ru", "ar", "other script")
_HAN = re.compile(r"[\u3400-\u9fff]")
_LATIN = re.compile(r"[a-z\u00c0-\u024f]")
_SCRIPTS = (
    (re.compile(r"[\u3040-\u30ff]"), "ja"),
    (re.compile(r"[\uac00-\ud7af]"), "ko"),
    (re.compile(r"[\u0400-\u04ff]"), "ru"),
    (re.compile(r"[\u0600-\u06ff]"), "ar"),
    (re.compile(r"[\u0370-\u03ff\u0530-\u05ff\u0900-\u0fff\u1780-\u17ff]{8}"), "other script"),
)
# Words that stand in nearly every sentence of one language and seldom or never in the others.
_WORDS: dict[str, frozenset[str]] = {
    "en": frozenset("the and of to is with was has have my for no his her she he that been are this from".split()),
    "fr": frozenset(
        "le les des est et une dans pour pas avec qui sur au je il elle mon ma du été ont aux cette".split()
    ),
    "de": frozenset(
        "der die und das ist nicht mit ich ein eine von zu den auf sich dem wird bei hat seit keine".split()
    ),
    "es": frozenset("el los las una y que por con para se del su al tiene muy lo más desde mi paciente es".split()),
    "it": frozenset("il che di è per una non con della sono gli nel ha del alla mi anche da più dei ho".split()),
    "pt": frozenset("não uma com para os que da em um dos por mais foi ao tem minha meu está são também há".split()),
    "nl": frozenset("het een van en niet met ik zijn voor aan ook heeft bij naar maar mijn geen dan wordt".split()),
}
_LEAST_WORDS = 4
"""Telling words that must be there, and twice as many as of any other language."""


def language_of(text: str) -> int:
    """Return the index into LANGUAGES_TOLD of a lower-case text's language, -1 where it cannot be told."""
    if not text.isascii():
        script = _script_of(text)
        if script is not None:
            return LANGUAGES_TOLD.index(script)
    words = text.replace(".", " ").replace(",", " ").split()
    counts = sorted(((sum(word in known for word in words), name) for name, known in _WORDS.items()), reverse=True)
    (most, name), (second, _) = counts[0], counts[1]
    if most < _LEAST_WORDS or most < 2 * second or most < 0.1 * len(words):
        return -1
    return LANGUAGES_TOLD.index(name)


def _script_of(text: str) -> str | None:
    """Return the language whose script a third of the letters are in."""
    letters = sum(map(str.isalpha, text))
    if letters < 5:
        return None
    for pattern, name in _SCRIPTS:
        found = sum(map(len, pattern.findall(text)))
        if found > 0.3 * letters:
            return name
    return "zh" if len(_HAN.findall(text)) > 0.3 * letters else None
