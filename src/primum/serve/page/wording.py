"""The page's words in English and Chinese, and in which of them somebody is spoken to."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import yaml

from primum.i18n import Language
from primum.serve.security.speaking import LANGUAGE_COOKIE, language_of
from primum.study.report.wording import Wording, flatten

__all__ = ["LANGUAGE_COOKIE", "language_of", "words"]


@cache
def words(lang: Language) -> Wording:
    """Return the page's words in one language."""
    flat: dict[str, str] = {}
    for path in sorted(files("primum.serve.page").joinpath("words", lang).iterdir(), key=lambda one: one.name):
        flatten(yaml.safe_load(path.read_text(encoding="utf-8")), "", flat)
    return Wording(lang, texts=flat)
