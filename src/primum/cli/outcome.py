"""A verdict in words and as an exit code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from primum.cli.terminal import Terminal
from primum.i18n import known

EXIT_CODES: Mapping[str, int] = {"pass": 0, "review": 3, "block": 4}


def verdict_lines(terminal: Terminal, verdict: Mapping[str, Any], *, n_findings: int) -> list[str]:
    """Return the verdict, then each rule that did not pass with its reason, as lines for a person."""
    outcome = terminal.say(f"verdict.{verdict['verdict']}")
    lines = [terminal.say("verdict", outcome=outcome, policy=verdict["policy"])]
    rules = verdict["rules"]
    lines += [_rule_line(terminal, rule) for rule in rules if rule["outcome"] != "pass"]
    passed = sum(rule["outcome"] == "pass" for rule in rules)
    lines.append(terminal.say("rules_passed", count=passed))
    lines.append(terminal.say("findings", count=n_findings))
    return lines


def _rule_line(terminal: Terminal, rule: Mapping[str, Any]) -> str:
    key = f"outcome.{rule['outcome']}"
    outcome = terminal.say(key) if known(key, terminal.lang.value) else rule["outcome"]
    return terminal.say("rule", outcome=f"{outcome:<6}", rule=rule["rule"], because=rule["because"])
