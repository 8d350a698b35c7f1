"""Pictures of an archive as a folder with a table that a study reads: all of them, or nothing is written."""

from __future__ import annotations

import csv
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from primum.apps.imaging.dicomweb.archive import Archive, Instance
from primum.apps.imaging.marks import NOTICE
from primum.errors import ArchiveError, InputError, OutputError
from primum.extras import require
from primum.files import new_folder
from primum.progress import Progress, Silent

TABLE, PICTURES = "records.csv", "images"
COLUMNS = ("id", "patient", "study", "image", "modality", "sex", "age")
_PURPOSE = "Fetching pictures"
_DIGITS = frozenset("0123456789.")

Clean = Callable[[Path, Path], object]
"""Writes the DICOM files of one folder without identifiers to another that is not there yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What was found, and written, in counts."""

    studies: int
    pictures: int
    """Found; with a folder, written to it."""
    left_out: int
    """Pictures not written: they carry the notice of a model's marks, or were held back when they were cleaned."""


def known_filters(given: Sequence[str]) -> dict[str, str]:
    """Return KEYWORD=VALUE as a search's filters.

    Raises:
        InputError: one is no such pair, or names no attribute of DICOM; its value is not repeated.
    """
    known: Any = require("pydicom.datadict", extra="imaging", purpose=_PURPOSE)
    found = {}
    for number, one in enumerate(given, start=1):
        name, sign, value = one.partition("=")
        if not sign or not value.strip() or known.tag_for_keyword(name.strip()) is None:
            raise InputError(
                f"--where: number {number} is not KEYWORD=VALUE with a keyword of DICOM, such as "
                "ModalitiesInStudy=DX or StudyDate=20260101-20260131."
            )
        found[name.strip()] = value.strip()
    return found


def known_studies(given: Sequence[str], listed: Path | None) -> list[str]:
    """Return Study Instance UIDs from the command line and from a file with one a line, each once.

    Raises:
        InputError: the file cannot be read, or one is no UID; it is named by its number and not repeated.
    """
    try:
        lines = [] if listed is None else listed.read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError) as exc:
        raise InputError(f"{listed}: it cannot be read; write one Study Instance UID a line.") from exc
    for what, uids in (("--study", given), (str(listed), lines)):
        for number, uid in enumerate(uids, start=1):
            if not 0 < len(uid) <= 64 or set(uid) - _DIGITS:
                raise InputError(f"{what}: number {number} is no UID, which has digits and dots only, 64 at most.")
    return list(dict.fromkeys([*given, *lines]))


def fetch_pictures(
    archive: Archive,
    studies: Sequence[str],
    out: Path | None,
    *,
    most: int,
    clean: Clean | None = None,
    progress: Progress | None = None,
) -> Fetched:
    """Fetch the images of studies into a folder, as images/ and records.csv.

    Args:
        archive: to ask.
        studies: Study Instance UIDs.
        out: a new folder; None: the images are counted and none is fetched.
        most: images; more are refused before the first is fetched.
        clean: takes identifiers out on the way: what it is given is never written to `out`, which everybody may then
            read; without it only its owner may.
        progress: where it tells how far it is.
    Raises:
        ArchiveError: there is none, there are more than `most`, or the archive fails; nothing is written.
        OutputError: `out` is there already, or cannot be written.
    """
    progress = progress or Silent()
    if out is not None and (out.is_symlink() or out.exists()) and (not out.is_dir() or any(out.iterdir())):
        raise OutputError(f"{out}: exists already; choose a new folder with --out.")
    progress.step("find_pictures", archive.host)
    places: list[Instance] = []
    for study in studies:
        places += archive.pictures(study, most=most)
        if len(places) > most:
            raise ArchiveError(f"{archive.host}: more than {most} match; narrow the question, or raise --most.")
    if out is None:
        return Fetched(studies=len(studies), pictures=len(places), left_out=0)
    if not places:
        raise ArchiveError(f"{archive.host}: the studies hold no image.")
    progress.step("fetch", archive.host)
    with new_folder(out, mode=0o700 if clean is None else 0o755) as work:
        raw = work / (PICTURES if clean is None else ".raw")
        raw.mkdir(mode=0o700)
        _download(archive, places, raw, progress)
        if clean is not None:
            _cleaned(raw, work / PICTURES, clean, archive.host)
        written = _write_table(work, archive.host)
    return Fetched(studies=len(studies), pictures=written, left_out=len(places) - written)


def _download(archive: Archive, places: Sequence[Instance], folder: Path, progress: Progress) -> None:
    """Write each picture as STUDY-IMAGE.dcm, both numbered from 1; what primum marked is none."""
    studies = {study: number for number, study in enumerate(dict.fromkeys(one.study for one in places), start=1)}
    for number, place in enumerate(places, start=1):
        data = archive.picture(place)
        if str(data.get("SeriesDescription", "")) != NOTICE:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # pydicom's warnings quote values
                data.save_as(folder / f"{studies[place.study]:04}-{number:05}.dcm", enforce_file_format=True)
        progress.advance(number, len(places))


def _cleaned(raw: Path, out: Path, clean: Clean, host: str) -> None:
    if not any(raw.iterdir()):
        raise ArchiveError(f"{host}: the studies hold no image but those that a model marked.")
    clean(raw, out)
    for path in raw.iterdir():
        path.unlink()
    raw.rmdir()


def _write_table(work: Path, host: str) -> int:
    """Write a row for each picture in the folder, and return how many there are."""
    pydicom: Any = require("pydicom", extra="imaging", purpose=_PURPOSE)
    paths = sorted((work / PICTURES).rglob("*.dcm"))
    if not paths:
        raise ArchiveError(f"{host}: no image is left: they carry a model's marks, or were held back.")
    patients, studies = _Numbers(), _Numbers()
    with (work / TABLE).open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, COLUMNS)
        writer.writeheader()
        for number, path in enumerate(paths, start=1):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                data = pydicom.dcmread(path, stop_before_pixels=True)
                row = _row(data, patients, studies)
            writer.writerow({**row, "id": number, "image": path.relative_to(work).as_posix()})
    return len(paths)


class _Numbers(dict[str, int]):
    """Numbers from 1 in the order of first sight."""

    def __missing__(self, key: str) -> int:
        self[key] = len(self) + 1
        return self[key]


def _row(data: Any, patients: _Numbers, studies: _Numbers) -> Mapping[str, object]:
    """Return what a study needs of a header: numbers instead of identifiers, and what fairness is measured by."""
    study = str(data.get("StudyInstanceUID", ""))
    age = str(data.get("PatientAge") or "")
    sex, modality = str(data.get("PatientSex") or ""), str(data.get("Modality") or "")
    return {
        "patient": patients[str(data.get("PatientID") or "") or f"study {study}"],
        "study": studies[study],
        "modality": modality if modality.isalnum() and len(modality) <= 16 else "",
        "sex": sex if sex in ("F", "M", "O") else "",
        "age": int(age[:3]) if len(age) == 4 and age[:3].isdigit() and age[3] == "Y" else "",
    }
