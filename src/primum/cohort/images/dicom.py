"""DICOM: one frame, rescaled, windowed, MONOCHROME1 turned, palettes and YBR as colours."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import numpy.typing as npt

from primum.cohort.images.intensity import ByteArray, spread, windowed
from primum.cohort.images.reading import PURPOSE, Unreadable, check_size, damaged
from primum.cohort.roles import ImageRole
from primum.extras import require

_MARK = slice(128, 132)
_KINDS = ("LINEAR", "LINEAR_EXACT", "SIGMOID")


def marked(content: bytes) -> bool:
    """Return whether the mark of DICOM stands after the preamble."""
    return content[_MARK] == b"DICM"


def belongs(content: bytes) -> bool:
    """Return whether these bytes may be DICOM without a preamble: they begin with an element of group 2 or 8."""
    return len(content) > 132 and content[:2] in (b"\x02\x00", b"\x08\x00", b"\x00\x08") and content[3:4] == b"\x00"


def read(content: bytes, role: ImageRole) -> ByteArray:
    """Return one frame as shades, (h, w) or (h, w, 3).

    Raises:
        Unreadable: it holds no pixels, is too large or too small, damaged, or compressed in a way that cannot be read.
    """
    pydicom: Any = require("pydicom", extra="imaging", purpose=PURPOSE)
    try:
        data = pydicom.dcmread(io.BytesIO(content), force=True)
        frame = _checked(data, role)
    except Unreadable:
        raise
    except Exception as exc:  # pydicom raises from half a dozen trees; all mean that the file is no whole DICOM
        raise damaged() from exc
    values = _pixels(data, frame)
    try:
        return _shades(data, values, frame, role)
    except Exception as exc:  # tables and windows that contradict the pixels
        raise damaged() from exc


def _checked(data: Any, role: ImageRole) -> int:
    """Return the place of the frame to be read, after what the header states was found possible."""
    if "Rows" not in data or not any(name in data for name in ("PixelData", "FloatPixelData", "DoubleFloatPixelData")):
        raise Unreadable("name a DICOM file without pixels", "leave the cell empty, or name an image")
    check_size(int(data.Rows), int(data.Columns), role)
    return role.chosen_frame(max(int(data.get("NumberOfFrames") or 1), 1))


def _pixels(data: Any, frame: int) -> npt.NDArray[Any]:
    """Return the frame's stored values, colours as RGB."""
    pixels: Any = require("pydicom.pixels", extra="imaging", purpose=PURPOSE)
    syntax = data.file_meta.get("TransferSyntaxUID") if hasattr(data, "file_meta") else None
    if syntax is None:
        uid: Any = require("pydicom.uid", extra="imaging", purpose=PURPOSE)
        explicit = data.original_encoding[0] is False
        data.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian if explicit else uid.ImplicitVRLittleEndian
    try:
        return np.asarray(pixels.pixel_array(data, index=frame))
    except (NotImplementedError, RuntimeError, AttributeError, ValueError, TypeError, OSError, KeyError) as exc:
        name = getattr(syntax, "name", "") or "an unknown transfer syntax"
        raise Unreadable(
            f"name a DICOM file whose pixels ({name}) cannot be decoded",
            "save it uncompressed, or copy it again from its source",
        ) from exc


def _shades(data: Any, values: npt.NDArray[Any], frame: int, role: ImageRole) -> ByteArray:
    pixels: Any = require("pydicom.pixels", extra="imaging", purpose=PURPOSE)
    kind = str(data.get("PhotometricInterpretation", "MONOCHROME2"))
    if kind == "PALETTE COLOR":
        values = pixels.apply_color_lut(values, data)
    if values.ndim == 3:
        return _eight_bits(values, data)
    values = _rescaled(data, values, frame, pixels)
    shades = _shown(data, values, frame, role, pixels)
    return 255 - shades if kind == "MONOCHROME1" else shades


def _eight_bits(values: npt.NDArray[Any], data: Any) -> ByteArray:
    if values.dtype == np.uint8:
        return np.asarray(values[..., :3])
    return np.asarray(values[..., :3] >> (8 * values.dtype.itemsize - 8), dtype=np.uint8)


def _rescaled(data: Any, values: npt.NDArray[Any], frame: int, pixels: Any) -> npt.NDArray[Any]:
    if "ModalityLUTSequence" in data or "RescaleSlope" in data:
        return np.asarray(pixels.apply_modality_lut(values, data))
    group = _group(data, frame, "PixelValueTransformationSequence")
    if group is None:
        return values
    return values.astype(np.float64) * float(group.RescaleSlope) + float(group.RescaleIntercept)


def _shown(data: Any, values: npt.NDArray[Any], frame: int, role: ImageRole, pixels: Any) -> ByteArray:
    """Return the values as the study's window shows them, or the file's window or table, or spread."""
    if role.window is not None:
        return windowed(values, *role.window)
    if data.get("VOILUTSequence"):
        table = data.VOILUTSequence[0]
        bits = int(table.LUTDescriptor[2])
        shown = np.asarray(pixels.apply_voi(values.astype(np.int64), data), dtype=np.float64)
        return np.asarray(np.rint(shown * 255.0 / (2**bits - 1)).clip(0, 255), dtype=np.uint8)
    group = _group(data, frame, "FrameVOILUTSequence")
    source = data if data.get("WindowWidth") is not None else group
    if source is None or source.get("WindowWidth") is None or source.get("WindowCenter") is None:
        return spread(values)
    centre, width = _first(source.WindowCenter), _first(source.WindowWidth)
    shape = str(source.get("VOILUTFunction") or "LINEAR")
    if width < (1.0 if shape == "LINEAR" else 1e-9) or shape not in _KINDS:
        return spread(values)
    return windowed(values, centre, width, kind=shape)  # type: ignore[arg-type]


def _first(value: Any) -> float:
    several = hasattr(value, "__len__") and not isinstance(value, str)
    return float(value[0] if several else value)


def _group(data: Any, frame: int, name: str) -> Any:
    """Return a functional group of this frame of an enhanced multi-frame image; None where it has none."""
    own = data.get("PerFrameFunctionalGroupsSequence")
    for groups in (
        own[frame] if own and frame < len(own) else None,
        (data.get("SharedFunctionalGroupsSequence") or [None])[0],
    ):
        found = None if groups is None else groups.get(name)
        if found:
            return found[0]
    return None
