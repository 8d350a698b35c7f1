"""The words of papers in English and Chinese, and how values of a run's files are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from primum.ethics.catalogue import Catalogue

word = Catalogue("papers/asked/words.yaml")
_labels = Catalogue("papers/asked/labels.yaml")


def label(key: str, lang: str, *, form: str = "") -> str:
    """Return what people call a key or a file (labels.yaml).

    Args:
        key: FILE:KEY or file:NAME.
        lang: en or zh.
        form: "none" for the sentence on a key that holds nothing; empty where there is none.
    """
    known = _labels.entries.get(key)
    if form:
        return str(known[form][lang]) if known and form in known else ""
    return str(known[lang]) if known else key.partition(":")[2].replace("_", " ")


def listing(names: Sequence[str], lang: str) -> str:
    """Return names one after the other."""
    return ("、" if lang == "zh" else ", ").join(names)


def told_value(key: str, value: object, lang: str) -> str:
    """Return "label: value"."""
    return f"{label(key, lang)}{'：' if lang == 'zh' else ': '}{in_words(value, lang)}"


def in_words(value: object, lang: str, *, inner: bool = False) -> str:
    """Return a value of a file as text: keys in words, numbers to four digits, nothing as a dash."""
    if isinstance(value, Mapping):
        return _pairs(value, lang, inner=inner)
    if isinstance(value, list | tuple):
        return listing([in_words(one, lang, inner=True) for one in value], lang) or "–"
    if value is None:
        return "–"
    if isinstance(value, bool):
        return word("yes" if value else "no", lang)
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 1000 else f"{value:g}"
    return str(value)


def _pairs(value: Mapping[str, Any], lang: str, *, inner: bool) -> str:
    if inner and value.get("column"):  # one role of several: its column, and its unit where there is one
        unit = value.get("unit")
        return f"{value['column']} ({unit})" if unit else str(value["column"])
    shown = {key: one for key, one in value.items() if one not in (None, {}, [], ())}
    if not shown:
        return "–"
    parts = [_pair(_term(str(key), lang), in_words(one, lang, inner=True)) for key, one in shown.items()]
    if inner:
        return f"（{'，'.join(parts)}）" if lang == "zh" else f"({', '.join(parts)})"
    return ("；" if lang == "zh" else "; ").join(parts)


def _pair(name: str, value: str) -> str:
    return name + value if value.startswith("（") else f"{name} {value}"


def _term(key: str, lang: str) -> str:
    """Return a key in words; one with capitals is a name of the study's own and stays as it is."""
    known = _labels.entries.get("term:" + key)
    return str(known[lang]) if known else key.replace("_", " ") if key.islower() else key
