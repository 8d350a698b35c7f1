"""`primum explain`: the reasons for what a run's model says about new records."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from primum.cli.options import USE, AsJson, Lang, Language, Quiet, Trust
from primum.cli.releases import check_if_release
from primum.cli.terminal import Answer, Terminal

EXAMPLE = "primum explain runs/heart new_records.csv --out reasons.html"


def explain(
    run: Annotated[Path, typer.Argument(metavar="RELEASE", help="Folder of a Release, or of a finished run.")],
    records: Annotated[Path, typer.Argument(metavar="INPUT", help="Records: csv, tsv, parquet, jsonl or Arrow.")],
    out: Annotated[
        Path,
        typer.Option("--out", metavar="FILE_OR_DIR", help="Page or table: html, jsonl; or a folder for all."),
    ],
    method: Annotated[
        str | None, typer.Option("--method", help="How; left out: the most faithful for its cost.")
    ] = None,
    about: Annotated[str | None, typer.Option("--class", help="Class asked about; left out: the likeliest.")] = None,
    contrast: Annotated[bool, typer.Option("--contrast", help="Why this class and not the runner-up?")] = False,
    with_counterfactuals: Annotated[
        bool, typer.Option("--counterfactuals/--no-counterfactuals", help="Which small changes turn the answer?")
    ] = True,
    with_similar: Annotated[
        bool, typer.Option("--similar/--no-similar", help="How did it go with similar patients?")
    ] = True,
    trust: Trust = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    lang: Language = Lang.en,
) -> Answer:
    """Explain what a run's model says about records: the words, vitals and places that speak for and against it.

    A reason that does not hold (it matters no more than chance, changes under rewording or a little more light, or
    does not add up) is withheld, and the file says so. Beside it stand the smallest plausible changes after which the
    model answers otherwise, and how it went with similar training patients, told of many together. A Release is
    verified first. What is written holds the records' own words and images: keep it where the records are kept.
    """
    from primum.study.explaining import explain_run
    from primum.transparency import DEFAULT_METHOD

    terminal = Terminal(as_json=as_json, quiet=quiet, lang=lang)
    check_if_release(run, trust)
    with terminal.progress() as progress:
        told = explain_run(
            run,
            records,
            out,
            method=method or DEFAULT_METHOD,
            about=about,
            contrast=contrast,
            with_counterfactuals=with_counterfactuals,
            with_similar=with_similar,
            progress=progress,
            lang=lang,
        )
    lines = [terminal.say("explained", count=told.records, withheld=told.withheld), terminal.say("written", path=out)]
    return terminal.answer({"records": told.records, "withheld": told.withheld, "out": str(out)}, lines)


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(rich_help_panel=USE, epilog=f"Example: {EXAMPLE}")(explain)
