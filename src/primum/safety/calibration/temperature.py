"""Temperature scaling: one number that makes all probabilities less or more sure and leaves their order alone.

Fitted on the inverse temperature, in which the log loss is convex, by Halley's method: Newton's with the third
derivative, so that a start on a part of the records needs one pass over all of them. Sums are taken over blocks that
stay in the processor's cache, in single precision within a record and in double precision over records.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from primum.evidence.predictions import FloatArray, IntArray

Scores = FloatArray | npt.NDArray[np.float32]
SLOPES = (0.05, 20.0)
"""Inverse temperatures that are looked at: beyond them nothing is left of a probability, or it is a certainty."""
_BLOCK = 4096
_STARTS = (4_096, 65_536)
"""Records on which the search starts and goes on; all of them only refine it."""
_STEPS = 60
_NEAR = 5e-3
"""A relative step below which the next would move the slope by some 1e-7: Halley's method cubes what is left."""


def inverse_temperature(scores: FloatArray, target: IntArray) -> float:
    """Return the slope of the scores that makes the log loss smallest, within SLOPES.

    Args:
        scores: logits or log probabilities, shape (n, k).
        target: class of each record, shape (n,).
    Source: Guo et al. 2017, ICML, section 4.2 (temperature = 1 / slope); Gander 1985, Am. Math. Mon. 92 (Halley).
    """
    slope = 1.0
    for size in _STARTS:
        if len(scores) > 4 * size:  # evenly spread, so that a sorted table does not lead the search astray
            every = len(scores) // size
            slope = _solved(scores[::every].astype(np.float32), target[::every], slope)
    return _solved(scores, target, slope)


def _solved(scores: Scores, target: IntArray, slope: float) -> float:
    for _ in range(_STEPS):
        first, second, third = _derivatives(scores, target, slope)
        second = max(second, 1e-12)
        step = first / second
        bent = 1 - 0.5 * step * third / second
        step = step / bent if bent > 0.5 else step
        following = float(np.clip(slope - step, max(0.5 * slope, SLOPES[0]), min(2.0 * slope, SLOPES[1])))
        moved, slope = abs(following - slope), following
        if moved < _NEAR * slope:
            break
    return slope


def _derivatives(scores: Scores, target: IntArray, slope: float) -> tuple[float, float, float]:
    """Return the derivatives of the summed log loss: mean less truth, variance and third moment of the scores."""
    sums = np.zeros(3)
    for start in range(0, len(scores), _BLOCK):
        block = np.ascontiguousarray(scores[start : start + _BLOCK].T, dtype=np.float32)  # classes down: (k, block)
        block -= block.max(0)
        true = block[target[start : start + _BLOCK], np.arange(block.shape[1])]
        sums += _of_block(block, true, np.float32(slope))
    return float(sums[0]), float(sums[1]), float(sums[2])


def _of_block(block: npt.NDArray[np.float32], true: npt.NDArray[np.float32], slope: np.float32) -> FloatArray:
    raised = block * slope
    np.exp(raised, out=raised)
    total = raised.sum(0)
    moments = []
    for _ in range(3):
        raised *= block
        moments.append(raised.sum(0) / total)
    mean, square, cube = moments
    spread = square - mean * mean
    third = cube - mean * (3 * square - 2 * mean * mean)
    return np.array([(mean - true).sum(dtype=np.float64), spread.sum(dtype=np.float64), third.sum(dtype=np.float64)])
