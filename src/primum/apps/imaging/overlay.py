"""A picture with what was marked drawn over it: heat as colour, masks as outlines, boxes with their labels."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from primum.apps.imaging.marks import NOTICE, PURPOSE, Marks, checked, labelled
from primum.extras import require

ByteArray = npt.NDArray[np.uint8]
COLOURS = ((255, 194, 10), (12, 200, 220), (230, 97, 0), (150, 120, 255), (90, 200, 90))
"""Of regions in turn; told apart by most of the colour-blind, and seen on black as on white."""
_LEGIBLE = 256
"""Pixels of width in which the smallest letters write the notice."""
_STOPS = np.array([[0, 0, 0], [90, 15, 110], [190, 55, 85], [250, 140, 10], [252, 255, 165]], dtype=np.float64)
"""Heat from 0 to 1: a ladder of rising lightness, so that it reads in grey as well."""


def overlay(picture: ByteArray, marks: Marks, *, opacity: float = 0.6, notice: bool = True) -> ByteArray:
    """Return the picture in colour with its marks, shape (h, w, 3).

    Args:
        picture: shades, shape (h, w) or (h, w, 3).
        marks: what is drawn.
        opacity: of heat at 1, in [0, 1]; less heat covers less, and none covers nothing.
        notice: burn in that a person has to review it.
    Raises:
        InputError: the marks do not fit the picture.
    """
    marks = checked(marks, picture.shape[0], picture.shape[1])
    drawn = np.repeat(picture[..., None], 3, axis=2) if picture.ndim == 2 else picture
    if marks.heat is not None:
        drawn = heated(drawn, marks.heat, opacity=opacity)
    return _drawn(drawn, marks, notice=notice)


def enlarged(picture: ByteArray, marks: Marks) -> tuple[ByteArray, Marks]:
    """Return a picture and its marks, each pixel of a small one repeated until the notice has room."""
    factor = -(-_LEGIBLE // picture.shape[1])
    if factor == 1:
        return picture, marks

    def grown(pixels: Any) -> Any:
        return None if pixels is None else pixels.repeat(factor, axis=0).repeat(factor, axis=1)

    regions = tuple(
        replace(one, box=tuple(factor * end for end in one.box), mask=grown(one.mask)) for one in marks.regions
    )
    return grown(picture), replace(marks, regions=regions, heat=grown(marks.heat))


def png_of(picture: ByteArray) -> bytes:
    """Return a picture as the bytes of a PNG that holds nothing else."""
    image: Any = require("PIL.Image", extra="imaging", purpose=PURPOSE)
    written = io.BytesIO()
    image.fromarray(picture).save(written, "PNG")
    return written.getvalue()


def heated(picture: ByteArray, heat: npt.NDArray[np.float64], *, opacity: float) -> ByteArray:
    """Return a picture of shape (h, w, 3) under a heat map of shape (h, w)."""
    place = heat * (len(_STOPS) - 1)
    below = np.minimum(place.astype(np.int64), len(_STOPS) - 2)
    colour = _STOPS[below] + (_STOPS[below + 1] - _STOPS[below]) * (place - below)[..., None]
    share = (opacity * heat)[..., None]
    return np.asarray(np.rint(picture * (1.0 - share) + colour * share), dtype=np.uint8)


def _drawn(picture: ByteArray, marks: Marks, *, notice: bool) -> ByteArray:
    image: Any = require("PIL.Image", extra="imaging", purpose=PURPOSE)
    draw: Any = require("PIL.ImageDraw", extra="imaging", purpose=PURPOSE)
    outlined = picture.copy()
    for place, region in enumerate(marks.regions):
        if region.mask is not None:
            outlined[_edge(region.mask)] = COLOURS[place % len(COLOURS)]
    canvas = image.fromarray(outlined)
    pen = draw.Draw(canvas)
    height, width = picture.shape[:2]
    letters, thick = _font(min(height, width)), max(min(height, width) // 256, 1)
    for place, (region, words) in enumerate(zip(marks.regions, labelled(marks.regions, latin=True), strict=True)):
        colour = COLOURS[place % len(COLOURS)]
        left, top, right, bottom = region.box
        pen.rectangle((left, top, max(right - 1, left), max(bottom - 1, top)), outline=colour, width=thick)
        _written(pen, words, (left, top), letters, colour, (width, height))
    if notice:
        _written(pen, NOTICE, (2, height), letters, (255, 255, 255), (width, height))
    return np.asarray(canvas)


def _edge(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return the pixels of a mask that touch one outside it."""
    padded = np.pad(mask, 1)
    inner = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return mask & ~inner


def _font(side: int) -> Any:
    fonts: Any = require("PIL.ImageFont", extra="imaging", purpose=PURPOSE)
    return fonts.load_default(size=max(side // 32, 10))


def _written(
    pen: Any, words: str, corner: tuple[float, float], letters: Any, colour: tuple[int, int, int], size: tuple[int, int]
) -> None:
    """Write words on black, above a corner where there is room, and wholly inside the picture where they fit."""
    left, top, right, bottom = pen.textbbox((0, 0), words, font=letters)
    x = max(min(corner[0], size[0] - (right - left) - 2), 0)
    y = max(min(corner[1] - (bottom - top) - 3, size[1] - (bottom - top) - 3), 0)
    pen.rectangle((x, y, x + right - left + 2, y + bottom - top + 2), fill=(0, 0, 0))
    pen.text((x + 1 - left, y + 1 - top), words, font=letters, fill=colour)
