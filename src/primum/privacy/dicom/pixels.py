"""Text that is burned into pixels: found by reading it, masked, and read again until nothing is left.

Detector and recogniser are PP-OCRv4 (Latin letters, digits and Chinese), which the package rapidocr-onnxruntime carries
(Apache 2.0); nothing is downloaded. A marker (L, R, AP ...) stays: it says nothing of a person, and a side without its
mark does harm. So does a single letter: it names nobody, and ribs and lungs are sometimes read as one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from primum.extras import require

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

MARKERS = frozenset(
    "L R H F A P LT RT LEFT RIGHT AP PA LAT LL RL LAO RAO ERECT SUPINE PORTABLE CC MLO LCC RCC LMLO RMLO 左 右".split()
)
"""What may be written into an image and stays."""
_TILE, _OVERLAP = 1280, 160
"""Pixels of the squares in which a large image is read, and by how much they overlap: small print stays legible."""
_SMALL = 640
"""An image with fewer pixels a side is read at twice its size as well."""
_MARGIN = 0.35
"""Of a box's height, by which it is masked beyond itself."""
_ROUNDS = 3
_LEAST_SCORE = 0.5
_FEWEST = 2
"""Letters and digits that could tell anything."""

Grey = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """Where something is written, in pixels of the image; the ends are beyond the last pixel."""

    top: int
    bottom: int
    left: int
    right: int
    marker: bool
    """Whether it is a marker, or a single letter, and stays."""
    letters: int
    """Letters and digits that were read there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Masked:
    """What was done with the pixels of one file."""

    boxes: tuple[Box, ...]
    """Every box that was masked."""
    clean: bool
    """Whether nothing but markers and single letters could be read afterwards."""


def clean_pixels(data: Dataset) -> Masked:
    """Mask what is written into the pixels of a data set, in place.

    Of many frames the darkest and the brightest value of every pixel and five single frames are read; what is found is
    masked in all. Compressed pixels are written uncompressed, since a compressed stream may carry comments of its own.

    Raises:
        Exception: of pydicom or its decoders, where the pixels cannot be decoded.
    """
    require("rapidocr_onnxruntime", extra="imaging", purpose="Reading text in images")
    pixels = data.pixel_array
    frames = _frames(pixels, data)
    found: list[Box] = []
    left = _written(frames, data)
    for _ in range(_ROUNDS):
        if not left:
            break
        found += left
        for box in left:
            _mask(frames, box, data)
        left = _written(frames, data)
    if found or _compressed(data):
        stored = frames.reshape(pixels.shape)
        data.set_pixel_data(stored, _photometric(data), int(data.BitsStored), generate_instance_uid=False)
    data.BurnedInAnnotation = "YES" if left else "NO"
    return Masked(boxes=tuple(found), clean=not left)


def _written(frames: npt.NDArray[Any], data: Dataset) -> list[Box]:
    return [box for image in _shown(frames, data) for box in find_text(image) if not box.marker]


def find_text(image: Grey) -> list[Box]:
    """Return where something is written in a picture of 8 bits, shape (rows, columns) or (rows, columns, 3)."""
    colour = np.ascontiguousarray(image if image.ndim == 3 else np.repeat(image[:, :, None], 3, axis=2))
    boxes = []
    for top, left, factor, part in _parts(colour):
        result, _ = _reader()(part, use_cls=False)
        for corners, text, score in result or []:
            if float(score) < _LEAST_SCORE or not any(one.isalnum() for one in text):
                continue
            boxes.append(_box(np.asarray(corners) / factor + (left, top), text, colour.shape))
    return boxes


def _parts(image: Grey) -> Iterator[tuple[int, int, float, Grey]]:
    """Yield top, left, magnification and the part itself."""
    rows, columns = image.shape[:2]
    if max(rows, columns) < _SMALL:
        yield 0, 0, 2.0, image.repeat(2, axis=0).repeat(2, axis=1)
        return
    for top in _starts(rows):
        for left in _starts(columns):
            yield top, left, 1.0, image[top : top + _TILE, left : left + _TILE]


def _starts(length: int) -> list[int]:
    if length <= _TILE:
        return [0]
    step = _TILE - _OVERLAP
    return [*range(0, length - _TILE, step), length - _TILE]


def _box(corners: npt.NDArray[np.float64], text: str, shape: Sequence[int]) -> Box:
    (left, top), (right, bottom) = corners.min(0), corners.max(0)
    margin = _MARGIN * (bottom - top) + 2
    bare = "".join(one for one in text.upper() if one.isalnum())
    return Box(
        top=max(0, int(top - margin)),
        bottom=min(int(shape[0]), int(np.ceil(bottom + margin))),
        left=max(0, int(left - margin)),
        right=min(int(shape[1]), int(np.ceil(right + margin))),
        marker=bare in MARKERS or len(bare) < _FEWEST,
        letters=len(bare),
    )


@cache
def _reader() -> Any:
    from rapidocr_onnxruntime import RapidOCR

    return RapidOCR(intra_op_num_threads=1, inter_op_num_threads=1)


def _frames(pixels: npt.NDArray[Any], data: Dataset) -> npt.NDArray[Any]:
    """Return a copy of the pixels as frames, rows, columns, samples."""
    samples = int(data.get("SamplesPerPixel", 1) or 1)
    count = int(data.get("NumberOfFrames", 1) or 1)
    return np.array(pixels).reshape(count, int(data.Rows), int(data.Columns), samples)


def _shown(frames: npt.NDArray[Any], data: Dataset) -> Iterator[Grey]:
    """Yield the pictures in 8 bits that are read: whole range, and once more without the outermost values."""
    chosen = [frames[0]]
    if len(frames) > 1:
        picked = np.unique(np.linspace(0, len(frames) - 1, 5).astype(int))
        chosen = [frames.max(0), frames.min(0), *(frames[one] for one in picked)]
    inverted = str(data.get("PhotometricInterpretation", "")) == "MONOCHROME1"
    for frame in chosen:
        flat = frame.astype(np.float64)
        narrow = np.percentile(flat, (0.5, 99.5))
        ranges = {(float(flat.min()), float(flat.max())), (float(narrow[0]), float(narrow[1]))}
        for low, high in sorted(ranges):
            if high <= low:
                continue
            grey = np.clip((flat - low) / (high - low) * 255, 0, 255).astype(np.uint8)
            grey = 255 - grey if inverted else grey
            yield grey if grey.shape[2] == 3 else grey[:, :, 0]


def _mask(frames: npt.NDArray[Any], box: Box, data: Dataset) -> None:
    dark = frames.max() if str(data.get("PhotometricInterpretation", "")) == "MONOCHROME1" else frames.min()
    frames[:, box.top : box.bottom, box.left : box.right] = dark


def _compressed(data: Dataset) -> bool:
    return bool(data.file_meta.TransferSyntaxUID.is_compressed)


def _photometric(data: Dataset) -> str:
    """Return how the decoded pixels are to be read: colour comes out of the decoder as RGB."""
    said = str(data.PhotometricInterpretation)
    return "RGB" if int(data.get("SamplesPerPixel", 1) or 1) == 3 else said
