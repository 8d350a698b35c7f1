"""A verdict in words and as an exit code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from primum.cli.terminal import Terminal
from primum.i18n import known

EXIT_CODES: Mapping[str, int] = {"pass": 0, "review": 3, "block": 4}


_WORST_FIRST = ("block", "review", "note", "pass")


def verdict_lines(
    terminal: Terminal, verdict: Mapping[str, Any], *, n_findings: int, metrics: Sequence[str] = ()
) -> list[str]:
    """Return the verdict, then each rule that did not pass with its reason, as lines for a person.

    Args:
        terminal: the language.
        verdict: verdict.json's object.
        n_findings: how many findings were judged.
        metrics: the metric of each finding; where given, the worst rules come first, with how to mend what they say.
    """
    outcome = terminal.say(f"verdict.{verdict['verdict']}")
    lines = [terminal.say("verdict", outcome=outcome, policy=verdict["policy"])]
    rules = verdict["rules"]
    if metrics:
        rules = sorted(rules, key=lambda rule: _WORST_FIRST.index(rule["outcome"]))
    for rule in (rule for rule in rules if rule["outcome"] != "pass"):
        lines.append(_rule_line(terminal, rule))
        lines += _mend_line(terminal, rule, metrics)
    passed = sum(rule["outcome"] == "pass" for rule in rules)
    lines.append(terminal.say("rules_passed", count=passed))
    lines.append(terminal.say("findings", count=n_findings))
    return lines


def _rule_line(terminal: Terminal, rule: Mapping[str, Any]) -> str:
    key = f"outcome.{rule['outcome']}"
    outcome = terminal.say(key) if known(key, terminal.lang.value) else rule["outcome"]
    return terminal.say("rule", outcome=f"{outcome:<6}", rule=rule["rule"], because=rule["because"])


def _mend_line(terminal: Terminal, rule: Mapping[str, Any], metrics: Sequence[str]) -> list[str]:
    """Return a line on how to mend what a rule found, where the catalogue knows."""
    if not metrics or not rule["findings"]:
        return []
    key = f"mend.{metrics[rule['findings'][0]]}"
    return [terminal.say("mend", how=terminal.say(key))] if known(key, terminal.lang.value) else []
