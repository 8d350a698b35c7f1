"""What the card says of calibration, sets, abstention, ensemble and clinical rules: what is in use and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from primum.ethics.card_words import say

TRUST_FILES = ("calibration", "conformal", "abstention", "ensemble", "novelty", "rules")
"""What is saved with a model beside its weights, by the name of its JSON file."""


def trust_lines(trust: Mapping[str, Mapping[str, Any]], lang: str = "en") -> list[str]:
    """Return one sentence about each of calibration, conformal sets, abstention, ensemble and rules that the model has.

    Args:
        trust: content of the files that were saved with the model, by name; empty for one that is not there.
        lang: en or zh.
    """
    told = (
        ("calibration", _calibration),
        ("conformal", _conformal),
        ("abstention", _abstention),
        ("ensemble", _ensemble),
        ("rules", _rules),
    )
    return [sentence(trust[name], lang) for name, sentence in told if trust.get(name)]


def _calibration(saved: Mapping[str, Any], lang: str) -> str:
    sites = ", ".join(f"{site}: {one['method']}" for site, one in saved["sites"].items())
    own = say("calibration.own", lang, sites=sites) if sites else ""
    why = say(f"calibration.{saved['why']}", lang)
    return say("calibration", lang, method=saved["common"]["method"], why=why, n=saved["n"], own=own)


def _conformal(saved: Mapping[str, Any], lang: str) -> str:
    what = say("conformal.interval" if saved["target_type"] == "number" else "conformal.set", lang)
    factors = say("comma", lang).join(saved["threshold"]["offsets"])
    within = say("conformal.within", lang, factors=factors) if factors else say("conformal.everybody", lang)
    return say("conformal", lang, what=what, target=f"{100 * saved['coverage']:g}", within=within)


def _abstention(saved: Mapping[str, Any], lang: str) -> str:
    risk, confidence = f"{100 * saved['risk']:g}", f"{100 * saved['confidence']:g}"
    asked = say("abstention.asked", lang, risk=risk, confidence=confidence)
    if saved["threshold"] is None:
        return say("abstention.never", lang, asked=asked, n=saved["n"])
    counts = {name: saved[name] for name in ("answered", "n", "errors")}
    return say("abstention", lang, threshold=f"{saved['threshold']:.4f}", asked=asked, **counts)


def _ensemble(saved: Mapping[str, Any], lang: str) -> str:
    return say("ensemble", lang, members=saved["members"], made=say(f"ensemble.{saved['how']}", lang))


def _rules(saved: Mapping[str, Any], lang: str) -> str:
    packs = say("comma", lang).join(dict.fromkeys(str(rule["pack"]) for rule in saved["rules"]))
    red = sum(rule["then"] == "escalate" for rule in saved["rules"])
    return say("rules", lang, n=len(saved["rules"]), packs=packs, sha256=saved["sha256"][:16], red=red)
