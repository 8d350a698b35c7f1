"""The lists of names, words and places that the rules look up, read once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml


@cache
def names(which: str) -> frozenset[str]:
    """Return the entries of a list in `words`, e.g. "family_en", without their marks."""
    return frozenset(line.partition("\t")[0] for line in _lines(which))


@cache
def characters(which: str) -> frozenset[str]:
    """Return the single characters that a list in `words` consists of."""
    return frozenset("".join(_lines(which)))


@cache
def pairs(which: str) -> tuple[tuple[str, str], ...]:
    """Return the pairs of single characters that a list in `words` consists of."""
    joined = "".join(_lines(which))
    return tuple(zip(joined[::2], joined[1::2], strict=True))


def one_of(words: Iterable[str]) -> str:
    """Return a pattern for any of `words`, the longest that fits: a tree of shared beginnings, not a list to try."""
    tree: dict[str, Any] = {}
    for word in words:
        branch = tree
        for letter in word:
            branch = branch.setdefault(letter, {})
        branch[""] = {}
    return _branches(tree)


def _branches(tree: Mapping[str, Any]) -> str:
    ends = "" in tree
    rest = {letter: branch for letter, branch in tree.items() if letter}
    if not rest:
        return ""
    single = [re.escape(letter) for letter, branch in rest.items() if list(branch) == [""]]
    parts = [re.escape(letter) + _branches(branch) for letter, branch in rest.items() if list(branch) != [""]]
    if single:
        parts.append(single[0] if len(single) == 1 else f"[{''.join(single)}]")
    joined = parts[0] if len(parts) == 1 and not ends else f"(?:{'|'.join(parts)})"
    return f"{joined}?" if ends else joined


def may_be_name(word: str) -> bool:
    """Return whether a word, in whatever case, is on a list of names or, in Chinese, begins as a full name does.

    A common word that somebody is also called by, such as "rose" or "grace", is one: this is for texts that must not
    name anybody, and not for finding names in a note.
    """
    if word.lower() in _latin_names():
        return True
    family = names("family_zh")
    return any(word[:n] in family for n in (1, 2)) and word not in names("common_zh")


@cache
def _latin_names() -> frozenset[str]:
    return frozenset(name.lower() for which in ("family_en", "given_en") for name in names(which))


@cache
def sexes() -> Mapping[str, str]:
    """Return f or m for each given name in Latin script that only one sex bears."""
    marked = (line.partition("\t") for line in _lines("given_en"))
    return {name: sex for name, _, sex in marked if sex}


@cache
def vocabulary(which: str) -> frozenset[str]:
    """Return one set of words of `words/rules.yaml`."""
    return frozenset(str(_rules()[which]).split())


@cache
def phrases(which: str) -> frozenset[str]:
    """Return one list of `words/rules.yaml` whose entries hold spaces."""
    return frozenset(str(one) for one in _rules()[which])


@cache
def _rules() -> Mapping[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(_read("rules.yaml"))
    return loaded


def _lines(which: str) -> list[str]:
    return [line for line in _read(f"{which}.txt").splitlines() if line and not line.startswith("#")]


def _read(name: str) -> str:
    return (files("primum.privacy.deid") / "words" / name).read_text(encoding="utf-8")
