"""How a figure was found, in the reader's language: a finding says it in English, clause by clause."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

import yaml

_TOGETHER = ", simultaneous over "


def method_in(lang: str, method: str) -> str:
    """Return a finding's method in a language; a clause that the table does not know stays in English."""
    if lang == "en":
        return method
    return "；".join(_clause(clause) for clause in method.split("; "))


def _clause(clause: str) -> str:
    head, together, over = clause.partition(_TOGETHER)
    if together:
        return f"{_told(head)}，{_told(together.removeprefix(', ') + over)}"
    return _told(clause)


def _told(clause: str) -> str:
    for pattern, chinese in _table():
        match = pattern.fullmatch(clause)
        if match:
            return chinese.format(*match.groups())
    return clause


@cache
def _table() -> tuple[tuple[re.Pattern[str], str], ...]:
    text = files("primum.study.report").joinpath("methods_zh.yaml").read_text(encoding="utf-8")
    loaded: dict[str, str] = yaml.safe_load(text)
    return tuple((re.compile(re.escape(str(a)).replace(r"\{\}", "(.+?)")), str(b)) for a, b in loaded.items())
