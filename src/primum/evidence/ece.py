"""An interval for the expected calibration error, which is never below zero and which noise alone makes grow.

The error that is measured in a sample is on average larger than the true one, most of all where the true one is small,
so neither a normal interval nor a percentile of resamples holds it. Here the interval is found by inverting a test: it
holds every true error under which the measured one would be no surprise.
"""

from __future__ import annotations

import numpy as np

from primum.evidence.intervals import LEVEL
from primum.evidence.predictions import FloatArray, Predictions
from primum.evidence.resampling import units_of
from primum.evidence.sums import N_BINS, bin_of, confidence_and_outcome
from primum.later import stats

_DRAWS = 2000
_SEED = 7
_STEPS = 40
"""Halvings of the bracket in which an end is sought."""
_FURTHEST = 16.0
"""Most times the measured error that the true one may be."""


def ece_interval(part: Predictions, *, level: float = LEVEL) -> tuple[float, float]:
    """Return the interval of the expected calibration error of records with probabilities.

    The gap of each bin is taken as normal with the spread of its patients' residuals, or the binomial one if that is
    larger, with one success and one failure added: fifty right answers said to be certain are no proof. True gaps are
    taken in the measured proportions, t times as large: the interval is of all t under which the measured error lies in
    the central `level` of what samples would show. The measured error itself is kept inside. One that is smaller than
    noise alone would show, whatever the truth, has a normal upper end.

    Source: the test inversion of Neyman 1937, Phil. Trans. R. Soc. A 236; the upward bias of the measured error is
    described by Broecker 2012, Climate Dynamics 39, and Kumar et al. 2019, NeurIPS, section 4.
    """
    gaps, errors = _gaps(part)
    return _inverted(gaps, errors, tail=(1 - level) / 2)


def _gaps(part: Predictions) -> tuple[FloatArray, FloatArray]:
    """Return each bin's share of records times its gap, and that figure's standard error, both of shape (bins,)."""
    said, came = confidence_and_outcome(part)
    units, n_units = units_of(part)
    unit = np.repeat(units, said.size // len(part))
    bins, residual = bin_of(said), said - came
    count = np.bincount(bins, minlength=N_BINS)
    total = np.bincount(bins, weights=residual, minlength=N_BINS)
    centred = residual - (total / np.maximum(count, 1))[bins]
    pairs, place = np.unique(unit * N_BINS + bins, return_inverse=True)
    together = np.bincount(place, weights=centred)
    spread = np.bincount(pairs % N_BINS, weights=together**2, minlength=N_BINS)
    shrunk = (np.bincount(bins, weights=said, minlength=N_BINS) + 1) / (count + 2)
    binomial = count * shrunk * (1 - shrunk)
    errors: FloatArray = np.sqrt(np.maximum(spread, binomial)) / len(said)
    return total / len(said), errors


def _inverted(gaps: FloatArray, errors: FloatArray, *, tail: float) -> tuple[float, float]:
    measured = float(np.abs(gaps).sum())
    noise = errors * np.random.default_rng(_SEED).normal(size=(_DRAWS, len(errors)))

    def shown(times: float) -> FloatArray:
        errors_shown: FloatArray = np.abs(times * gaps + noise).sum(1)
        return errors_shown

    def smallest(holds: tuple[float, float], upper: bool) -> float:
        low, high = holds
        for _ in range(_STEPS):
            middle = (low + high) / 2
            if (np.mean(shown(middle) <= measured) < tail) if upper else (np.mean(shown(middle) >= measured) >= tail):
                high = middle
            else:
                low = middle
        return high

    if np.mean(shown(0.0) <= measured) < tail:
        return 0.0, min(measured + float(stats.norm.isf(tail) * np.sqrt((errors**2).sum())), 1.0)
    lowest = 0.0 if np.mean(shown(0.0) >= measured) >= tail else smallest((0.0, 1.0), upper=False)
    highest = smallest((0.0, _FURTHEST), upper=True)
    return min(lowest, 1.0) * measured, min(max(highest, 1.0) * measured, 1.0)
