"""How much an answer shows that the model knows a record's truth: what every membership attack looks at."""

from __future__ import annotations

import numpy as np

from primum.evidence.predictions import FloatArray, IntArray, Predictions

_LEAST = 1e-12
"""Probabilities below this are taken as this, so that their logarithm stays finite."""
_FINEST = 1e-3
"""Errors of a number below this share of the target's spread count as this share."""


def knowledge(predictions: Predictions) -> FloatArray:
    """Return how surely each answer says what was true, shape (n,): the higher, the smaller the loss.

    Classes: the log odds of the true class (Carlini et al. 2022, section V-A: on that scale the values of one record
    over many models are nearly normal). Labels: the mean log odds of each label's truth. Number: minus the logarithm of
    the absolute error. Order within classes and numbers is that of minus the loss.
    """
    if predictions.probabilities is None:
        return of_error(
            (predictions.target - predictions.predicted).astype(np.float64), spread=float(np.std(predictions.target))
        )
    p = predictions.probabilities
    if predictions.target_type == "labels":
        of_truth = np.where(predictions.target == 1, p, 1 - p)
        return np.asarray(_log_odds(of_truth, 1 - of_truth).mean(1))
    rows = np.arange(len(predictions))
    truth: IntArray = predictions.target.astype(np.int64)
    said = p[rows, truth]
    others = p.copy()
    others[rows, truth] = 0.0  # summed by themselves: one minus a probability near one has lost its digits
    return _log_odds(said, others.sum(1))


def of_error(error: FloatArray, *, spread: float) -> FloatArray:
    """Return minus the logarithm of the absolute error, which `spread`, the target's deviation, keeps finite."""
    return np.asarray(-np.log(np.maximum(np.abs(error), _FINEST * (spread or 1.0))))


def _log_odds(of: FloatArray, against: FloatArray) -> FloatArray:
    return np.asarray(np.log(np.maximum(of, _LEAST)) - np.log(np.maximum(against, _LEAST)))
