"""A place marked in a picture, by a person or by a model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """One place and what is said of it."""

    label: str
    """What is there, e.g. "WBC" or "lesion"."""
    box: tuple[float, float, float, float]
    """Left, top, right and bottom in pixels of the picture as it is stored; right and bottom are outside."""
    score: float | None = None
    """The model's confidence in [0, 1]; None where a person marked it."""
    mask: npt.NDArray[np.bool_] | None = None
    """Which pixels, shape (height, width) of the picture as it is stored; None where the box is all that is known."""
