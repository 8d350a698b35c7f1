"""The card as Markdown, in English or Chinese."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from primum.ethics.card_hazards import hazard_lines, title_of
from primum.ethics.card_words import say
from primum.ethics.sentences import number, place_in_words
from primum.i18n import known, translate

_FIXED = {"not measured": "not_measured", "not stated": "not_stated", "not known": "not_known"}
"""Words of the JSON that have a translation."""


def card_markdown(card: Mapping[str, Any], lang: str = "en") -> str:
    """Return the card as Markdown; what the study says is escaped."""
    use, verdict = card["intended_use"], card["verdict"]

    def put(key: str, value: object) -> str:
        return f"- {say(key, lang)}{say('colon', lang)}{_plain(_fixed(value, lang))}"

    lines = [f"# {_plain(_fixed(card['name'], lang))}", "", _plain(_fixed(card["question"], lang)), ""]
    outcome = _plain(_outcome(verdict["outcome"], lang))
    lines += [
        say("verdict", lang, outcome=outcome, policy=_plain(_fixed(verdict["policy"], lang))),
        say("device", lang),
        "",
        f"## {say('use', lang)}",
        "",
    ]
    lines += [*(put(f"use.{key}", value) for key, value in use.items()), "", f"## {say('model', lang)}", ""]
    lines += [put("model.backbone", card["model"]["backbone"]), put("model.inputs", _listed(card["inputs"], lang))]
    lines += [put("model.records", card["cohort"]["records"])]
    lines += [put("model.sensitive", _listed(card["sensitive"], lang)), ""]
    for split, figures in card["performance"].items():
        place = split if lang == "en" else place_in_words(split, lang)
        lines += [f"## {say('performance', lang, split=place)}", "", *_figure_lines(figures, lang), ""]
    for name in ("trust", "privacy"):
        said = card[name]
        told = [_fixed(said, lang)] if isinstance(said, str) else [f"- {_plain(line)}" for line in said]
        lines += [f"## {say(name, lang)}", "", *told, ""]
    lines += [put("test_looks", card["test_looks"]), ""]
    lines += [f"## {say('fairness', lang)}", "", *_figure_lines(card["fairness"] or "not measured", lang), ""]
    lines += [f"## {say('hazards', lang)}", "", say("severity", lang, risk=_plain(_fixed(use["risk"], lang))), ""]
    hazards = hazard_lines(card["hazards"], lambda line: figure_text(line, lang), lang)
    lines += [*(f"- {_plain(line)}" for line in hazards), "", f"## {say('rests', lang)}", ""]
    lines += [
        f"- {_plain(_outcome(one['outcome'], lang))}{say('comma', lang)}{_plain(one['rule'])}{say('colon', lang)}"
        f"{_plain(one['because'])}"
        for one in verdict["reasons"]
    ]
    if verdict["needs"]:
        lines += ["", f"## {say('needs', lang)}", "", *(_need_line(need, lang) for need in verdict["needs"])]
    return "\n".join([*lines, ""])


def _need_line(need: Mapping[str, Any], lang: str) -> str:
    state = say(f"need.{need['state']}", lang, document=_plain(need["document"]))
    return f"- {_plain(need['clause'])}{say('colon', lang)}{_plain(need['asks'])} **{state}**"


def figure_text(line: Mapping[str, Any], lang: str = "en") -> str:
    """Return one figure of the card with its interval and n, as text."""
    if line["value"] is None:
        return say("figure.undefined", lang, n=line["n"])
    interval = ""
    if line["low"] is not None and line["high"] is not None and line["level"] is not None:
        ends = {"low": number(line["low"]), "high": number(line["high"])}
        interval = say("figure.interval", lang, level=f"{100 * line['level']:g}", **ends)
    few = "" if line["enough"] else say("figure.few", lang)
    return say("figure", lang, value=number(line["value"]), interval=interval, n=line["n"], few=few)


def _fixed(value: object, lang: str) -> str:
    key = _FIXED.get(str(value))
    return say(key, lang) if key else str(value)


def _outcome(value: object, lang: str) -> str:
    key = f"outcome.{value}"
    return translate(key, lang) if known(key, lang) else _fixed(value, lang)


def _listed(names: Sequence[object], lang: str) -> str:
    return say("comma", lang).join(map(str, names)) or say("not_stated", lang)


def _figure_lines(figures: Sequence[Mapping[str, Any]] | str, lang: str) -> list[str]:
    if isinstance(figures, str):
        return [_fixed(figures, lang)]
    return [f"- {_plain(_label(line, lang))}{say('colon', lang)}{figure_text(line, lang)}" for line in figures]


def _label(line: Mapping[str, Any], lang: str) -> str:
    group = say("comma", lang).join(f"{key} = {value}" for key, value in line["slice"].items())
    title = title_of(line, lang)
    return f"{title}{say('comma', lang)}{group}" if group else title


def _plain(value: object) -> str:
    """Return text that Markdown shows as it is, on one line."""
    text = " ".join(str(value).split())
    for mark in "\\`*[]<>|":
        text = text.replace(mark, "\\" + mark)
    return text
