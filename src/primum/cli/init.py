"""`primum init`: a study to begin with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from primum.cli.options import BEGIN, AsJson, Lang, Language, Quiet
from primum.cli.scaffold import Proposal, scaffold
from primum.cli.terminal import Answer, Terminal

EXAMPLE = "primum init my-study --data records.csv"


def init(
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="Folder for the new study; nothing is overwritten.")],
    data: Annotated[
        Path | None, typer.Option("--data", metavar="FILE", help="Records whose columns get a proposed role.")
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    lang: Language = Lang.en,
) -> Answer:
    """Scaffold a commented study.yaml; with --data, propose a role for each column and say why."""
    terminal = Terminal(as_json=as_json, quiet=quiet, lang=lang)
    proposals = [] if data is None else _proposals(data)
    written = scaffold(directory, data=data, proposals=proposals)
    study = directory / "study.yaml"
    lines = [terminal.say("init_roles")] if proposals else []
    lines += [terminal.say("role", column=p.column, role=p.role, why=p.why) for p in proposals]
    lines.append(terminal.say("init_done", path=directory, study=study))
    value = {
        "out": str(directory),
        "files": [str(path) for path in written],
        "roles": [{"column": p.column, "role": p.role, "why": p.why} for p in proposals],
    }
    return terminal.answer(value, lines)


def _proposals(data: Path) -> list[Proposal]:
    from primum.cohort import propose_roles

    return [Proposal(column=column, role=role, why=why) for column, role, why in propose_roles(data)]


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(rich_help_panel=BEGIN, epilog=f"Example: {EXAMPLE}")(init)
