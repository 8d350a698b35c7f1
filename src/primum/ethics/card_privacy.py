"""What the card says of privacy: what training promises, what attacks reach, whom the records single out."""

from __future__ import annotations

from collections.abc import Sequence

from primum.ethics.card_words import say
from primum.ethics.sentences import number
from primum.evidence.finding import Finding
from primum.evidence.metrics import METRICS

_OF_RECORDS = ("k_anonymity", "small_class_share", "prosecutor_risk")


def privacy_lines(findings: Sequence[Finding], lang: str = "en") -> list[str]:
    """Return a sentence each on masked texts, the promise, the strongest attack and look-alikes; those there are."""
    promises = [f for f in findings if f.metric == "epsilon" and f.value is not None]
    areas = [f for f in findings if f.metric == "membership_auc" and f.value is not None]
    masked = [f for f in findings if f.metric == "identifiers_masked" and f.detail.get("kind") == "any"]
    lines = [_of_masking(one, lang) for one in masked]
    lines += [_of_promise(one, lang) for one in promises]
    lines += [_of_attack(max(areas, key=lambda f: f.value or 0.0), lang)] if areas else []
    records = [f for name in _OF_RECORDS for f in findings if f.metric == name and f.value is not None]
    if records:
        known = say("comma", lang).join(map(str, records[0].detail.get("quasi_identifiers", [])))
        told = [f"{METRICS.get(f.metric).title[lang].lower()} {number(f.value or 0.0)}" for f in records]
        figures = say("semicolon", lang).join(told)
        lines.append(say("privacy.records", lang, known=known, figures=figures, n=records[0].n))
    return lines


def _of_masking(masked: Finding, lang: str) -> str:
    told = say("privacy.one_to_four", lang) if masked.value is None else str(masked.detail["records"])
    kept = say("comma", lang).join(map(str, masked.detail.get("kept", [])))
    left = say("privacy.left", lang, kept=kept) if kept else ""
    return say("privacy.masked", lang, told=told, n=masked.n, left=left)


def _of_promise(promise: Finding, lang: str) -> str:
    epsilon, delta = number(promise.value or 0.0), number(float(promise.detail["delta"]))
    return say("privacy.promise", lang, n=promise.n, epsilon=epsilon, delta=delta, method=promise.method)


def _of_attack(worst: Finding, lang: str) -> str:
    differs = say("comma", lang).join(map(str, worst.detail.get("unalike") or ()))
    ends = worst.low is not None and worst.high is not None
    interval = say("privacy.interval", lang, low=number(worst.low or 0.0), high=number(worst.high or 0.0))
    return say(
        "privacy.attack",
        lang,
        attack=str(worst.detail.get("attack")).replace("_", " "),
        area=number(worst.value or 0.0),
        interval=interval if ends else "",
        n=worst.n,
        versus=worst.detail.get("versus_n"),
        doubt=say("privacy.doubt", lang, differs=differs) if differs else "",
        few="" if worst.enough or differs else say("figure.few", lang),
    )
