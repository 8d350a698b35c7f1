"""Sentences in English and Chinese from a YAML file of this room, each a key with `en` and `zh`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import yaml


class Catalogue:
    """The sentences of one file: call it with a key, a language and the values that the sentence needs."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __call__(self, key: str, lang: str, /, **values: object) -> str:
        """Return a sentence with its values put in; a KeyError names a key that is not written."""
        return str(self.entries[key][lang]).format(**values)

    @property
    def entries(self) -> Mapping[str, Any]:
        """What the file holds."""
        return load(self._path)


@cache
def load(path: str) -> Mapping[str, Any]:
    """Return a YAML file of primum.ethics by its path there."""
    text = (resources.files("primum.ethics") / path).read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded
