"""Temperature scaling: one number that makes all probabilities less or more sure and leaves their order alone.

Fitted by Newton's method on the inverse temperature, in which the log loss is convex. Sums are taken over blocks that
stay in the processor's cache, in single precision within a record and in double precision over records.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from primum.evidence.predictions import FloatArray, IntArray

SLOPES = (0.05, 20.0)
"""Inverse temperatures that are looked at: beyond them nothing is left of a probability, or it is a certainty."""
_BLOCK = 4096
_START = 16_384
"""Records on which the search starts; the rest only refine it."""
_STEPS = 60

Block = npt.NDArray[np.float32]


def inverse_temperature(scores: FloatArray, target: IntArray) -> float:
    """Return the slope of the scores that makes the log loss smallest, within SLOPES.

    Args:
        scores: logits or log probabilities, shape (n, k).
        target: class of each record, shape (n,).
    Source: Guo et al. 2017, ICML, section 4.2 (temperature = 1 / slope).
    """
    n = len(scores)
    slope, pieces = 1.0, _START if n > 4 * _START else n
    every = max(1, n // pieces)
    if every > 1:  # records of every part of the table, so that a sorted one does not lead the search astray
        sampled = np.arange(0, n, every)
        slope = _solved(_blocks(scores[sampled], target[sampled]), slope)
    return _solved(_blocks(scores, target), slope)


def _blocks(scores: FloatArray, target: IntArray) -> tuple[list[Block], float]:
    """Return blocks of scores with classes down, their largest taken off, and the sum of the true classes' scores."""
    blocks, true = [], 0.0
    for start in range(0, len(scores), _BLOCK):
        block = np.ascontiguousarray(scores[start : start + _BLOCK].T, dtype=np.float32)
        block -= block.max(0)
        chosen = block[target[start : start + _BLOCK], np.arange(block.shape[1])]
        true += float(chosen.sum(dtype=np.float64))
        blocks.append(block)
    return blocks, true


def _solved(prepared: tuple[Sequence[Block], float], slope: float) -> float:
    blocks, true = prepared
    for _ in range(_STEPS):
        mean, spread = 0.0, 0.0
        for block in blocks:
            raised = np.exp(np.float32(slope) * block)
            total = raised.sum(0)
            raised *= block
            first = raised.sum(0) / total
            raised *= block
            second = raised.sum(0) / total
            mean += float(first.sum(dtype=np.float64))
            spread += float((second - first * first).sum(dtype=np.float64))
        step = (mean - true) / max(spread, 1e-12)
        following = float(np.clip(slope - step, max(0.5 * slope, SLOPES[0]), min(2.0 * slope, SLOPES[1])))
        moved, slope = abs(following - slope), following
        if moved < 1e-4 * slope:  # Newton squares what is left: the next step would move it by some 1e-8
            break
    return slope
