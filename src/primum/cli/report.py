"""`primum report`: the report, papers and card of a finished run, or the report of a Release, rendered again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from primum.cli.options import ASSESS, AsJson, Lang, Language, Quiet, Trust
from primum.cli.releases import check_if_release
from primum.cli.terminal import Answer, Terminal
from primum.errors import OutputError

EXAMPLE = "primum report runs/heart --lang zh --open"


def report(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a finished run or audit, or of a Release.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Page to write; left out: report.html in the run's folder."),
    ] = None,
    show: Annotated[bool, typer.Option("--open", help="Show it in the browser.")] = False,
    trust: Trust = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    lang: Language = Lang.en,
) -> Answer:
    """Render a run's report, papers and card again from the files of its folder. What was signed stays as it is: with a
    signed run or a Release, --out FILE writes the report alone, elsewhere.
    """
    from primum.ethics import write_cards
    from primum.study.report import render_report

    terminal = Terminal(as_json=as_json, quiet=quiet, lang=lang)
    if check_if_release(run, trust) or (run / "signatures").is_dir():
        _check_elsewhere(run, out)
    path = render_report(run, lang=lang.value, out=out)
    if out is None:
        write_cards(run, lang=lang.value)
    if show:
        typer.launch(str(path))
    return terminal.answer({"report": str(path)}, [terminal.say("report_at", path=path)])


def _check_elsewhere(run: Path, out: Path | None) -> None:
    if out is None or out.resolve().is_relative_to(run.resolve()):
        raise OutputError(f"{run}: its report is part of what was signed; write the new one elsewhere with --out FILE.")


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(rich_help_panel=ASSESS, epilog=f"Example: {EXAMPLE}")(report)
