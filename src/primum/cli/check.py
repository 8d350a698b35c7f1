"""`primum check`: whether a cohort can be read and split as its study asks."""

from __future__ import annotations

from typing import Any

import typer

from primum.cli.options import BEGIN, AsJson, Lang, Language, Overrides, Quiet, StudyName
from primum.cli.terminal import Answer, Terminal

EXAMPLE = "primum check heart"


def check(
    study: StudyName,
    overrides: Overrides = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    lang: Language = Lang.en,
) -> Answer:
    """Read the study's cohort and split it, train nothing, write nothing."""
    from primum.cohort import summarise
    from primum.study import Study

    terminal = Terminal(as_json=as_json, quiet=quiet, lang=lang)
    loaded = Study.load(study, overrides=overrides or [])
    with terminal.progress() as progress:
        progress.step("read")
        cohort = loaded.read_cohort()
        progress.step("split")
        split = loaded.split(cohort)
    value: dict[str, Any] = {"verdict": "pass", "policy": loaded.spec.policy, "rules": [], "findings": [], "out": None}
    lines = [terminal.say("cohort_read", records=len(cohort), patients=len(set(cohort.patients)))]
    for name in dict.fromkeys(split):
        lines.append(terminal.say("cohort_split", split=name, records=int((split == name).sum())))
    lines.append(terminal.say("check_done"))
    return terminal.answer({**value, "cohort": summarise(cohort, split)}, lines)


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(rich_help_panel=BEGIN, epilog=f"Example: {EXAMPLE}")(check)
