"""An image that came with a question: read once, its header forgotten, and kept as shades that a page can show.

Only PNG, JPEG, TIFF and DICOM are taken. What a file states is checked before it is unpacked. Nothing of it is written
to a disk, logged, or repeated in an error; of a DICOM file the pixels alone go on.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from primum.cohort.images import Unreadable, read_picture, read_whole
from primum.cohort.images.reading import PURPOSE, quiet
from primum.cohort.roles import ImageRole
from primum.extras import require
from primum.serve.security.faults import FieldFault, Refused

ByteArray = npt.NDArray[np.uint8]
IMAGE, PRIOR, SQUARE = "image", "prior", "square"
"""Pictures of a Case: the one that was asked about, one of before beside it, and what the model saw of the first."""
_TAKEN = ("PNG", "JPEG", "TIFF", "DICOM")
_MEGAPIXELS = 32.0
"""Most pixels, in millions, whatever the study allows: a mammogram has 14."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What is kept of an image."""

    square: ByteArray
    """What the model sees, shape (size, size) or (size, size, 3)."""
    shown: bytes
    """PNG of the shades at the size that the image is stored in, and nothing else."""
    height: int
    width: int

    @property
    def key(self) -> str:
        """SHA-256 of what the model sees and what is shown."""
        return hashlib.sha256(self.square.tobytes() + self.shown).hexdigest()


def read_upload(content: bytes, role: ImageRole, *, field: str = IMAGE) -> Picture:
    """Return what is kept of an image file.

    Args:
        content: of the file.
        role: how the study reads images.
        field: of the request that held it, for the refusal.
    Raises:
        Refused: 415 where it is no PNG, JPEG, TIFF or DICOM; 422 where it is cut off, damaged, too large or small, or
            in colour where the model reads grey.
    """
    if not _is_taken(content):
        raise _refused("media_type", field, f"must be a file of {', '.join(_TAKEN)}.", role)
    within = replace(role, megapixels=min(role.megapixels, _MEGAPIXELS))
    try:
        with quiet():
            shades = read_whole(content, within)
            square = read_picture(content, within)
    except Unreadable as exc:
        raise _refused("invalid", field, f"is {exc.does.removeprefix('name ')}.", within) from None
    except MemoryError:
        raise _refused("invalid", field, "does not fit into memory.", within) from None
    return Picture(square=square, shown=png_of(shades), height=shades.shape[0], width=shades.shape[1])


def png_of(shades: ByteArray) -> bytes:
    """Return shades as the bytes of a PNG that holds nothing else."""
    image: Any = require("PIL.Image", extra="imaging", purpose=PURPOSE)
    written = io.BytesIO()
    image.fromarray(np.ascontiguousarray(shades)).save(written, "PNG", compress_level=3)
    return written.getvalue()


def pixels_of(png: bytes) -> ByteArray:
    """Return the shades that `png_of` wrote."""
    image: Any = require("PIL.Image", extra="imaging", purpose=PURPOSE)
    with image.open(io.BytesIO(png), formats=("PNG",)) as opened:
        return np.asarray(opened)


def size_of(png: bytes) -> tuple[int, int]:
    """Return height and width of what `png_of` wrote, in pixels, without unpacking it."""
    return int.from_bytes(png[20:24], "big"), int.from_bytes(png[16:20], "big")


def _is_taken(content: bytes) -> bool:
    from primum.cohort.images import dicom, raster

    return raster.belongs(content) or dicom.marked(content) or dicom.belongs(content)


def _refused(kind: str, field: str, message: str, role: ImageRole) -> Refused:
    return Refused(
        kind,
        f"The image cannot be read: {field} {message}",
        errors=[FieldFault(field=field, message=message)],
        key="image",
        values={"kinds": ", ".join(_TAKEN), "megapixels": f"{role.megapixels:g}", "shortest": role.shortest},
    )
