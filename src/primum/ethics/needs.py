"""What a policy needs besides figures within tolerances: what was measured, what a document answers, what is open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from primum.errors import PolicyError, nearest
from primum.ethics.policy import Need, Policy
from primum.evidence.finding import Finding
from primum.evidence.split_names import split_kind

State = Literal["measured", "stated", "open"]
"""Figures answer it; the study names a document that does, which nobody here has read; nothing does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedResult:
    """What there is for one need."""

    need: Need
    state: State
    outcome: Literal["pass", "note", "review"]
    findings: tuple[int, ...]
    """Indices of the findings that answer it, in the list that was judged."""
    document: str = ""
    """What the study names, word for word."""

    def to_json(self, lang: str = "en") -> dict[str, Any]:
        """Return the result as an object of verdict.json."""
        words = self.need.asks.model_dump()
        return {
            "need": self.need.name,
            "clause": self.need.clause,
            "state": self.state,
            "outcome": self.outcome,
            "asks": words[lang],
            "sentences": words,
            "findings": list(self.findings),
            "document": self.document,
        }


def weigh_needs(needs: Sequence[Need], findings: Sequence[Finding], documents: Mapping[str, str]) -> list[NeedResult]:
    """Return what there is for each need.

    Args:
        needs: of a policy.
        findings: what was measured; one without a value, or of too few patients, answers nothing.
        documents: need -> the document that the study names for it.
    """
    return [_weighed(need, findings, documents.get(need.name, "").strip()) for need in needs]


def check_documents(policy: Policy, documents: Mapping[str, str]) -> None:
    """Check that every document is for a need of the policy.

    Raises:
        PolicyError: one is for none.
    """
    known = [need.name for need in policy.needs]
    strange = [f"{name!r}{nearest(name, known)}" for name in documents if name not in known]
    if strange:
        listed = ", ".join(known) or "none"
        raise PolicyError(f"documents: policy {policy.name} has no need {', '.join(strange)}; its needs are: {listed}.")


def stated_documents(study: Mapping[str, Any]) -> dict[str, str]:
    """Return the documents that a study file names, by need."""
    documents = study.get("documents")
    return {str(name): str(value) for name, value in documents.items()} if isinstance(documents, Mapping) else {}


def _weighed(need: Need, findings: Sequence[Finding], document: str) -> NeedResult:
    found = tuple(index for index, finding in enumerate(findings) if _answers(need, finding))
    if found:
        return NeedResult(need=need, state="measured", outcome="pass", findings=found)
    if document:
        return NeedResult(need=need, state="stated", outcome="pass", findings=(), document=document)
    return NeedResult(need=need, state="open", outcome=need.if_open, findings=())


def _answers(need: Need, finding: Finding) -> bool:
    if finding.metric not in need.metrics or finding.value is None or not finding.enough:
        return False
    split = finding.split or "cohort"
    return not need.split or split in need.split or split_kind(split) in need.split
