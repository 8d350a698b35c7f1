"""The page's words in English and Chinese, and in which of them somebody is spoken to."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import yaml
from fastapi import Request

from primum.i18n import LANGUAGES, Language
from primum.study.report.wording import Wording, flatten

LANGUAGE_COOKIE = "primum_lang"


@cache
def words(lang: Language) -> Wording:
    """Return the page's words in one language."""
    flat: dict[str, str] = {}
    for path in sorted(files("primum.serve.page").joinpath("words", lang).iterdir(), key=lambda one: one.name):
        flatten(yaml.safe_load(path.read_text(encoding="utf-8")), "", flat)
    return Wording(lang, texts=flat)


def language_of(request: Request) -> Language:
    """Return the language that was chosen, else the first that the browser asks for and the page speaks."""
    return _named(request.cookies.get(LANGUAGE_COOKIE, "")) or _preferred(request.headers) or "en"


def _preferred(headers: Mapping[str, str]) -> Language | None:
    asked = (part.partition(";")[0].strip().lower() for part in headers.get("accept-language", "").split(","))
    return next((lang for tag in asked if (lang := _named(tag.partition("-")[0]))), None)


def _named(tag: str) -> Language | None:
    return next((lang for lang in LANGUAGES if lang == tag), None)
