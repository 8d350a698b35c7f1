"""A record's image in grey under what moved the answer: for whoever may see the record, and for nobody else.

What speaks for the answer is orange with stripes, what speaks against it blue with dots (two colours that all kinds of
colour blindness tell apart), a black and white box is round the strongest place, and words underneath say what it is.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt

from primum.evidence.regions import Region
from primum.extras import require
from primum.later import ndimage

SIDE = 448
"""Of the picture, in pixels."""
FOR, AGAINST = (230, 159, 0), (0, 114, 178)
"""Orange and blue of Okabe & Ito 2008."""
_MOST_COLOUR, _LEAST_SHOWN, _HALF = 0.6, 0.15, 0.5
_PITCH = 8
ByteArray = npt.NDArray[np.uint8]


def strongest(cells: npt.NDArray[np.float64], *, label: str, side: int) -> Region | None:
    """Return the box round the strongest cell and those joined to it that have at least half of its strength.

    Args:
        cells: what each cell adds, shape (grid, grid).
        label: what the reason is of.
        side: of the square picture, in pixels, which the box is told in.
    Returns:
        None where no cell speaks for the answer.
    """
    top = float(cells.max(initial=0.0))
    if top <= 0:
        return None
    places, _ = ndimage.label(cells >= _HALF * top)
    own = places == places[np.unravel_index(int(cells.argmax()), cells.shape)]
    rows, columns = np.flatnonzero(own.any(1)), np.flatnonzero(own.any(0))
    scale = side / len(cells)
    left, upper = float(columns[0] * scale), float(rows[0] * scale)
    return Region(label=label, box=(left, upper, float((columns[-1] + 1) * scale), float((rows[-1] + 1) * scale)))


def overlay(picture: ByteArray, cells: npt.NDArray[np.float64], *, lang: str) -> bytes:
    """Return a PNG of the picture in grey, what its cells add in colour, the strongest place, and words underneath.

    Args:
        picture: shape (s, s, channels), as the model reads it.
        cells: what each cell adds, shape (grid, grid).
        lang: of the words, en or zh.
    """
    image: Any = require("PIL.Image", extra="imaging", purpose="Drawing on images")
    draw: Any = require("PIL.ImageDraw", extra="imaging", purpose="Drawing on images")
    grey = image.fromarray(np.rint(picture.astype(np.float32).mean(2)).astype(np.uint8))
    base = np.asarray(grey.resize((SIDE, SIDE), image.Resampling.BILINEAR), dtype=np.float32)
    canvas = image.fromarray(_coloured(base, cells))
    place = strongest(cells, label="", side=SIDE)
    if place is not None:
        pen, box = draw.Draw(canvas), [round(v) for v in place.box]
        edges = box[0], box[1], box[2] - 1, box[3] - 1
        pen.rectangle(edges, outline=(0, 0, 0), width=5)
        pen.rectangle([edges[0] + 1, edges[1] + 1, edges[2] - 1, edges[3] - 1], outline=(255, 255, 255), width=2)
    words = files("primum.study.report").joinpath(f"legend_{lang}.png").read_bytes()
    with image.open(io.BytesIO(words)) as legend:
        whole = image.new("RGB", (SIDE, SIDE + legend.height), (255, 255, 255))
        whole.paste(canvas, (0, 0))
        whole.paste(legend.convert("RGB"), (0, SIDE))
    written = io.BytesIO()
    whole.save(written, "PNG", optimize=True)
    return written.getvalue()


def pattern(rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64], *, stripes: bool) -> npt.NDArray[np.bool_]:
    """Return where stripes, or dots, lie at these pixels."""
    if stripes:
        return np.asarray((rows + columns) % _PITCH < _PITCH // 4)
    return np.asarray((rows % _PITCH < _PITCH // 4) & (columns % _PITCH < _PITCH // 4))


def _coloured(base: npt.NDArray[np.float32], cells: npt.NDArray[np.float64]) -> ByteArray:
    band = np.arange(SIDE) * len(cells) // SIDE
    strength = cells[band][:, band] / (np.abs(cells).max(initial=0.0) or 1.0)
    share = np.where(np.abs(strength) < _LEAST_SHOWN, 0.0, np.abs(strength) * _MOST_COLOUR)
    rows, columns = np.indices((SIDE, SIDE))
    marked = np.where(strength > 0, pattern(rows, columns, stripes=True), pattern(rows, columns, stripes=False)) & (
        share > 0
    )
    share = np.where(marked, np.maximum(share, _MOST_COLOUR), share)[..., None]
    colour = np.where(strength[..., None] > 0, np.array(FOR), np.array(AGAINST))
    return np.asarray(np.rint(base[..., None] * (1 - share) + colour * share), dtype=np.uint8)


def cells_of(told: Mapping[str, Any]) -> npt.NDArray[np.float64] | None:
    """Return what each cell of a told reason adds, shape (grid, grid); None where no reason of a picture is told."""
    given: Sequence[Mapping[str, Any]] = told.get("cells", ())
    if not given:
        return None
    found = np.zeros((told["grid"], told["grid"]))
    for cell in given:
        found[cell["row"], cell["column"]] = cell["adds"]
    return found
