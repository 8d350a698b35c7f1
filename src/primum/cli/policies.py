"""`primum policies`: the written policies, their rules, and the metrics that rules may speak of."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from primum.cli.options import BUILT_IN, AsJson, Lang, Language, Quiet
from primum.cli.terminal import Answer, Terminal

EXAMPLE = "primum policies --metrics"


def policies(
    metrics: Annotated[
        bool, typer.Option("--metrics", help="List every metric: definition, unit, direction, source.")
    ] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    lang: Language = Lang.en,
) -> Answer:
    """List the built-in policies, or the metrics that a rule may speak of."""
    terminal = Terminal(as_json=as_json, quiet=quiet, lang=lang)
    return _metrics(terminal) if metrics else _policies(terminal)


def _policies(terminal: Terminal) -> Answer:
    from primum.ethics import load_policy, policy_names

    rows = []
    for name in policy_names():
        policy = load_policy(name)
        rows.append({"name": name, "rules": [rule.name for rule in policy.rules]})
    lines = [line for row in rows for line in (str(row["name"]), *(f"  {rule}" for rule in row["rules"]))]
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
