"""`primum studies`: the studies that come with primum."""

from __future__ import annotations

import typer

from primum.cli.options import BUILT_IN, AsJson, Lang, Language, Quiet
from primum.cli.terminal import Answer, Terminal

EXAMPLE = "primum studies"


def studies(as_json: AsJson = False, quiet: Quiet = False, lang: Language = Lang.en) -> Answer:
    """List the built-in studies; each can be named instead of a path."""
    from primum.study import Study, builtin_names

    terminal = Terminal(as_json=as_json, quiet=quiet, lang=lang)
    rows = [{"name": name, "question": Study.load(name).spec.question} for name in builtin_names()]
    width = max((len(row["name"]) for row in rows), default=0)
    return terminal.answer({"studies": rows}, [f"{row['name']:<{width}}  {row['question']}" for row in rows])


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(rich_help_panel=BUILT_IN, epilog=f"Example: {EXAMPLE}")(studies)
