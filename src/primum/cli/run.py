"""`primum run`: from a study to a verdict."""

from __future__ import annotations

from typing import Annotated

import typer

from primum.cli.options import TRAIN, AsJson, Lang, Language, Out, Overrides, Quiet, StudyName
from primum.cli.outcome import EXIT_CODES, verdict_lines
from primum.cli.terminal import Answer, Terminal

EXAMPLE = "primum run heart --out runs/heart --set training.epochs=3"


def run(
    study: StudyName,
    out: Out = None,
    overrides: Overrides = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where a stopped run of this folder ended.")] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    lang: Language = Lang.en,
) -> Answer:
    """Read, split, train, predict, assess, judge and report: the main job.

    Exit codes: 0 pass, 3 review, 4 block, 2 the input is wrong.
    """
    from primum.study import Study

    terminal = Terminal(as_json=as_json, quiet=quiet, lang=lang)
    with terminal.progress() as progress:
        done = Study.load(study, overrides=overrides or []).run(
            out=out, resume=resume, progress=progress, lang=lang.value
        )
    verdict = done.verdict.to_json(lang.value)
    value = {**verdict, "findings": [finding.to_json() for finding in done.findings], "out": str(done.path)}
    lines = verdict_lines(terminal, verdict, n_findings=len(done.findings))
    lines += [terminal.say("run_at", path=done.path), terminal.say("report_at", path=done.report)]
    return terminal.answer(value, lines, exit_code=EXIT_CODES[done.verdict.outcome])


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(rich_help_panel=TRAIN, epilog=f"Example: {EXAMPLE}")(run)
