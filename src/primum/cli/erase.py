"""`primum erase`: a patient who asked to be forgotten, taken out of a study and of what was made from it."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from primum.cli.options import USE, AsJson, Database, Lang, Language, Quiet
from primum.cli.terminal import Answer, Terminal

if TYPE_CHECKING:  # commands import no room before they run
    from primum.study.erasing import Erasure, Touched
    from primum.study.forgetting import Forgotten

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
    later: Annotated[
        bool, typer.Option("--later", help="Unlearn nothing now; runs by shards wait in the queue as others do.")
    ] = False,
    vault: Annotated[
        Path | None,
        typer.Option("--vault", metavar="FILE", help="Keys of patients' Cases at rest; this patient's is destroyed."),
    ] = None,
    master_key: Annotated[
        str | None,
        typer.Option(
            "--master-key",
            metavar="WHERE",
            help="What wraps those keys: file:PATH, env:NAME or command:PROGRAM.",
            envvar="PRIMUM_MASTER_KEY",
        ),
    ] = None,
    db: Database = None,
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

    With --study alone the folder `runs` is looked through, where there is one. The id is written nowhere. A run by
    shards (`training.shards`) is made anew at once, beside the old one: only the patient's shard learns again. What
    other models learnt stays until they are rebuilt; a request for that is queued in `retune` beside the list. The
    ledger that is given, or lies beside the runs, keeps hashes and counts. With --cases the patient's Cases in a
    service lose their key and their content.
    """
    from primum.study import Study
    from primum.study.forgetting import forget, ledgers_of, vault_of

    terminal = Terminal(as_json=as_json, quiet=quiet, lang=lang)
    folders = [*(runs or []), *(more or [])]
    if not folders and study is not None and Path("runs").is_dir() and any(Path("runs").iterdir()):
        folders = [Path("runs")]
    if patient == "-":
        patient = sys.stdin.readline()
    of_cases = None
    if cases is not None:
        from primum.serve.erasing import erase_cases

        of_cases = erase_cases(patient, db=cases, keys=key_file)
        if study is None and not folders and vault is None:
            return terminal.answer({"cases": of_cases}, [terminal.say("erase.cases", count=of_cases)])
    with ledgers_of(folders, given=db) as ledgers, terminal.progress() as progress:
        done = forget(
            patient,
            study=None if study is None else Study.load(study),
            folders=folders,
            unseen=unseen,
            later=later,
            vault=None if vault is None else vault_of(vault, master_key),
            ledgers=ledgers,
            progress=progress,
            lang=lang.value,
        )
    value, lines = {**_value(done), "recorded": len(ledgers)}, _lines(done, len(ledgers), terminal)
    if of_cases is not None:
        value, lines = {**value, "cases": of_cases}, [terminal.say("erase.cases", count=of_cases), *lines]
    return terminal.answer(value, lines)


def _value(done: Forgotten) -> dict[str, object]:
    erasure = done.erasure
    places = [] if erasure is None else erasure.places
    return {
        "request": done.request,
        "lists": [] if erasure is None else [str(path) for path in erasure.lists],
        "queue": [] if erasure is None else [str(path) for path in erasure.queue],
        "waiting": [str(path) for path in done.waiting],
        "places": [
            {**asdict(one), "path": str(one.path), "learnt": one.learnt, "rebuild": one.rebuild} for one in places
        ],
        "unlearnt": [{**asdict(one), "before": str(one.before), "after": str(one.after)} for one in done.unlearnt],
        "shredded": done.shredded,
    }


def _lines(done: Forgotten, ledgers: int, terminal: Terminal) -> list[str]:
    lines = [] if done.erasure is None else _erased_lines(done.erasure, terminal)
    lines += [terminal.say("erase.unlearnt", **asdict(one)) for one in done.unlearnt]
    lines += [terminal.say("erase.queued", path=path) for path in done.waiting]
    if done.shredded is not None:
        lines.append(terminal.say("erase.shredded" if done.shredded else "erase.no_key"))
    return [*lines, terminal.say("erase.recorded", count=ledgers)] if ledgers else lines


def _erased_lines(done: Erasure, terminal: Terminal) -> list[str]:
    lines = [terminal.say("erase.listed", path=path) for path in done.lists]
    for one in done.places:
        lines.append(terminal.say(f"erase.{_state(one)}", **_words(one, terminal)))
        if one.cleared:
            lines.append(terminal.say("erase.cleared", tables=", ".join(one.cleared)))
        if one.work:
            lines.append(terminal.say("erase.work", work=", ".join(one.work)))
    kept = any(one.rebuild for one in done.places)
    return [*lines, terminal.say("erase.kept" if kept else "erase.nothing")]


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
