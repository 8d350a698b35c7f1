"""`primum report`: the report, papers and card of a finished run, rendered again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from primum.cli.options import ASSESS, AsJson, Lang, Language, Quiet
from primum.cli.terminal import Answer, Terminal

EXAMPLE = "primum report runs/heart --lang zh --open"


def report(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a finished run or audit.")],
    show: Annotated[bool, typer.Option("--open", help="Show it in the browser.")] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    lang: Language = Lang.en,
) -> Answer:
    """Render a run's report, papers and card again from the files of its folder."""
    from primum.ethics import write_cards
    from primum.study.report import render_report

    terminal = Terminal(as_json=as_json, quiet=quiet, lang=lang)
    path = render_report(run, lang=lang.value)
    write_cards(run, lang=lang.value)
    if show:
        typer.launch(str(path))
    return terminal.answer({"report": str(path)}, [terminal.say("report_at", path=path)])


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(rich_help_panel=ASSESS, epilog=f"Example: {EXAMPLE}")(report)
