"""What a model says about places in a picture, and who says it: checked once, before any file is written."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from primum.errors import InputError
from primum.evidence.regions import Region
from primum.extras import require

PURPOSE = "Writing marks"
NOTICE = "AI, not for diagnosis without review"
"""Stands in every picture and every file that is written; in English, as all viewers can show it."""
_LATIN = 0x24F
"""Last letter of Latin Extended-B."""
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """What marked the places; every file names it."""

    release: str
    """SHA-256 of the Release's manifest, or of the run; names the model exactly."""
    version: str
    """Of primum."""
    study: str
    """Name of the study the model was made in."""

    def parameters(self) -> dict[str, str]:
        """Return what tells this model from another."""
        return {"study": self.study, "release": self.release}


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """Places, a heat map, or both."""

    regions: tuple[Region, ...] = ()
    heat: FloatArray | None = None
    """How much each pixel counts, in [0, 1], shape (height, width) of the picture."""
    about: str = ""
    """What the heat map speaks for, e.g. a class."""


def checked(marks: Marks, height: int, width: int) -> Marks:
    """Return the marks, found to fit a picture of this size.

    Raises:
        InputError: there are none; a box leaves the picture or is empty; a mask or heat map has another shape; a score
            or a heat is outside [0, 1]. Every fault is named.
    """
    faults = [] if marks.regions or marks.heat is not None else ["there is no region and no heat map"]
    for number, region in enumerate(marks.regions, start=1):
        faults += [f"region {number}: {why}" for why in _faults_of(region, height, width)]
    if marks.heat is not None:
        if marks.heat.shape != (height, width):
            faults.append(f"heat map: its shape is {marks.heat.shape}, the picture's is {(height, width)}")
        elif not (np.isfinite(marks.heat).all() and marks.heat.min() >= 0 and marks.heat.max() <= 1):
            faults.append("heat map: a value is outside 0 to 1")
    if faults:
        raise InputError(f"marks: {'; '.join(faults[:10])}.")
    return marks


def _faults_of(region: Region, height: int, width: int) -> list[str]:
    faults = [] if region.label.strip() else ["it has no label"]
    left, top, right, bottom = region.box
    if not (0 <= left < right <= width and 0 <= top < bottom <= height):
        faults.append(f"its box is empty or leaves the picture of {width} x {height} pixels")
    if region.mask is not None and region.mask.shape != (height, width):
        faults.append(f"its mask's shape is {region.mask.shape}, the picture's is {(height, width)}")
    if region.score is not None and not 0 <= region.score <= 1:
        faults.append("its score is outside 0 to 1")
    return faults


def unfitted(heat: FloatArray, height: int, width: int) -> FloatArray:
    """Return a heat map over a model's square as one over the picture that was fitted into it.

    Pictures keep their proportions in the middle of a black square (`primum.cohort.images`); the black is cut off and
    the rest stretched, bilinearly.

    Args:
        heat: over the square, shape (size, size).
        height: of the picture, in pixels.
        width: of the picture, in pixels.
    """
    image: Any = require("PIL.Image", extra="imaging", purpose=PURPOSE)
    size = heat.shape[0]
    scale = size / max(height, width)
    inside = max(round(height * scale), 1), max(round(width * scale), 1)
    top, left = (size - inside[0]) // 2, (size - inside[1]) // 2
    part = np.ascontiguousarray(heat[top : top + inside[0], left : left + inside[1]], dtype=np.float32)
    grown = image.fromarray(part).resize((width, height), image.Resampling.BILINEAR)
    return np.clip(np.asarray(grown, dtype=np.float64), 0.0, 1.0)


def code_of(label: str) -> Any:
    """Return a label as a coded concept of primum's own scheme; equal labels have equal codes.

    A study's labels are its own words: giving one a code of SNOMED would say more than the study said.
    """
    coding: Any = require("highdicom.sr.coding", extra="imaging", purpose=PURPOSE)
    value = hashlib.sha256(label.encode()).hexdigest()[:16].upper()
    return coding.CodedConcept(value=value, scheme_designator="99PRIMUM", meaning=label[:64])


def labelled(regions: Sequence[Region], *, latin: bool = False) -> list[str]:
    """Return what stands beside each region in a picture: its label and, where it has one, its score in per cent.

    Args:
        regions: in their order.
        latin: the letters there are draw no other script; a label in one is then the region's number.
    """
    names = [
        f"region {number}" if latin and max(map(ord, one.label)) > _LATIN else one.label
        for number, one in enumerate(regions, start=1)
    ]
    return [
        name if one.score is None else f"{name} {100 * one.score:.0f} %"
        for name, one in zip(names, regions, strict=True)
    ]
