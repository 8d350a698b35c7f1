"""`primum search`: better hyper-parameters, chosen on the validation split."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from primum.cli.options import TRAIN, AsJson, Lang, Language, Out, Overrides, Quiet, StudyName
from primum.cli.terminal import Answer, Terminal

EXAMPLE = "primum search heart --trials 20 --out searches/heart"


def search(
    study: StudyName,
    trials: Annotated[int, typer.Option("--trials", min=1, help="How many trials to finish in all.")] = 20,
    out: Out = None,
    storage: Annotated[
        str | None,
        typer.Option("--storage", metavar="URL", help="SQLAlchemy URL that several processes or machines share."),
    ] = None,
    overrides: Overrides = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    lang: Language = Lang.en,
) -> Answer:
    """Search the ranges that the study names; writes the best study. The test split is never looked at.

    The same command goes on where a stopped search ended.
    """
    from primum.study import Study
    from primum.study.search import search_study

    terminal = Terminal(as_json=as_json, quiet=quiet, lang=lang)
    loaded = Study.load(study, overrides=overrides or [])
    with terminal.progress() as progress:
        found = search_study(loaded, trials=trials, out=out, storage=storage, progress=progress, lang=lang.value)
    best = Path(found.path) / "study.yaml"
    value = {
        "trials": found.n_trials,
        "metric": found.metric,
        "best": found.best_value,
        "values": dict(found.best_values),
        "study": str(best),
        "out": str(found.path),
    }
    shown = f"{found.best_value:.4g}"
    lines = [terminal.say("search_done", trials=found.n_trials, metric=found.metric, value=shown)]
    lines += [f"  {key} = {chosen}" for key, chosen in found.best_values.items()]
    lines.append(terminal.say("study_at", path=best))
    return terminal.answer(value, lines)


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(rich_help_panel=TRAIN, epilog=f"Example: {EXAMPLE}")(search)
