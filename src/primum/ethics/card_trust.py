"""What the card says of calibration, sets, abstention, ensemble and clinical rules: what is in use and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TRUST_FILES = ("calibration", "conformal", "abstention", "ensemble", "novelty", "rules")
"""What is saved with a model beside its weights, by the name of its JSON file."""
_WHY = {
    "few": "too few calibration patients to fit a correction",
    "noise": "no correction was better beyond noise",
    "better": "better than no correction beyond noise, by cross-fitted log loss",
    "asked": "as the study asks",
}


def trust_lines(trust: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return one sentence about each of calibration, conformal sets, abstention, ensemble and rules that the model has.

    Args:
        trust: content of the files that were saved with the model, by name; empty for one that is not there.
    """
    told = (
        ("calibration", _calibration),
        ("conformal", _conformal),
        ("abstention", _abstention),
        ("ensemble", _ensemble),
        ("rules", _rules),
    )
    return [sentence(trust[name]) for name, sentence in told if trust.get(name)]


def _calibration(saved: Mapping[str, Any]) -> str:
    sites = ", ".join(f"{site}: {one['method']}" for site, one in saved["sites"].items())
    own = f"; hospitals of their own: {sites}" if sites else ""
    return f"Calibration: {saved['common']['method']} ({_WHY[saved['why']]}; {saved['n']} patients{own})."


def _conformal(saved: Mapping[str, Any]) -> str:
    what = "interval" if saved["target_type"] == "number" else "set of classes"
    factors = ", ".join(saved["threshold"]["offsets"])
    within = f", within every {factors} with records enough" if factors else ", over everybody only: records are few"
    target = f"{100 * saved['coverage']:g} %"
    return f"Conformal: every answer has a {what} that holds the truth in {target} of records{within}."


def _abstention(saved: Mapping[str, Any]) -> str:
    asked = (
        f"at most {100 * saved['risk']:g} % wrong among the answered, with {100 * saved['confidence']:g} % confidence"
    )
    if saved["threshold"] is None:
        return (
            f"Abstention: {asked}, cannot be promised on {saved['n']} calibration patients; it answers nobody under it."
        )
    return (
        f"Abstention: it answers when it is surer than {saved['threshold']:.4f}, for {asked}; on the calibration split "
        f"{saved['answered']} of {saved['n']} patients are answered, {saved['errors']} of them wrongly."
    )


def _ensemble(saved: Mapping[str, Any]) -> str:
    made = {
        "dropout": "the model with parts of its features left out",
        "training": "models trained like it from other seeds",
    }
    return (
        f"Ensemble: {saved['members']} members ({made[saved['how']]}) advise and never answer; with every answer "
        "goes how many of them decide otherwise."
    )


def _rules(saved: Mapping[str, Any]) -> str:
    packs = ", ".join(dict.fromkeys(str(rule["pack"]) for rule in saved["rules"]))
    red = sum(rule["then"] == "escalate" for rule in saved["rules"])
    return (
        f"Rules: every answer is held against {len(saved['rules'])} clinical rules ({packs}; SHA-256 "
        f"{saved['sha256'][:16]}); {red} of them are red flags, which a person must look at whatever the model says."
    )
