"""One image file to one small picture. What a file is, its first bytes decide and not its name."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np

from primum.cohort.images.intensity import ByteArray
from primum.cohort.roles import ImageRole
from primum.extras import require

PURPOSE = "Reading images"


class Unreadable(Exception):
    """Why a file gives no picture: what its rows do, in the plural, and how to mend it; never what an image shows."""

    def __init__(self, does: str, mend: str) -> None:
        """Keep both halves of the sentence."""
        super().__init__(does)
        self.does = does
        self.mend = mend


def damaged() -> Unreadable:
    """Return the reason of a file that ends early or whose content contradicts itself."""
    return Unreadable("name a file that is cut off or damaged", "copy it again from its source")


def too_large(role: ImageRole) -> Unreadable:
    """Return the reason of an image with more pixels than the role allows."""
    return Unreadable(
        f"name an image of more than {role.megapixels:g} megapixels",
        "make it smaller, or raise cohort.inputs.image.megapixels",
    )


def check_size(height: int, width: int, role: ImageRole) -> None:
    """Refuse an image before it is decoded, by the size that its header states.

    Raises:
        Unreadable: a side is shorter than the shortest allowed, or there are too many pixels.
    """
    if min(height, width) < role.shortest:
        raise Unreadable(
            f"name an image with a side of less than {role.shortest} pixels",
            "leave the cell empty, or lower cohort.inputs.image.shortest",
        )
    if height * width > role.megapixels * 1_000_000:
        raise too_large(role)


def read_picture(content: bytes, role: ImageRole) -> ByteArray:
    """Return the picture that a file's bytes hold: (size, size) where it is grey, (size, size, 3) where it has colour.

    The image keeps its shape; what is left of the square is black.

    Args:
        content: of a PNG, JPEG, TIFF, DICOM or NIfTI file, or a gzipped NIfTI.
        role: size, window, frame, what colour is allowed, and the limits.
    Raises:
        Unreadable: the bytes hold no image that the role allows.
        ExtraMissingError: a library for this format is not installed.
    """
    return _fitted(_shades(content, role), role.size)


def read_whole(content: bytes, role: ImageRole) -> ByteArray:
    """Return the same picture at the size it is stored in, (h, w) or (h, w, 3); a JPEG is not decoded smaller."""
    return _shades(content, replace(role, size=_WHOLE))


def _shades(content: bytes, role: ImageRole) -> ByteArray:
    from primum.cohort.images import dicom, nifti, raster

    for belongs, read in (
        (dicom.marked, dicom.read),  # first: a marked file may be a TIFF as well, and only DICOM knows the window
        (raster.belongs, raster.read),
        (nifti.belongs, nifti.read),
        (dicom.belongs, dicom.read),
    ):
        if belongs(content):
            return _allowed(read(content, role), role)
    raise Unreadable(f"name a file that is none of {', '.join(IMAGE_KINDS)}", "save it as one of these")


_WHOLE = 1 << 20


def stored_shape(content: bytes, role: ImageRole) -> tuple[int, int]:
    """Return height and width of the image that `read_picture` reads, the way up that it is shown.

    Raises:
        Unreadable: as `read_picture`.
    """
    from primum.cohort.images import dicom, nifti, raster

    if not dicom.marked(content) and raster.belongs(content):
        return raster.stored_shape(content)
    read = nifti.read if nifti.belongs(content) else dicom.read
    height, width = read(content, role).shape[:2]
    return height, width


IMAGE_KINDS = ("PNG", "JPEG", "TIFF", "DICOM", "NIfTI")


def _allowed(picture: ByteArray, role: ImageRole) -> ByteArray:
    """Return the picture as grey where its three colours are one; refuse colour where grey is asked for."""
    if picture.ndim == 2:
        return picture
    red, green, blue = picture[..., 0], picture[..., 1], picture[..., 2]
    if np.array_equal(red, green) and np.array_equal(red, blue):
        return np.ascontiguousarray(red)
    if role.colour == "grey":
        raise Unreadable(
            "name an image in colour where grey is expected", "convert it, or set cohort.inputs.image.colour: rgb"
        )
    return picture


def placed(height: int, width: int, size: int) -> tuple[int, int, int, int]:
    """Return where an image stands in its square picture: top, left, height and width there, in pixels."""
    scale = size / max(height, width)
    inside = max(round(height * scale), 1), max(round(width * scale), 1)
    return (size - inside[0]) // 2, (size - inside[1]) // 2, inside[0], inside[1]


def _fitted(picture: ByteArray, size: int) -> ByteArray:
    """Return the picture at its own proportions in the middle of a black square."""
    image: Any = require("PIL.Image", extra="imaging", purpose=PURPOSE)
    height, width = picture.shape[:2]
    top, left, *inside = placed(height, width, size)
    if inside != [height, width]:
        small = image.fromarray(picture).resize((inside[1], inside[0]), image.Resampling.BILINEAR, reducing_gap=2.0)
        picture = np.asarray(small)
    if inside == [size, size]:
        return np.ascontiguousarray(picture)
    square = np.zeros((size, size, *picture.shape[2:]), np.uint8)
    square[top : top + inside[0], left : left + inside[1]] = picture
    return square


@contextmanager
def quiet() -> Iterator[None]:
    """Silence what the libraries underneath say meanwhile: pydicom quotes values of the header, which are a patient's.

    Pillow's warning of a large image goes too: such images are refused by a limit of ours, with a sentence.
    """
    image: Any = require("PIL.Image", extra="imaging", purpose=PURPOSE)
    spoken = logging.getLogger("pydicom")
    level = spoken.level
    spoken.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", image.DecompressionBombWarning)
            warnings.filterwarnings("ignore", module=r"pydicom|pylibjpeg|PIL|nibabel")
            yield
    finally:
        spoken.setLevel(level)
