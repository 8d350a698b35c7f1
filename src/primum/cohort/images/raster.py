"""PNG, JPEG and TIFF, 8 to 16 bits, the way up that EXIF says."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import numpy.typing as npt

from primum.cohort.images.intensity import ByteArray, spread, windowed
from primum.cohort.images.reading import PURPOSE, Unreadable, check_size, damaged, too_large
from primum.cohort.roles import ImageRole
from primum.extras import require

_STARTS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*")
_FORMATS = ("PNG", "JPEG", "TIFF")
_ORIENTATION, _LYING = 0x0112, (5, 6, 7, 8)
"""EXIF's tag of which way up an image is, and the values by which height and width change places."""
_DEEP = ("I", "I;16", "I;16B", "I;16L", "F")
"""Pillow's modes for grey of more than 8 bits."""


def belongs(content: bytes) -> bool:
    """Return whether these bytes begin like one of the formats."""
    return content.startswith(_STARTS)


def read(content: bytes, role: ImageRole) -> ByteArray:
    """Return the image as shades, (h, w) or (h, w, 3); of a JPEG no larger than the picture needs.

    Raises:
        Unreadable: it is too large, too small, or damaged.
    """
    image: Any = require("PIL.Image", extra="imaging", purpose=PURPOSE)
    turned: Any = require("PIL.ImageOps", extra="imaging", purpose=PURPOSE)
    try:
        with image.open(io.BytesIO(content), formats=_FORMATS) as opened:
            check_size(opened.height, opened.width, role)
            _frame(opened, role)
            opened.draft(None, (2 * role.size, 2 * role.size))  # a JPEG is decoded at a half, quarter or eighth
            upright = turned.exif_transpose(opened)
            return _shades(upright, role)
    except image.DecompressionBombError as exc:
        raise too_large(role) from exc  # its header states more pixels than any limit
    except Unreadable:
        raise
    except Exception as exc:  # Pillow's plugins raise from half a dozen trees; all mean that it cannot be decoded
        raise damaged() from exc


def stored_shape(content: bytes) -> tuple[int, int]:
    """Return height and width of an image as EXIF turns it, from its header alone.

    Raises:
        Unreadable: it is damaged.
    """
    image: Any = require("PIL.Image", extra="imaging", purpose=PURPOSE)
    try:
        with image.open(io.BytesIO(content), formats=_FORMATS) as opened:
            lying = opened.getexif().get(_ORIENTATION) in _LYING
            return (opened.width, opened.height) if lying else (opened.height, opened.width)
    except Exception as exc:  # as above
        raise damaged() from exc


def read_values(content: bytes) -> npt.NDArray[Any]:
    """Return the stored values of a mask, shape (h, w), the way up that EXIF says; of a palette the indices.

    Raises:
        Unreadable: it is damaged, or its colours mean nothing.
    """
    image: Any = require("PIL.Image", extra="imaging", purpose=PURPOSE)
    turned: Any = require("PIL.ImageOps", extra="imaging", purpose=PURPOSE)
    try:
        with image.open(io.BytesIO(content), formats=_FORMATS) as opened:
            lossy = opened.format == "JPEG"
            values = np.asarray(turned.exif_transpose(opened))
    except Exception as exc:  # as above
        raise damaged() from exc
    if values.ndim == 3:
        colours = values[..., : 1 if values.shape[2] == 2 else 3]
        if not (colours == colours[..., :1]).all() and not lossy:
            raise Unreadable("name a mask in colour", "save it with one value a pixel")
        values = colours[..., 0]
    return (values >= 128).astype(np.uint8) if lossy else values  # a JPEG's edges are neither black nor white


def _frame(opened: Any, role: ImageRole) -> None:
    frames = int(getattr(opened, "n_frames", 1))
    if frames > 1 and opened.format == "TIFF":  # what a JPEG has besides are previews
        opened.seek(role.chosen_frame(frames))


def _shades(picture: Any, role: ImageRole) -> ByteArray:
    if picture.mode in _DEEP:
        values = np.asarray(picture)
        return spread(values) if role.window is None else windowed(values, *role.window)
    grey = picture.mode in ("1", "L", "LA", "La")
    return np.asarray(picture.convert("L" if grey else "RGB"))
