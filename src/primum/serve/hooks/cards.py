"""An answer as a CDS Hooks card: a headline, what the reader has to know, and reasons to overrule it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from primum.i18n import translate
from primum.serve.told import Told

_SYSTEM = "urn:primum:override-reasons"
OVERRIDE_REASONS = ("findings_differ", "known_already", "not_this_patient", "not_understood", "other")
"""Codes of the reasons for which a clinician may overrule a card; their words are in the catalogues."""
_SUMMARY = 140
"""Characters that CDS Hooks allows a summary at the most, less one."""


def cards_of(answers: Iterable[Told], *, url: str, lang: str = "en") -> dict[str, Any]:
    """Return the response of a CDS service."""
    return {"cards": [card_of(told, url=url, lang=lang) for told in answers]}


def card_of(told: Told, *, url: str, lang: str = "en") -> dict[str, Any]:
    """Return an answer as a card; its uuid is the Case's id, so that feedback finds it.

    Args:
        told: the answer.
        url: of the service, where the Case can be opened.
        lang: en or zh.
    """
    lines = [
        *([f"- {_markdown(told.found)}"] if told.found else []),
        *(f"- {_markdown(sentence)}" for sentence in told.sentences),
    ]
    shown = [f"- **{_markdown(name)}**: {value:.0%}{_interval(told, name)}" for name, value in _ranked(told)]
    return {
        "uuid": told.case,
        "summary": _headline(told, lang),
        "indicator": "critical" if told.urgent else "warning" if told.held else "info",
        "detail": "\n".join([*shown, *lines, "", translate("hooks.decide", lang)]).strip(),
        "source": {"label": f"primum · {told.study}", "url": f"{url}/cases/{told.case}"},
        "selectionBehavior": "any",
        "links": [{"label": translate("hooks.open", lang), "url": f"{url}/cases/{told.case}", "type": "absolute"}],
        "overrideReasons": [
            {"code": code, "system": _SYSTEM, "display": translate(f"hooks.reason.{code}", lang)}
            for code in OVERRIDE_REASONS
        ],
    }


def _interval(told: Told, name: str) -> str:
    ends = told.intervals.get(name)
    return "" if ends is None else f" ({ends[0]:.0%} – {ends[1]:.0%})"


def _headline(told: Told, lang: str) -> str:
    if told.urgent:
        said = translate("hooks.urgent", lang, study=told.study)
    elif told.held or not (told.probabilities or told.found or told.value is not None):
        said = translate("hooks.held", lang, study=told.study)
    elif told.found:
        said = translate("hooks.found", lang, study=told.study, found=told.found)
    elif told.value is not None:
        said = translate("hooks.value", lang, study=told.study, value=f"{told.value:g}")
    else:
        name, value = _ranked(told)[0]
        said = translate("hooks.answer", lang, study=told.study, name=name, share=f"{value:.0%}")
    return said if len(said) < _SUMMARY else f"{said[: _SUMMARY - 2]}…"


def _ranked(told: Told) -> list[tuple[str, float]]:
    return sorted(told.probabilities.items(), key=lambda each: -each[1])


def _markdown(text: str) -> str:
    """Return text in which no character is markup of GitHub's Markdown, which cards are read as."""
    return "".join(f"\\{one}" if one in r"\`*_{}[]()<>#+-!|~" else one for one in " ".join(text.split()))
