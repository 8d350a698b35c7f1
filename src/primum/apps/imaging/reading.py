"""Marks from files: regions one a line, masks as pictures, a heat map as numbers or as a grey picture."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from primum.apps.imaging.marks import PURPOSE, FloatArray, unfitted
from primum.cohort.images import Unreadable, read_whole
from primum.cohort.roles import ImageRole
from primum.errors import InputError
from primum.evidence.regions import Region
from primum.extras import require

_KEYS = frozenset({"label", "box", "score", "mask"})


def read_regions(path: Path) -> tuple[Region, ...]:
    """Return the regions of a jsonl file.

    Each line is an object: `label`, `box` (left, top, right, bottom in pixels; right and bottom outside), and if there
    are any `score` (0 to 1) and `mask`, the name of a PNG beside the file that is not black where the region is.

    Raises:
        InputError: the file or a mask cannot be read, or a line is no such object; the line is named.
    """
    found = []
    for number, line in enumerate(_content(path).decode("utf-8", "replace").splitlines(), start=1):
        if line.strip():
            found.append(_region(path, number, line))
    return tuple(found)


def region_of(said: Any, mask: npt.NDArray[np.bool_] | None = None) -> Region | None:
    """Return a region from plain JSON; None where it is none."""
    if not isinstance(said, dict) or set(said) - _KEYS or not isinstance(said.get("label"), str):
        return None
    box, score = said.get("box"), said.get("score")
    if not isinstance(box, list) or len(box) != 4 or not all(_finite(one) for one in box):
        return None
    if score is not None and not _finite(score):
        return None
    left, top, right, bottom = (float(one) for one in box)
    score = None if score is None else float(score)
    return Region(label=said["label"], box=(left, top, right, bottom), score=score, mask=mask)


def read_heat(path: Path, *, height: int, width: int) -> FloatArray:
    """Return a heat map of a picture of this size, in [0, 1].

    Args:
        path: npy: numbers from 0 to 1; any picture: black is 0 and white is 1. Of the picture's size, or a square as
            the model saw it, which is then stretched back over the picture.
        height: of the picture in pixels.
        width: of the picture in pixels.
    Raises:
        InputError: it cannot be read, or has neither size.
    """
    heat = _numbers(path) if path.suffix == ".npy" else _grey(path) / 255.0
    if heat.shape == (height, width):
        return heat
    if heat.ndim == 2 and heat.shape[0] == heat.shape[1]:
        return unfitted(heat, height, width)
    raise InputError(f"{path}: its shape is {heat.shape}; a heat map has the picture's {(height, width)} or is square.")


def _region(path: Path, number: int, line: str) -> Region:
    try:
        said = json.loads(line)
    except ValueError:
        said = None
    mask = said.get("mask") if isinstance(said, dict) else None
    pixels = None
    if isinstance(mask, str):
        if Path(mask).name != mask:
            raise InputError(f"{path}: line {number}: the mask is not named by a file beside it.")
        pixels = _grey(path.parent / mask) > 0
    found = region_of(said, pixels) if mask is None or pixels is not None else None
    if found is None:
        raise InputError(
            f"{path}: line {number} is no region; write an object of label, box (four numbers), and perhaps score and "
            "mask (the name of a PNG)."
        )
    return found


def _finite(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and bool(np.isfinite(value))


def _grey(path: Path) -> npt.NDArray[np.uint8]:
    try:
        picture = read_whole(_content(path), ImageRole(column="image", colour="grey", shortest=1))
    except Unreadable as exc:
        raise InputError(f"{path}: it is {exc.does.removeprefix('name ')}; write a grey PNG.") from exc
    return picture


def _numbers(path: Path) -> FloatArray:
    try:
        heat = np.load(io.BytesIO(_content(path)), allow_pickle=False)
        return np.asarray(heat, dtype=np.float64)
    except (ValueError, TypeError, EOFError, SyntaxError) as exc:
        raise InputError(f"{path}: it holds no array of numbers; write it with numpy.save.") from exc


def _content(path: Path) -> bytes:
    require("PIL", extra="imaging", purpose=PURPOSE)
    try:
        return path.read_bytes()
    except OSError as exc:
        raise InputError(f"{path}: it cannot be opened; check its name and its permissions.") from exc
