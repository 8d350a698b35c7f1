"""Sentences for people, in English and Chinese, from the catalogues in `primum/locale`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Literal, get_args

import yaml

from primum.errors import DefectError, InputError

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = get_args(Language)


def translate(key: str, lang: str = "en", **values: object) -> str:
    """Return the catalogue's sentence for `key` in `lang`, its {placeholders} filled with `values`.

    Raises:
        InputError: `lang` is no language of the catalogue.
        DefectError: the catalogue has no such key.
    """
    try:
        sentence = catalogue(lang)[key]
    except KeyError:
        raise DefectError(f"message catalogue {lang!r}: there is no sentence {key!r}.") from None
    return sentence.format(**values)


def known(key: str, lang: str = "en") -> bool:
    """Return whether the catalogue of `lang` has a sentence for `key`."""
    return key in catalogue(lang)


def compared_with(kind: str, name: str, lang: str = "en") -> str:
    """Return what people call that which a finding is compared with.

    Args:
        kind: the key of the finding's `versus`: baseline, perturbation, records, or an attribute of patients.
        name: its value; one that the catalogue does not know is returned with blanks for underscores where primum
            names things of that kind, and as it is where others do.
        lang: of the catalogue.
    """
    key = f"versus.{kind}.{name}"
    if known(key, lang):
        return translate(key, lang)
    return name.replace("_", " ") if kind in ("baseline", "perturbation", "records") else name


@cache
def catalogue(lang: str) -> Mapping[str, str]:
    """Return every sentence of one language by key.

    Raises:
        InputError: `lang` is no language of the catalogue.
    """
    if lang not in LANGUAGES:
        raise InputError(f"language: expected one of {', '.join(LANGUAGES)}, got {lang!r}.")
    text = (files("primum") / "locale" / f"{lang}.yaml").read_text(encoding="utf-8")
    loaded = yaml.safe_load(text)
    return {str(key): str(value) for key, value in loaded.items()}
