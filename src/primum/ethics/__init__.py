"""Ethics: the written policy, the gate that judges findings by it, the card and the papers."""

from primum.ethics.card import write_cards
from primum.ethics.gate import RuleResult, Verdict, judge
from primum.ethics.papers import write_papers
from primum.ethics.policy import Policy, Rule, load_policy, parse_policy, policy_names

__all__ = [
    "Policy",
    "Rule",
    "RuleResult",
    "Verdict",
    "judge",
    "load_policy",
    "parse_policy",
    "policy_names",
    "write_cards",
    "write_papers",
]
