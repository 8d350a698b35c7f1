"""The verdict: one word, its reasons in sentences, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from primum.study.report.context import Context
from primum.study.report.sections.fairness.gather import worst_first
from primum.study.report.sections.findings import MOST_LINKS
from primum.study.report.wording import Wording

OUTCOMES = ("block", "review", "note", "pass")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One rule's outcome."""

    rule: str
    because: str
    clauses: str
    findings: tuple[int, ...]


def verdict_section(context: Context) -> Mapping[str, object]:
    """Return outcome, headline, reasons by outcome, next steps and the policy's name and hash."""
    verdict, words = context.run.verdict, context.words
    outcome = str(verdict.get("verdict", "review"))
    outcome = outcome if outcome in ("pass", "review", "block") else "review"
    rules = [rule for rule in verdict.get("rules", []) if isinstance(rule, Mapping)]
    reasons = {name: [_reason(r, context) for r in rules if r.get("outcome") == name] for name in OUTCOMES}
    counts = [words(f"verdict.count.{name}", n=len(found)) for name, found in reasons.items() if found]
    return {
        "outcome": outcome,
        "word": words(f"verdict.{outcome}.word"),
        "meaning": words(f"verdict.{outcome}.meaning"),
        "next": words(f"verdict.{outcome}.next").strip().split("\n"),
        "counts": " · ".join(counts),
        "groups": [(name, words(f"verdict.group.{name}"), found) for name, found in reasons.items() if found],
        "needs": [_need(need, words) for need in verdict.get("needs") or []],
        "policy": str(verdict.get("policy", "")),
        "policy_sha256": str(verdict.get("policy_sha256", "")),
    }


def _need(need: Mapping[str, Any], words: Wording) -> Mapping[str, object]:
    state = str(need["state"])
    return {
        "asks": need["sentences"][words.lang],
        "clause": need["clause"],
        "state": state,
        "outcome": {"measured": "pass", "stated": "note"}.get(state, str(need["outcome"])),
        "answer": words(f"verdict.need.{state}", document=need["document"]),
        "findings": [int(n) for n in need["findings"][:6]],
    }


def _reason(rule: Mapping[str, Any], context: Context) -> Reason:
    places = [int(n) for n in rule.get("findings") or ()]
    return Reason(
        rule=str(rule.get("rule", "")),
        because=_sentence(rule, context.words.lang),
        clauses=", ".join(str(clause) for clause in rule.get("answers_to") or ()),
        findings=tuple(worst_first(context.run.findings, places) if len(places) > MOST_LINKS else places),
    )


def _sentence(rule: Mapping[str, Any], lang: str) -> str:
    """Return why, in the report's language where the verdict holds it in several."""
    for key in ("sentences", "because"):
        value = rule.get(key)
        if isinstance(value, Mapping) and value:
            return str(value.get(lang) or value.get("en") or next(iter(value.values())))
        if isinstance(value, str):
            return value
    return ""
