"""`primum policies`: the written policies, their rules, and the metrics that rules may speak of."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from primum.cli.options import BUILT_IN, AsJson, Lang, Language, Quiet
from primum.cli.terminal import Answer, Terminal
from primum.i18n import translate

EXAMPLE = "primum policies --metrics"


def policies(
    metrics: Annotated[
        bool, typer.Option("--metrics", help="List every metric: definition, unit, direction, source.")
    ] = False,
    name: Annotated[
        str | None, typer.Option("--policy", help="Show this policy's rules and needs, one a line.")
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    lang: Language = Lang.en,
) -> Answer:
    """List the built-in policies, or the rules of one, or the metrics that a rule may speak of."""
    terminal = Terminal(as_json=as_json, quiet=quiet, lang=lang)
    return _metrics(terminal) if metrics else _policies(terminal, name)


def _policies(terminal: Terminal, name: str | None) -> Answer:
    from primum.ethics import load_policy, policy_names

    lang = terminal.lang.value
    rows: list[dict[str, Any]] = []
    lines: list[str] = []
    for one in (name,) if name else policy_names():
        policy = load_policy(one)
        rows.append(
            {
                "name": policy.name,
                "title": getattr(policy.title, lang),
                "source": policy.source,
                "signatures": list(policy.signatures.roles),
                "rules": [rule.name for rule in policy.rules],
                "needs": [
                    {"need": need.name, "clause": need.clause, "asks": getattr(need.asks, lang)}
                    for need in policy.needs
                ],
            }
        )
        counts = {"rules": len(policy.rules), "needs": len(policy.needs)}
        lines.append(translate("policies.one", lang, name=policy.name, title=rows[-1]["title"], **counts))
        if name:
            lines += [f"  {rule.name} ({rule.on_failure}): {getattr(rule.because, lang)}" for rule in policy.rules]
            lines += [f"  {need.name} ({need.clause}): {getattr(need.asks, lang)}" for need in policy.needs]
    return terminal.answer({"policies": rows}, lines)


def _metrics(terminal: Terminal) -> Answer:
    from primum.evidence import METRICS

    rows: list[dict[str, Any]] = []
    lines: list[str] = []
    for name in METRICS:
        metric = METRICS.get(name)
        row = {
            "name": name,
            "title": metric.title[terminal.lang.value],
            "definition": metric.definition[terminal.lang.value],
            "unit": metric.unit,
            "direction": metric.direction,
            "reference": metric.reference,
        }
        rows.append(row)
        lines += [f"{name} ({metric.unit}, {metric.direction})", f"  {row['definition']}", f"  {metric.reference}"]
    return terminal.answer({"metrics": rows}, lines)


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(rich_help_panel=BUILT_IN, epilog=f"Example: {EXAMPLE}")(policies)
