"""`primum predict`: what a Release's, or a run's, model says about new records."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from primum.cli.options import USE, AsJson, Lang, Language, Quiet, Trust
from primum.cli.releases import check_if_release
from primum.cli.terminal import Answer, Terminal

EXAMPLE = "primum predict releases/heart new_records.csv --out predictions.csv"


def predict(
    run: Annotated[Path, typer.Argument(metavar="RELEASE", help="Folder of a Release, or of a finished run.")],
    records: Annotated[Path, typer.Argument(metavar="INPUT", help="New records: csv, tsv, parquet, jsonl or Arrow.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Table to write: csv, parquet or jsonl.")],
    patient_pages: Annotated[
        Path | None,
        typer.Option("--patient-pages", metavar="DIR", help="Also write a page in plain words for each patient there."),
    ] = None,
    trust: Trust = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    lang: Language = Lang.en,
) -> Answer:
    """Predict new records with a Release's or a run's model. No target column is needed; records unlike the training
    records are flagged, with the reason, and so are those that a clinical rule speaks of. A Release is verified first.
    """
    from primum.study.predicting import predict_run

    terminal = Terminal(as_json=as_json, quiet=quiet, lang=lang)
    check_if_release(run, trust)
    with terminal.progress() as progress:
        told = predict_run(run, records, out, progress=progress, lang=lang, patient_pages=patient_pages)
    lines = [terminal.say("predicted", count=told.records)]
    if told.escalated:
        lines.append(terminal.say("escalated", count=told.escalated))
    if told.unmarked:
        lines.append(terminal.say("unmarked", count=told.unmarked))
    lines += [terminal.say("written", path=path) for path in (out, patient_pages) if path is not None]
    answer = {"records": told.records, "escalated": told.escalated, "rules": dict(told.rules), "out": str(out)}
    if told.unmarked is not None:
        answer["unmarked"] = told.unmarked
    return terminal.answer(answer, lines)


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(rich_help_panel=USE, epilog=f"Example: {EXAMPLE}")(predict)
