"""Ethics: the written policy, the gate that judges findings by it, the card and the papers."""

from primum.ethics.card import write_cards
from primum.ethics.gate import RuleResult, Verdict, judge
from primum.ethics.looks import looks_finding
from primum.ethics.needs import NeedResult, check_documents, stated_documents
from primum.ethics.papers import write_papers
from primum.ethics.policy import Need, Policy, Rule
from primum.ethics.policy_reading import load_policy, parse_policy, policy_names

__all__ = [
    "Need",
    "NeedResult",
    "Policy",
    "Rule",
    "RuleResult",
    "Verdict",
    "check_documents",
    "judge",
    "load_policy",
    "looks_finding",
    "parse_policy",
    "policy_names",
    "stated_documents",
    "write_cards",
    "write_papers",
]
