"""Bands of a number that serve as patient groups."""

from __future__ import annotations

import numpy as np

from primum.evidence.predictions import UNKNOWN, FloatArray, TextArray


def band_names(edges: tuple[float, ...]) -> tuple[str, ...]:
    """Return the names of the bands between ascending edges, e.g. ("0-45", "45-65")."""
    return tuple(f"{low:g}-{high:g}" for low, high in zip(edges, edges[1:], strict=False))


def banded(values: FloatArray, edges: tuple[float, ...]) -> TextArray:
    """Return each number's band; a band holds its lower edge, the last both; "unknown" outside and for NaN."""
    names = np.array([*band_names(edges), UNKNOWN], dtype=object)
    place = np.searchsorted(edges, values, side="right") - 1
    place = np.where(values == edges[-1], len(edges) - 2, place)
    outside = np.isnan(values) | (place < 0) | (place > len(edges) - 2)
    banded_values: TextArray = names[np.where(outside, -1, place)]
    return banded_values
