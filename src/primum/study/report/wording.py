"""The report's words in English and Chinese, and how figures are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from markupsafe import Markup

from primum.errors import InputError

LANGUAGES = ("en", "zh")


class Wording:
    """The catalogue of one language: call it with a key and the values its sentence needs.

    Args:
        lang: en or zh.
        texts: sentences by dotted key; None: the report's.
    """

    def __init__(self, lang: str, *, texts: Mapping[str, str] | None = None) -> None:
        if lang not in LANGUAGES:
            raise InputError(f"lang: {lang!r} is not known; choose one of {', '.join(LANGUAGES)}.")
        self.lang = lang
        self._texts = catalogue(lang) if texts is None else texts

    def __call__(self, key: str, **values: object) -> str:
        """Return the sentence of `key` with its values put in; a KeyError names a key that is not written."""
        return self._texts[key].format(**values)

    def markup(self, key: str, **values: object) -> Markup:
        """Return the sentence of `key` as markup: its values are escaped unless they are markup themselves."""
        return Markup(self._texts[key]).format(**values)

    def __contains__(self, key: str) -> bool:
        """Return whether the catalogue has a sentence of that key."""
        return key in self._texts

    def known(self, key: str, *, otherwise: str) -> str:
        """Return the words of `key`, or `otherwise` where the catalogue has none (names that others invent)."""
        return self._texts.get(key, otherwise)

    def listing(self, items: Sequence[str]) -> str:
        """Return "a, b and c"."""
        if len(items) < 2:
            return "".join(items)
        return self._texts["list.comma"].join(items[:-1]) + self._texts["list.and"] + items[-1]


@cache
def catalogue(lang: str) -> Mapping[str, str]:
    """Return one language's sentences by dotted key."""
    flat: dict[str, str] = {}
    for name in (
        "text",
        "fairness",
        "trust",
        "privacy",
        "sets",
        "marks",
        "hazards",
        "knowledge",
        "papers",
        "explain",
        "beside",
        "overall",
    ):
        text = files("primum.study.report").joinpath(f"{name}_{lang}.yaml").read_text(encoding="utf-8")
        flatten(yaml.safe_load(text), "", flat)
    return flat


def flatten(value: Any, prefix: str, into: dict[str, str]) -> None:
    """Add the sentences of a nested catalogue to `into`, by dotted key."""
    if isinstance(value, Mapping):
        for key, below in value.items():
            flatten(below, f"{prefix}.{key}" if prefix else str(key), into)
    else:
        into[prefix] = str(value)


def number(value: float | None, *, signed: bool = False) -> str:
    """Return a figure: three decimals below 10, three significant digits above, a true minus sign, – for none."""
    if value is None:
        return "–"
    size = abs(value)
    text = f"{size:.3f}" if size < 10 else f"{size:.1f}" if size < 1000 else f"{size:,.0f}"
    if float(text.replace(",", "")) == 0:
        return text
    if value < 0:
        return "−" + text
    return "+" + text if signed else text


def interval(low: float | None, high: float | None, *, signed: bool = False) -> str:
    """Return "low to high" in the form of `number`, or – when there is no interval."""
    if low is None or high is None:
        return "–"
    return f"{number(low, signed=signed)} – {number(high, signed=signed)}"


def percent(share: float | None) -> str:
    """Return a share as whole percent, one decimal below 10 %, a true minus sign before a fall below 0."""
    if share is None:
        return "–"
    size = abs(100 * share)
    text = f"{size:.1f} %" if 0 < size < 9.95 else f"{size:.0f} %"
    return "−" + text if share < 0 and text != "0.0 %" else text


def whole(n: object) -> str:
    """Return a count with thousands set apart, or – for none."""
    return f"{n:,}" if isinstance(n, int) else "–"
