"""`primum mark`: what a model found in a picture, as an overlay and as DICOM."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from primum.cli.options import USE, AsJson, Database, Lang, Language, Quiet, Trust
from primum.cli.releases import check_if_release
from primum.cli.terminal import Answer, Terminal
from primum.errors import InputError

if TYPE_CHECKING:
    from primum.apps.imaging import Maker
    from primum.apps.imaging.dicomweb import Archive
    from primum.cohort.roles import ImageRole

EXAMPLE = "primum mark releases/chest scan.dcm --regions found.jsonl --as png,seg,sr --out marked"


def mark(
    run: Annotated[
        Path, typer.Argument(metavar="RELEASE", help="Folder of the Release, or run, whose model found it.")
    ],
    image: Annotated[
        Path, typer.Argument(metavar="IMAGE", help="The picture: DICOM, or PNG, JPEG, TIFF for an overlay.")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder to write to.")],
    regions: Annotated[
        Path | None,
        typer.Option("--regions", metavar="FILE", help="jsonl of label, box, perhaps score and mask (a PNG)."),
    ] = None,
    heat: Annotated[
        Path | None, typer.Option("--heat", metavar="FILE", help="Heat map: npy from 0 to 1, or a grey picture.")
    ] = None,
    about: Annotated[str, typer.Option("--class", help="What the heat map speaks for.")] = "",
    outputs: Annotated[
        str, typer.Option("--as", metavar="LIST", help="Of png, seg, sr, pr, sc; several with commas.")
    ] = "png",
    stow: Annotated[
        str | None, typer.Option("--stow", metavar="URL", help="Also send the DICOM files to this DICOMweb archive.")
    ] = None,
    db: Database = None,
    trust: Trust = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    lang: Language = Lang.en,
) -> Answer:
    """Write what a model found in a picture: an overlay (png), DICOM Segmentations of masks and heat (seg), a report of
    measurements (sr), boxes for the viewer (pr), a Secondary Capture with all of it drawn in (sc). They belong to the
    source's patient and study, in new series, and name the model. All say: AI, not for diagnosis without review.
    With neither --regions nor --heat the model is asked, if it is one that marks places. With --stow they are sent as
    well, once, and the ledger keeps where to: token, or name and password, stand in PRIMUM_DICOMWEB_TOKEN, or
    PRIMUM_DICOMWEB_USER and PRIMUM_DICOMWEB_PASSWORD.
    """
    from primum.apps.imaging import Marks, found_by, known_outputs, open_source, read_heat, read_regions, write_marks

    wanted = known_outputs([name.strip() for name in outputs.split(",") if name.strip()])
    archive = None if stow is None else _archive(stow, wanted)
    terminal = Terminal(as_json=as_json, quiet=quiet, lang=lang)
    maker, role = _made_by(run, is_release=check_if_release(run, trust))
    source = open_source(image, role)
    height, width = source.size
    found = found_by(run, source) if regions is None and heat is None else ()
    marks = Marks(
        regions=found if regions is None else read_regions(regions),
        heat=None if heat is None else read_heat(heat, height=height, width=width),
        about=about,
    )
    written = write_marks(source, marks, maker, out, outputs=wanted)
    lines = [terminal.say("written", path=path) for path in written]
    answer: dict[str, object] = {
        "regions": len(marks.regions),
        "heat": heat is not None,
        "files": [path.name for path in written],
    }
    if archive is not None:
        stored = _send(archive, written, maker.release, run=run, db=db)
        answer["sent"] = {"host": archive.host, "files": stored}
        lines.append(terminal.say("mark.sent", count=stored, host=archive.host))
    return terminal.answer({**answer, "out": str(out)}, lines)


def _archive(url: str, outputs: Sequence[str]) -> Archive:
    """Return where files are to be sent, before any is written."""
    from primum.apps.imaging.dicomweb import check_marked, connect

    if set(outputs) <= {"png"}:
        check_marked([])
    return connect(url)


def _send(archive: Archive, written: Sequence[Path], release: str, *, run: Path, db: str | None) -> int:
    """Send the DICOM files among those written and return how many were stored; the ledger keeps what became of them.

    Raises:
        ArchiveError: not all were stored.
        LedgerError: the ledger cannot be opened; nothing was sent.
    """
    from primum.apps.imaging.dicomweb import check_marked, send_marked
    from primum.errors import ArchiveError
    from primum.ethics.ledger import open_ledger

    files = check_marked([path for path in written if path.suffix == ".dcm"])
    with open_ledger(run.absolute().parent, given=db) as ledger, archive:
        sent = send_marked(archive, files)
        if isinstance(sent, ArchiveError):
            raise sent
        ledger.append("sending", release, **sent.content())
    if sent.fault is not None:
        raise sent.fault
    return sent.files


def _made_by(run: Path, *, is_release: bool) -> tuple[Maker, ImageRole]:
    """Return what names the model, and how its study reads pictures."""
    from primum.apps.imaging import Maker
    from primum.files import sha256_of
    from primum.study.opened import spec_of
    from primum.study.study import input_roles

    spec = spec_of(run)
    role = input_roles(spec.cohort.inputs).image
    if role is None:
        raise InputError(f"{run}: its model reads no images; name one whose study has cohort.inputs.image.")
    # A Release is named by its manifest's hash; a run, which is not signed, by that of its weights.
    named = sha256_of(run / ("manifest.json" if is_release else "model/model.safetensors"))
    return Maker(release=named, version=version("primum"), study=spec.study), role


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(rich_help_panel=USE, epilog=f"Example: {EXAMPLE}")(mark)
