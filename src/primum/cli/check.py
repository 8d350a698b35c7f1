"""`primum check`: whether a cohort can be read and split as its study asks, and what its records tell of each group."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

from primum.cli.options import BEGIN, AsJson, Lang, Language, Overrides, Quiet, StudyName
from primum.cli.outcome import EXIT_CODES, verdict_lines
from primum.cli.terminal import Answer, Terminal

if TYPE_CHECKING:  # commands import no room before they run
    from primum.evidence import Finding

EXAMPLE = "primum check heart"
_FAR = 0.2
"""A gap in the share missing that is shown when its whole interval lies above."""
_MOST = 10
"""Most lines on what is missing."""


def check(
    study: StudyName,
    overrides: Overrides = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    lang: Language = Lang.en,
) -> Answer:
    """Read the study's cohort, split it and judge what records alone can tell; train nothing, write nothing.

    Patients and texts in two splits, answers in the inputs, wrong labels, poison, broken fields and texts; who is too
    rare against the stated population, whose fields are missing, how outcomes differ between groups.
    Exit codes: 0 pass, 3 review, 4 block, 2 the input is wrong.
    """
    from primum.study import Study
    from primum.study.checking import check_study

    terminal = Terminal(as_json=as_json, quiet=quiet, lang=lang)
    loaded = Study.load(study, overrides=overrides or [])
    with terminal.progress() as progress:
        checked = check_study(loaded, progress=progress)
    verdict = checked.verdict.to_json(lang.value)
    findings = [finding.to_json() for finding in checked.findings]
    value = {**verdict, "findings": findings, "out": None, "cohort": checked.summary()}
    cohort, split = checked.cohort, checked.split
    lines = [terminal.say("cohort_read", records=len(cohort), patients=len(set(cohort.patients)))]
    for name in dict.fromkeys(split):
        lines.append(terminal.say("cohort_split", split=name, records=int((split == name).sum())))
    lines.append(terminal.say("check_done"))
    lines += _missing_lines(terminal, checked.findings)
    metrics = [finding.metric for finding in checked.findings]
    lines += verdict_lines(terminal, verdict, n_findings=len(findings), metrics=metrics)
    return terminal.answer(value, lines, exit_code=EXIT_CODES[checked.verdict.outcome])


def _missing_lines(terminal: Terminal, findings: Sequence[Finding]) -> list[str]:
    """Return a line for each input that one group lacks far more often than others, the worst first."""
    gaps = [f for f in findings if f.metric == "missing_rate_gap" and (f.low or 0) > _FAR]
    lines = []
    for finding in gaps[:_MOST]:
        group = ", ".join(f"{key} = {value}" for key, value in finding.slice.items())
        lines.append(
            terminal.say(
                "missing_for",
                column=finding.detail["column"],
                group=group,
                share=f"{100 * finding.detail['slice_value']:.0f} %",
                others=f"{100 * finding.detail['versus_value']:.0f} %",
                n=finding.n,
            )
        )
    return lines


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(rich_help_panel=BEGIN, epilog=f"Example: {EXAMPLE}")(check)
