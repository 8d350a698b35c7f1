"""The picture that marks belong to: its shades, and its header where it is DICOM."""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from primum.apps.imaging.marks import PURPOSE
from primum.cohort.images import Unreadable, read_picture, read_whole
from primum.cohort.images.reading import quiet
from primum.cohort.roles import ImageRole
from primum.errors import InputError
from primum.extras import require

_NEEDED = ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")
_EMPTY = (
    "PatientID", "PatientName", "PatientBirthDate", "PatientSex", "AccessionNumber", "StudyID", "StudyDate",
    "StudyTime", "ReferringPhysicianName", "Modality",
)  # fmt: skip
"""May stand empty (type 2 of PS3.3), and stay so where the source lacks them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A picture as it is shown."""

    picture: npt.NDArray[np.uint8]
    """Shades, shape (height, width) or (height, width, 3), at the size it is stored."""
    square: npt.NDArray[np.uint8]
    """The same as a model sees it: fitted into a square."""
    header: Any | None
    """Its DICOM data set without pixels; None for other formats."""
    frame: int
    """Which of several frames the picture is, from 0."""
    frames: int
    """How many there are."""

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return int(self.picture.shape[0]), int(self.picture.shape[1])

    def dicom(self) -> Any:
        """Return the header.

        Raises:
            InputError: the picture is no DICOM, so that a DICOM file about it would invent patient and study.
        """
        if self.header is None:
            raise InputError(
                "source: it is no DICOM file, whose patient and study a DICOM output repeats; ask for png."
            )
        return self.header


def open_source(path: Path, role: ImageRole | None = None) -> Source:
    """Return a picture and its header.

    Args:
        path: of a PNG, JPEG, TIFF, NIfTI or DICOM file.
        role: window, frame and limits; None: the file's own window, the middle frame, the usual limits.
    Raises:
        InputError: it cannot be read, or its header lacks what other files refer to it by.
    """
    chosen = role or ImageRole(column="image")
    try:
        content = path.read_bytes()
    except OSError as exc:
        raise InputError(f"{path}: it cannot be opened; check its name and its permissions.") from exc
    try:
        with quiet():
            picture, square = read_whole(content, chosen), read_picture(content, chosen)
            header = _header(content)
    except Unreadable as exc:
        raise InputError(f"{path}: it is {exc.does.removeprefix('name ')}; {exc.mend}.") from exc
    frames = 1 if header is None else max(int(header.get("NumberOfFrames") or 1), 1)
    return Source(picture=picture, square=square, header=header, frame=chosen.chosen_frame(frames), frames=frames)


def _header(content: bytes) -> Any | None:
    from primum.cohort.images import dicom

    if not dicom.marked(content) and not dicom.belongs(content):
        return None
    pydicom: Any = require("pydicom", extra="imaging", purpose=PURPOSE)
    data = pydicom.dcmread(io.BytesIO(content), force=True, stop_before_pixels=True)
    lacking = [name for name in _NEEDED if not data.get(name)]
    if lacking:
        raise InputError(f"source: its DICOM header lacks {', '.join(lacking)}, by which other files refer to it.")
    for name in _EMPTY:
        if name not in data:
            setattr(data, name, "")
    return data


@contextmanager
def silent() -> Iterator[None]:
    """Silence libraries of DICOM meanwhile: their warnings quote a patient's name, their logs identifiers."""
    loggers = [logging.getLogger(name) for name in ("highdicom", "pydicom", "dicomweb_client", "retrying", "urllib3")]
    levels = [one.level for one in loggers]
    for one in loggers:
        one.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"highdicom|pydicom|dicomweb_client")
            yield
    finally:
        for one, level in zip(loggers, levels, strict=True):
            one.setLevel(level)
