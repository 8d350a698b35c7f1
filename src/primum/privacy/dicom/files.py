"""DICOM files and folders without identifiers, and the list of what a person should look at."""

from __future__ import annotations

import csv
import hashlib
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from primum.errors import CohortError, OutputError
from primum.extras import require
from primum.files import atomic_path, new_folder
from primum.privacy.dicom.headers import Profile, clean_header
from primum.privacy.dicom.pixels import Box, clean_pixels
from primum.progress import Progress, Silent

if TYPE_CHECKING:
    from pydicom.dataset import FileDataset

Why = Literal["unreadable", "document", "pixels", "text_left"]
"""Damaged or no DICOM image or report; a document inside, which is not read; pixels that cannot be decoded, and so not
be read; text that could be read after masking."""
REVIEW = "review.csv"
_DOCUMENTS = "1.2.840.10008.5.1.4.1.1.104."
"""SOP classes of encapsulated documents: PDF, CDA, models for printing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A file that was not written."""

    number: int
    """Its place among the files of the input in the order of their names, 1 for the first."""
    sha256: str
    """Of the file as it was; names of files often tell who the patient is."""
    why: Why


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleaned:
    """What was done, in counts."""

    files: int
    """Files written."""
    patients: int
    header: Mapping[str, int]
    """Attributes changed, by what was done."""
    masked: int
    """Files in whose pixels something was masked."""
    boxes: int
    """Places masked."""
    held: Sequence[Held]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Written:
    patient: str
    name: str
    boxes: tuple[Box, ...]


class _Refused(Exception):
    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why: Why = why


def is_dicom(path: Path) -> bool:
    """Return whether a file says that it is DICOM, or a folder holds one that does."""
    if path.is_dir():
        return any(is_dicom(one) for one in _files(path))
    try:
        with path.open("rb") as stream:
            return stream.read(132)[128:] == b"DICM"
    except OSError:
        return False


def clean_file(source: Path, out: Path, profile: Profile, *, progress: Progress | None = None) -> Cleaned:
    """Write a DICOM file without identifiers.

    Raises:
        CohortError: it cannot be read, or something in it cannot be made safe; nothing is written.
        OutputError: `out` is the source, or cannot be written.
    """
    (progress or Silent()).step("deid", "DICOM")
    if source.resolve() == out.resolve():
        raise OutputError(f"{out}: is the input itself; choose another place with --out.")
    with atomic_path(out) as temporary:
        try:
            written = _clean(source, temporary, profile)
        except _Refused as exc:
            raise CohortError(f"{source.name}: {_SAID[exc.why]}") from None
    return Cleaned(
        files=1,
        patients=1,
        header=dict(profile.counts),
        masked=int(bool(written.boxes)),
        boxes=len(written.boxes),
        held=(),
    )


def clean_folder(source: Path, out: Path, profile: Profile, *, progress: Progress | None = None) -> Cleaned:
    """Write every DICOM file below a folder without identifiers, as PATIENT/INSTANCE.dcm, and review.csv.

    review.csv has a row for each file in which something was masked, with the places, and for each that was held back,
    with the reason: a person confirms the one and decides about the other. Names of the input are in neither.

    Raises:
        CohortError: no DICOM file is there.
        OutputError: `out` is inside the source, is not empty, or cannot be written.
    """
    progress = progress or Silent()
    if source.resolve() == out.resolve() or source.resolve() in out.resolve().parents:
        raise OutputError(f"{out}: is the input itself or inside it; choose another place with --out.")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise OutputError(f"{out}: exists already; choose a new folder with --out.")
    paths = [path for path in _files(source) if is_dicom(path) and path.name.upper() != "DICOMDIR"]
    if not paths:
        raise CohortError(f"{source}: holds no DICOM file.")
    progress.step("deid", "DICOM")
    with new_folder(out, mode=0o755) as work:
        written: list[_Written] = []
        held: list[Held] = []
        for number, path in enumerate(paths, start=1):
            try:
                written.append(_into(path, work, profile))
            except _Refused as exc:
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
                held.append(Held(number=number, sha256=digest, why=exc.why))
            progress.advance(number, len(paths))
        _write_review(work / REVIEW, written, held)
    return Cleaned(
        files=len(written),
        patients=len({one.patient for one in written}),
        header=dict(profile.counts),
        masked=sum(bool(one.boxes) for one in written),
        boxes=sum(len(one.boxes) for one in written),
        held=held,
    )


_SAID: Mapping[Why, str] = {
    "unreadable": "is damaged or no DICOM file; export it anew.",
    "document": "holds a document, in which nothing can be masked; take it out.",
    "pixels": "its pixels cannot be decoded, so that nobody can say what is written in them; export it uncompressed.",
    "text_left": "something can still be read in its pixels after masking; mask it by hand.",
}


def _files(folder: Path) -> Iterator[Path]:
    yield from sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def _into(path: Path, work: Path, profile: Profile) -> _Written:
    temporary = work / ".one"
    try:
        written = _clean(path, temporary, profile)
        target = work / written.patient / f"{written.name}.dcm"
        target.parent.mkdir(exist_ok=True)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    return written


def _clean(source: Path, target: Path, profile: Profile) -> _Written:
    """Write one file; nothing of it is written where any part of it cannot be made safe."""
    require("pydicom", extra="imaging", purpose="De-identifying DICOM")
    counts = Counter(profile.counts)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pydicom's warnings quote values
            data = _read(source)
            boxes = _pixels(data)
            patient = clean_header(data, profile)
            data.save_as(target, enforce_file_format=True)
    except _Refused:
        profile.counts.clear()
        profile.counts.update(counts)
        raise
    return _Written(patient=patient, name=str(data.SOPInstanceUID), boxes=boxes)


def _read(source: Path) -> FileDataset:
    import pydicom

    try:
        data = pydicom.dcmread(source)
        for _ in data.iterall():  # values are read when they are asked for; a damaged one is found here
            pass
    except Exception:  # pydicom raises from many trees on damaged files, and quotes what it read
        raise _Refused("unreadable") from None
    if not data.get("SOPInstanceUID") or not data.get("SOPClassUID"):
        raise _Refused("unreadable")
    if str(data.SOPClassUID).startswith(_DOCUMENTS):
        raise _Refused("document")
    return data


def _pixels(data: FileDataset) -> tuple[Box, ...]:
    if "PixelData" not in data:
        if any(keyword in data for keyword in ("FloatPixelData", "DoubleFloatPixelData")):
            raise _Refused("pixels")
        if "Image Storage" in data.SOPClassUID.name:  # the file ends before its pixels
            raise _Refused("unreadable")
        return ()
    try:
        masked = clean_pixels(data)
    except ImportError:
        raise
    except Exception:  # decoders raise from many trees
        raise _Refused("pixels") from None
    if not masked.clean:
        raise _Refused("text_left")
    return masked.boxes


def _write_review(path: Path, written: Sequence[_Written], held: Sequence[Held]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["what", "file", "top", "bottom", "left", "right", "input_number", "input_sha256"])
        for one in written:
            name = f"{one.patient}/{one.name}.dcm"
            for box in one.boxes:
                writer.writerow(["masked", name, box.top, box.bottom, box.left, box.right, "", ""])
        for refused in held:
            writer.writerow([refused.why, "", "", "", "", "", refused.number, refused.sha256])
