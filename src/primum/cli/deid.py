"""`primum deid`: texts, tables, FHIR and folders without identifiers, and how well that works on labelled texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from dataclasses import replace as replace_fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from primum.cli.options import USE, AsJson, Lang, Language, Quiet
from primum.cli.terminal import Answer, Terminal
from primum.errors import InputError

if TYPE_CHECKING:
    from primum.privacy.deid import Deidentifier, Score, Share
    from primum.privacy.dicom import Cleaned

EXAMPLE = "primum deid notes.csv --out clean.csv"


def deid(
    source: Annotated[
        Path | None,
        typer.Argument(
            metavar="INPUT", help="txt, csv, tsv, parquet, jsonl, FHIR json or ndjson, DICOM, or a folder of them."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="OUTPUT", help="File of the same kind, or a new folder.")
    ] = None,
    replace: Annotated[
        str, typer.Option("--replace", metavar="mask|surrogate", help="What stands for an identifier.")
    ] = "mask",
    action: Annotated[
        list[str] | None,
        typer.Option(
            "--action", metavar="KIND=ACTION", help="Another action for one kind, e.g. date=shift. Repeatable."
        ),
    ] = None,
    key: Annotated[
        Path | None, typer.Option("--key", metavar="FILE", help="Key of surrogates and moved dates, which you keep.")
    ] = None,
    column: Annotated[
        list[str] | None, typer.Option("--column", metavar="NAME", help="Read this column only. Repeatable.")
    ] = None,
    keep: Annotated[
        list[str] | None,
        typer.Option("--keep", metavar="NAME", help="Leave this column, or DICOM attribute, as it is. Repeatable."),
    ] = None,
    patient: Annotated[
        str | None, typer.Option("--patient", metavar="NAME", help="Column that says whose record it is.")
    ] = None,
    day_first: Annotated[bool, typer.Option("--day-first", help="03/04/2021 is the third of April.")] = False,
    ner: Annotated[
        list[str] | None,
        typer.Option(
            "--ner",
            metavar="MODEL",
            help="A model to ask besides the rules: a spaCy model or jieba. Repeatable; left out: those installed.",
        ),
    ] = None,
    rules_only: Annotated[
        bool, typer.Option("--no-ner", help="Ask no model: the rules alone, several times faster.")
    ] = False,
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers", metavar="N", min=1, help="Processes; left out: one a core where there is much to read."
        ),
    ] = None,
    labelled: Annotated[
        Path | None,
        typer.Option("--score", metavar="LABELLED", help="Measure on jsonl of text, spans, lang and group instead."),
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    lang: Language = Lang.en,
) -> Answer:
    """De-identify English and Chinese texts, tables, FHIR and folders. The report counts by kind and shows no text."""
    terminal = Terminal(as_json=as_json, quiet=quiet, lang=lang)
    if labelled is not None:
        return _score(labelled, _models(ner, rules_only), terminal)
    if source is None or out is None:
        raise InputError("deid: give INPUT and --out OUTPUT, or --score LABELLED.")
    from primum.privacy.deid import Choice, Deidentifier, deidentify, plan_of, read_key
    from primum.privacy.dicom import is_dicom

    plan = plan_of(
        base=replace, changes=_actions(action or []), keyed=read_key(key) if key else None, day_first=day_first
    )
    made = Deidentifier(plan=plan, models=_models(ner, rules_only))
    if is_dicom(source):
        return _dicom(source, out, made, keep or [], terminal)
    choice = Choice(columns=column or (), keep=keep or (), patient=patient)
    with terminal.progress() as progress:
        done = deidentify(source, out, made, choice=choice, progress=progress, workers=workers)
    lines = [terminal.say("deid.done", records=done.records, files=done.files, found=sum(done.found.values()))]
    lines.append(_readers(made.models, terminal))
    lines += [terminal.say("deid.kind", title=_title(kind, lang), count=n) for kind, n in done.found.items()]
    if done.skipped:
        lines.append(terminal.say("deid.skipped", count=done.skipped))
    lines += [terminal.say("written", path=out), terminal.say("deid.caution")]
    return terminal.answer({**asdict(done), "ner": list(made.models), "out": str(out)}, lines)


def _models(given: list[str] | None, rules_only: bool) -> tuple[str, ...]:
    """Return the models to ask, as name==version: those named, none, or those installed."""
    from primum.privacy.deid import pinned

    if given and rules_only:
        raise InputError("deid: --ner names a model and --no-ner asks for none; give one of them.")
    return pinned([] if rules_only else given or None)


def _readers(models: Sequence[str], terminal: Terminal) -> str:
    return terminal.say("deid.models", models=", ".join(models)) if models else terminal.say("deid.rules_only")


def _dicom(source: Path, out: Path, texts: Deidentifier, keep: list[str], terminal: Terminal) -> Answer:
    from primum.privacy.dicom import Profile, clean_file, clean_folder

    profile = Profile(keyed=texts.plan.keyed or texts.codes, texts=texts)
    if keep:
        profile = replace_fields(profile, keep=frozenset(keep))
    with terminal.progress() as progress:
        done = (clean_folder if source.is_dir() else clean_file)(source, out, profile, progress=progress)
    lines = [terminal.say("written", path=out), *dicom_lines(done, terminal)]
    return terminal.answer({**asdict(done), "out": str(out)}, lines)


def dicom_lines(done: Cleaned, terminal: Terminal) -> list[str]:
    """Return what was done with DICOM files, and what a person has to look at."""
    lines = [terminal.say("deid.dicom", files=done.files, patients=done.patients, masked=done.masked)]
    lines += [terminal.say("deid.held", count=len(done.held))] if done.held else []
    return [*lines, terminal.say("deid.dicom_caution")]


def _actions(given: list[str]) -> dict[str, str]:
    pairs = [one.partition("=") for one in given]
    if any(not sign for _, sign, _ in pairs):
        raise InputError("--action: expected KIND=ACTION, e.g. date=shift.")
    return {kind.strip(): action.strip() for kind, _, action in pairs}


def _title(kind: str, lang: Lang) -> str:
    from primum.privacy.deid import KINDS

    return KINDS.get(kind).title[lang.value] if kind in KINDS else kind


def _score(labelled: Path, models: tuple[str, ...], terminal: Terminal) -> Answer:
    from functools import partial

    from primum.privacy.deid import find, read_labelled, recognisers, score

    finder = partial(find, recognisers=recognisers(models))
    with terminal.progress() as progress:
        progress.step("deid_score", labelled.name)
        scored = score(read_labelled(labelled), finder=finder)
    lines = [*_score_lines(scored, terminal), _readers(models, terminal)]
    return terminal.answer({**asdict(scored), "ner": list(models)}, lines)


def _score_lines(scored: Score, terminal: Terminal) -> list[str]:
    lines = [terminal.say("deid.scored", texts=scored.texts)]
    for name, share in scored.recall.items():
        lang, _, what = name.partition("/")
        said = terminal.say(f"deid.{what}") if what in ("direct", "all") else _title(what, terminal.lang)
        lines.append(terminal.say("deid.recall", of=lang, what=said, **_figures(share)))
    lines += [terminal.say("deid.precision", of=lang, **_figures(share)) for lang, share in scored.precision.items()]
    if scored.worst_group is not None:
        worst = scored.leakage[scored.worst_group]
        lines.append(terminal.say("deid.worst", group=scored.worst_group, **_figures(worst)))
    return lines


def _figures(share: Share) -> dict[str, object]:
    return {"value": f"{share.value:.3f}", "low": f"{share.low:.3f}", "high": f"{share.high:.3f}", "n": share.n}


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(rich_help_panel=USE, epilog=f"Example: {EXAMPLE}")(deid)
