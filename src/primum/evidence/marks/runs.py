"""Masks as run lengths: how many pixels outside, inside, outside, ... in turn, column by column, as COCO writes them.

A mask of a whole slide takes some kilobytes, and the overlap of two is found without unpacking either.
Source: the uncompressed run-length encoding of Lin et al. 2014, "Microsoft COCO".
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Runs = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


def runs_of(mask: BoolArray) -> Runs:
    """Return the run lengths of a mask of shape (height, width); the first run is of pixels outside, perhaps 0."""
    flat = mask.ravel(order="F")
    turns = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    ends = np.concatenate([[0], turns, [flat.size]]).astype(np.int64)
    runs = np.diff(ends)
    return np.concatenate([[0], runs]).astype(np.int64) if flat.size and flat[0] else runs


def mask_of(runs: Runs, shape: tuple[int, int]) -> BoolArray:
    """Return the mask of shape (height, width) that `runs_of` was given."""
    inside = np.arange(len(runs)) % 2 == 1
    return np.asarray(np.repeat(inside, runs).reshape(shape, order="F"))


def pixels(runs: Runs) -> int:
    """Return how many pixels are inside."""
    return int(runs[1::2].sum())


def overlap(first: Runs, second: Runs) -> int:
    """Return how many pixels are inside both of two masks of the same picture."""
    ends = np.cumsum(second)
    inside = np.cumsum(np.where(np.arange(len(second)) % 2 == 1, second, 0))
    before = np.concatenate([[0], ends]), np.concatenate([[0], inside])
    own = np.cumsum(first)
    stops, starts = own[1::2], own[0::2][: len(own[1::2])]
    # Inside pixels of the second before a place grow linearly within each of its runs.
    return round(float((np.interp(stops, *before) - np.interp(starts, *before)).sum()))
