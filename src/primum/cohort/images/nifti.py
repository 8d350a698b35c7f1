"""One slice of a NIfTI volume, read without the rest of it, the way up that radiologists look at it."""

from __future__ import annotations

import gzip
import io
from typing import IO, Any, Literal

import numpy as np
import numpy.typing as npt

from primum.cohort.images.intensity import ByteArray, spread, windowed
from primum.cohort.images.reading import PURPOSE, Unreadable, check_size, damaged
from primum.cohort.roles import ImageRole
from primum.extras import require

_ORDERS: tuple[Literal["little", "big"], ...] = ("little", "big")
_GZIP = b"\x1f\x8b"
_MAGIC = {348: (344, (b"n+1\x00",)), 540: (4, (b"n+2\x00\r\n\x1a\n",))}
"""Size of the header -> where its magic bytes stand, and what they are."""
_MOST_SKIPPED = 2**32
"""Bytes of a gzipped file that are unpacked, and let go, on the way to a slice."""


def belongs(content: bytes) -> bool:
    """Return whether these bytes are a NIfTI file, gzipped or not, with the header inside."""
    try:
        start = _stream(content).read(540)
    except (OSError, EOFError):
        return content.startswith(_GZIP)
    sizes = {int.from_bytes(start[:4], order) for order in _ORDERS}
    return any(
        size in sizes and start[place : place + len(magic[0])] in magic for size, (place, magic) in _MAGIC.items()
    )


def read(content: bytes, role: ImageRole) -> ByteArray:
    """Return one slice along the third axis as shades, (h, w); see `read_values`."""
    upright = read_values(content, role)
    return spread(upright) if role.window is None else windowed(upright, *role.window)


def read_values(content: bytes, role: ImageRole) -> npt.NDArray[np.float64]:
    """Return one slice along the third axis, (h, w): rows run to posterior or inferior, columns to the left.

    Raises:
        Unreadable: it is too large, too small, or damaged.
    """
    nibabel: Any = require("nibabel", extra="imaging", purpose=PURPOSE)
    try:
        stream = _stream(content)
        header = _header(nibabel, stream)
        values = _slice(stream, header, role)
        ways = nibabel.io_orientation(header.get_best_affine())
    except Unreadable:
        raise
    except Exception as exc:  # nibabel, gzip and numpy raise from different trees; all mean that it cannot be decoded
        raise damaged() from exc
    return _upright(values, ways)


def _stream(content: bytes) -> IO[bytes]:
    plain = io.BytesIO(content)
    return gzip.GzipFile(fileobj=plain) if content.startswith(_GZIP) else plain  # type: ignore[return-value]


def _header(nibabel: Any, stream: IO[bytes]) -> Any:
    size = stream.read(4)
    stream.seek(0)
    second = 540 in {int.from_bytes(size, "little"), int.from_bytes(size, "big")}
    kind = nibabel.Nifti2Header if second else nibabel.Nifti1Header
    return kind.from_fileobj(stream)


def _slice(stream: IO[bytes], header: Any, role: ImageRole) -> npt.NDArray[np.float64]:
    shape = (*(int(side) for side in header.get_data_shape()), 1, 1)
    across, down, slices = shape[0], shape[1], shape[2]
    check_size(down, across, role)
    kind = header.get_data_dtype()
    if kind.names is not None or kind.kind not in "iuf":
        raise Unreadable("name a NIfTI volume whose values are no plain numbers", "save it with one value a voxel")
    size = across * down * kind.itemsize
    start = int(header.get_data_offset()) + role.chosen_frame(max(slices, 1)) * size
    if start > _MOST_SKIPPED:
        raise Unreadable("name a volume of more than 4 gigabytes", "save the slice alone")
    stream.seek(start)
    stored = stream.read(size)
    if len(stored) < size:
        raise damaged()
    values = np.frombuffer(stored, kind).reshape((across, down), order="F").astype(np.float64)
    slope, shift = header.get_slope_inter()
    return values if slope is None else values * slope + (shift or 0.0)


def _upright(values: npt.NDArray[np.float64], ways: Any) -> npt.NDArray[np.float64]:
    """Return (columns, rows) as (rows, columns), towards left, posterior and inferior."""
    for axis in (0, 1):
        if ways[axis][1] == 1:  # grows towards right, anterior or superior
            values = np.flip(values, axis)
    return values if ways[0][0] > ways[1][0] else values.T
