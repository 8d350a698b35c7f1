"""In which language somebody is spoken to, and what is refused in that language.

Code writes its sentences once, in English; a catalogue has the others by the English ones, so that a sentence of a
lower floor, or of a library, can be there too. Where it lacks one, who reads Chinese is shown its kind's in Chinese.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files

import yaml
from starlette.requests import Request

from primum.i18n import LANGUAGES, Language
from primum.serve.security.faults import Refused

LANGUAGE_COOKIE = "primum_lang"
_OTHER = "other"
_OF_KIND: Mapping[str, str] = {
    "malformed": "The request cannot be read.",
    "not_found": "There is nothing here.",
    "method": "This address does not take this method.",
    "media_type": "This kind of content is not taken here.",
}
_ENGLISH = re.compile(r"[A-Za-z]+(?: [A-Za-z]+){3,}")
_PLACE = re.compile(r"\{(\d)\}")


def language_of(request: Request) -> Language:
    """Return the language that was chosen, else the first that the browser or program asks for, else English."""
    state = request.scope.get("state", {})
    chosen = _named(state.get("lang", "")) or _named(request.cookies.get(LANGUAGE_COOKIE, ""))
    return chosen or _preferred(request.headers) or "en"


def asked_language(request: Request) -> Language:
    """Return the language that a program asks for in the address (`lang`), else `language_of`."""
    return _named(request.query_params.get("lang", "")) or language_of(request)


def in_words(refused: Refused, lang: str) -> Refused:
    """Return a refusal in a language: its sentence and what it says of fields."""
    if lang == "en":
        return refused
    errors = [replace(one, message=translated(one.message, lang) or known(lang)[_OTHER]) for one in refused.errors]
    message = translated(refused.message, lang) or of_kind(refused.kind, lang)
    return Refused(
        refused.kind, message, errors=errors, headers=refused.headers, key=refused.key, values=refused.values
    )


def of_kind(kind: str, lang: str) -> str:
    """Return what is said of a kind of refusal where no sentence is known."""
    said = _OF_KIND.get(kind, "The request is refused.")
    return said if lang == "en" else known(lang)[said]


def translated(sentence: str, lang: str) -> str | None:
    """Return an English sentence of the service in another language; None where the catalogue lacks it."""
    if lang == "en":
        return sentence
    there = known(lang)
    if sentence in there:
        return there[sentence]
    for pattern, key in _patterns(lang):
        found = pattern.fullmatch(sentence)
        values = [] if found is None else [translated(one, lang) or one for one in found.groups()]
        if found is not None and not any(map(_ENGLISH.search, values)):
            return there[key].format(*values)
    return None


@cache
def known(lang: str) -> Mapping[str, str]:
    """Return a language's sentences by the English ones."""
    text = files("primum.serve.security").joinpath("words", f"{lang}.yaml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))


@cache
def _patterns(lang: str) -> list[tuple[re.Pattern[str], str]]:
    """Return what finds sentences with values in them, those with the most words of their own first."""
    with_values = [key for key in known(lang) if _PLACE.search(key)]
    return [
        (re.compile("(.*?)".join(map(re.escape, _PLACE.split(key)[::2])), re.DOTALL), key)
        for key in sorted(with_values, key=lambda one: -len(_PLACE.sub("", one)))
    ]


def _preferred(headers: Mapping[str, str]) -> Language | None:
    asked = (part.partition(";")[0].strip().lower() for part in headers.get("accept-language", "").split(","))
    return next((lang for tag in asked if (lang := _named(tag.partition("-")[0]))), None)


def _named(tag: str) -> Language | None:
    return next((lang for lang in LANGUAGES if lang == tag), None)
