"""What the headers of DICOM files say, as columns; and which files may be images, by their names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from primum.extras import require

RASTER = frozenset({".png", ".jpg", ".jpeg", ".tif", ".tiff", ".nii"})
DICOM = frozenset({".dcm", ".dicom", ".ima", ""})
IMAGE_SUFFIXES = RASTER | DICOM - {""}
"""Endings that name an image; a file without an ending is one where its first bytes are DICOM's."""
TAGS = (
    "PatientID", "PatientSex", "PatientAge", "StudyDate", "Modality", "BodyPartExamined", "ViewPosition", "Laterality",
    "InstitutionName", "Manufacturer", "ManufacturerModelName", "StudyInstanceUID", "SeriesInstanceUID",
)  # fmt: skip
"""Elements of DICOM that become columns, by keyword; PatientAge in years, ImageLaterality as Laterality."""
_YEARS = {"Y": 1.0, "M": 1 / 12, "W": 7 / 365.25, "D": 1 / 365.25}
_MARK = slice(128, 132)


def is_dicom(path: Path) -> bool:
    """Return whether a file has an ending of DICOM's, or none, and its mark after the preamble."""
    if path.suffix.lower() not in DICOM and not re.fullmatch(r"\.\d+", path.suffix):  # UIDs are names too
        return False
    try:
        with path.open("rb") as stream:
            return stream.read(132)[_MARK] == b"DICM"
    except OSError:
        return False


def read_headers(folder: Path, paths: Sequence[str], tags: Sequence[str]) -> dict[str, list[str | None]]:
    """Return the columns of these elements; empty where a file is no DICOM or does not say."""
    from primum.cohort.images.reading import quiet

    found: dict[str, list[str | None]] = {tag: [] for tag in tags}
    if not found:
        return found
    with quiet():
        for path in paths:
            said = _header(folder / path, tags)
            for tag, column in found.items():
                column.append(said.get(tag))
    return found


def _header(path: Path, tags: Sequence[str]) -> Mapping[str, str]:
    pydicom: Any = require("pydicom", extra="imaging", purpose="Reading the headers of DICOM files")
    asked = [*tags, *(["ImageLaterality"] if "Laterality" in tags else [])]
    try:
        data = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=asked) if is_dicom(path) else {}
        values = {tag: str(data.get(tag) or "").strip() for tag in asked}
    except Exception:  # a damaged header says nothing; the reading of its pixels says what is wrong
        return {}
    values["Laterality"] = values.get("ImageLaterality") or values.get("Laterality", "")
    values["PatientAge"] = _years(values.get("PatientAge", ""))
    return {tag: value for tag, value in values.items() if value}


def _years(age: str) -> str:
    """Return an age such as 045Y or 018M in years; empty where it is none."""
    stated = re.fullmatch(r"(\d{1,3})([YMWD])", age)
    return f"{int(stated[1]) * _YEARS[stated[2]]:.3g}" if stated else ""
