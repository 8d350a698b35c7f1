"""Ethics: the written policy, the gate that judges findings by it, and the card."""

from primum.ethics.card import write_cards
from primum.ethics.gate import RuleResult, Verdict, judge
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
]
