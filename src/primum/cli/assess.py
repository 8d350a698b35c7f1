"""`primum assess`: the audit of any model's predictions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from primum.cli.options import ASSESS, AsJson, Lang, Language, Out, Quiet
from primum.cli.outcome import EXIT_CODES, verdict_lines
from primum.cli.terminal import Answer, Terminal

EXAMPLE = "primum assess predictions.csv --spec study.yaml --out audits/ours"


def assess(
    predictions: Annotated[
        Path, typer.Argument(metavar="PREDICTIONS", help="Table of predictions: csv, parquet or jsonl.")
    ],
    spec: Annotated[
        Path, typer.Option("--spec", metavar="STUDY", help="What the table holds: target, sensitive, site, policy.")
    ],
    out: Out = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    lang: Language = Lang.en,
) -> Answer:
    """Audit a predictions table of any model: the same findings, verdict and report as a run.

    Without --out it prints and writes nothing. Exit codes: 0 pass, 3 review, 4 block, 2 the input is wrong.
    """
    from primum.study.assess import assess_file

    terminal = Terminal(as_json=as_json, quiet=quiet, lang=lang)
    audit = assess_file(predictions, spec, out=out, lang=lang.value)
    verdict = audit.verdict.to_json(lang.value)
    written = None if out is None else str(out)
    value = {**verdict, "findings": [finding.to_json() for finding in audit.findings], "out": written}
    lines = verdict_lines(terminal, verdict, n_findings=len(audit.findings))
    if out is not None:
        lines.append(terminal.say("report_at", path=out / "report.html"))
    return terminal.answer(value, lines, exit_code=EXIT_CODES[audit.verdict.outcome])


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(rich_help_panel=ASSESS, epilog=f"Example: {EXAMPLE}")(assess)
