"""`primum fetch`: pictures of a hospital's archive, with a table that a study reads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from primum.cli.deid import dicom_lines
from primum.cli.options import BEGIN, AsJson, Lang, Language, Quiet
from primum.cli.terminal import Answer, Terminal
from primum.errors import InputError

if TYPE_CHECKING:
    from primum.privacy.dicom import Cleaned, Profile

EXAMPLE = "primum fetch https://archive.example.org/dicom-web --where ModalitiesInStudy=DX --deid --out films"


def fetch(
    url: Annotated[str, typer.Argument(metavar="URL", help="The archive's DICOMweb address, by https.")],
    study: Annotated[
        list[str] | None, typer.Option("--study", metavar="UID", help="Study Instance UID. Repeatable.")
    ] = None,
    studies: Annotated[
        Path | None, typer.Option("--studies", metavar="FILE", help="Study Instance UIDs, one a line.")
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(
            "--where", metavar="KEYWORD=VALUE", help="Studies that match, e.g. StudyDate=20260101-. Repeatable."
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="New folder; left out: pictures are only counted.")
    ] = None,
    deid: Annotated[
        bool, typer.Option("--deid", help="Take identifiers out before anything is written there.")
    ] = False,
    key: Annotated[
        Path | None, typer.Option("--key", metavar="FILE", help="Key of pseudonyms and moved dates, for --deid.")
    ] = None,
    most: Annotated[int, typer.Option("--most", metavar="N", min=1, help="Refuse if more pictures match.")] = 1000,
    as_json: AsJson = False,
    quiet: Quiet = False,
    lang: Language = Lang.en,
) -> Answer:
    """Fetch pictures from a DICOMweb archive: images/ and records.csv, to which you add the target. Token, or name and
    password, stand in PRIMUM_DICOMWEB_TOKEN, or PRIMUM_DICOMWEB_USER and PRIMUM_DICOMWEB_PASSWORD. Pictures that a
    model marked are left out.
    """
    from primum.apps.imaging.dicomweb import connect, fetch_pictures, known_filters, known_studies

    if key is not None and not deid:
        raise InputError("fetch: --key is for --deid; give both.")
    uids, filters = known_studies(study or [], studies), known_filters(where or [])
    if bool(uids) == bool(filters):
        raise InputError("fetch: name studies by --study or --studies, or look for them by --where.")
    terminal = Terminal(as_json=as_json, quiet=quiet, lang=lang)
    profile = _profile(key) if deid else None
    cleaned: list[Cleaned] = []
    with connect(url) as archive, terminal.progress() as progress:
        uids = uids or archive.studies(filters, most=most)
        found = fetch_pictures(
            archive,
            uids,
            out,
            most=most,
            clean=None if profile is None else lambda raw, to: cleaned.append(_clean(raw, to, profile)),
            progress=progress,
        )
    answer = {"studies": found.studies, "pictures": found.pictures, "left_out": found.left_out}
    if out is None:
        return terminal.answer({**answer, "out": None}, [terminal.say("fetch.counted", **answer)])
    lines = [terminal.say("fetch.done", **answer)]
    lines += [terminal.say("fetch.left_out", count=found.left_out)] if found.left_out else []
    lines.append(terminal.say("written", path=out))
    lines += [line for one in cleaned for line in dicom_lines(one, terminal)] or [terminal.say("fetch.caution")]
    return terminal.answer({**answer, "out": str(out)}, lines)


def _profile(key: Path | None) -> Profile:
    """Return how identifiers are taken out: as `primum deid` does without further options."""
    from primum.privacy.deid import Deidentifier, pinned, plan_of, read_key
    from primum.privacy.dicom import Profile

    plan = plan_of(base="mask", changes={}, keyed=read_key(key) if key else None, day_first=False)
    texts = Deidentifier(plan=plan, models=pinned(None))
    return Profile(keyed=texts.plan.keyed or texts.codes, texts=texts)


def _clean(raw: Path, to: Path, profile: Profile) -> Cleaned:
    from primum.privacy.dicom import clean_folder

    return clean_folder(raw, to, profile)


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(rich_help_panel=BEGIN, epilog=f"Example: {EXAMPLE}")(fetch)
