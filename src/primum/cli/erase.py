"""`primum erase`: a patient who asked to be forgotten, taken out of a study and of what was made from it."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from primum.cli.options import USE, AsJson, Lang, Language, Quiet
from primum.cli.terminal import Answer, Terminal

if TYPE_CHECKING:  # commands import no room before they run
    from primum.study.erasing import Erasure, Touched

EXAMPLE = "primum erase --patient P0042 --study study.yaml --runs runs"


def erase(
    patient: Annotated[
        str, typer.Option("--patient", metavar="ID", help="The patient's id as it stands in the records; - reads it.")
    ],
    study: Annotated[
        str | None, typer.Option("--study", metavar="STUDY", help="The study whose list of erased patients is meant.")
    ] = None,
    runs: Annotated[
        list[Path] | None,
        typer.Option("--runs", metavar="FOLDER", help="Runs and releases, or folders of them. Repeatable."),
    ] = None,
    more: Annotated[list[Path] | None, typer.Argument(metavar="[FOLDER]...", help="More folders, as --runs.")] = None,
    unseen: Annotated[
        bool, typer.Option("--unseen", help="Put an id on the study's list that is in no record yet.")
    ] = False,
    cases: Annotated[
        str | None,
        typer.Option("--cases", metavar="URL", help="The service's database, whose Cases of the patient are erased."),
    ] = None,
    key_file: Annotated[
        str,
        typer.Option(
            "--key-file", metavar="WHERE", help="The service's master keys, as for `serve`.", envvar="PRIMUM_CASE_KEYS"
        ),
    ] = "primum-serve.key",
    as_json: AsJson = False,
    quiet: Quiet = False,
    lang: Language = Lang.en,
) -> Answer:
    """Put a patient on the study's list of the erased, delete their rows from runs, and say what must be rebuilt.

    With --study alone the folder `runs` is looked through, where there is one. The id is written nowhere. What was
    learnt stays in models until they are rebuilt; a request for that is queued in `retune` beside the list. With
    --cases the patient's Cases in a service lose their key and their content.
    """
    terminal = Terminal(as_json=as_json, quiet=quiet, lang=lang)
    folders = [*(runs or []), *(more or [])]
    if not folders and study is not None and Path("runs").is_dir() and any(Path("runs").iterdir()):
        folders = [Path("runs")]
    if patient == "-":
        patient = sys.stdin.readline()
    if cases is not None:
        from primum.serve.erasing import erase_cases

        count = erase_cases(patient, db=cases, keys=key_file)
        if study is None and not folders:
            return terminal.answer({"cases": count}, [terminal.say("erase.cases", count=count)])
    else:
        count = None
    from primum.study import Study
    from primum.study.erasing import erase as carry_out

    with terminal.progress() as progress:
        loaded = None if study is None else Study.load(study)
        done = carry_out(patient, study=loaded, folders=folders, unseen=unseen, progress=progress)
    of_cases = [] if count is None else [terminal.say("erase.cases", count=count)]
    value = _value(done) if count is None else {**_value(done), "cases": count}
    return terminal.answer(value, [*of_cases, *_lines(done, terminal)])


def _value(done: Erasure) -> dict[str, object]:
    places = [
        {**asdict(one), "path": str(one.path), "learnt": one.learnt, "rebuild": one.rebuild} for one in done.places
    ]
    return {
        "request": done.request,
        "lists": [str(path) for path in done.lists],
        "queue": [str(path) for path in done.queue],
        "places": places,
    }


def _lines(done: Erasure, terminal: Terminal) -> list[str]:
    lines = [terminal.say("erase.listed", path=path) for path in done.lists]
    for one in done.places:
        lines.append(terminal.say(f"erase.{_state(one)}", **_words(one, terminal)))
        if one.cleared:
            lines.append(terminal.say("erase.cleared", tables=", ".join(one.cleared)))
        if one.work:
            lines.append(terminal.say("erase.work", work=", ".join(one.work)))
    if not any(one.rebuild for one in done.places):
        return [*lines, terminal.say("erase.nothing")]
    return [*lines, terminal.say("erase.kept"), *(terminal.say("erase.queued", path=path) for path in done.queue)]


def _state(one: Touched) -> str:
    if one.splits:
        return "learnt" if one.learnt else "tested"
    return "absent" if one.known else "unknown"


def _words(one: Touched, terminal: Terminal) -> dict[str, object]:
    return {
        "path": one.path,
        "kind": terminal.say(f"erase.kind.{one.kind}"),
        "splits": ", ".join(one.splits),
        "rebuild": ", ".join(terminal.say(f"erase.what.{part}") for part in one.rebuild),
    }


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(rich_help_panel=USE, epilog=f"Example: {EXAMPLE}")(erase)
