"""Shadow heads: cheap models that half of the patients were hidden from, to say how hard each record is by itself.

An easy record is answered well by a model that never saw it; only what the audited model knows beyond that speaks of
memory. The heads are linear, on features that no patient of the study has shaped, fitted on random halves of members
and non-members together, so that to them both are alike: where even their answers tell the two apart, the splits
differ.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from primum.evidence.predictions import FloatArray, IntArray, Predictions
from primum.privacy.membership.knowledge import of_error

DIVISIONS = 16
"""Times the patients are halved: each record is hidden from 16 of 32 heads."""
MOST_DIRECTIONS = 64
"""Directions of the features that are kept, those of greatest variance: a head costs 64 x 64 whatever the model."""
_MOST_ROWS = 20_000
"""Records that the directions are found on."""
_RIDGE = 0.1
"""Penalty, as a share of the mean variance of a direction: it keeps a half that has few records from fitting noise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadows:
    """What heads say of records that were hidden from them."""

    mean: FloatArray
    """Mean knowledge of each record over the heads that did not see it, shape (n,)."""
    spread: FloatArray
    """Its standard deviation over those heads, shape (n,)."""


def shadow_heads(
    features: FloatArray, predictions: Predictions, units: IntArray, *, divisions: int = DIVISIONS, seed: int = 7
) -> Shadows:
    """Return what linear heads know of each record when they have not seen its patient.

    Time grows with records x directions² x divisions; memory with records x (features + classes + divisions).

    Args:
        features: of every record, shape (n, d), made without the study's training, e.g. by the un-tuned backbone.
        predictions: the same records; only their truth is used.
        units: each record's patient, shape (n,), from 0.
        divisions: how often the patients are halved.
        seed: of the halving.
    Source: Watson et al. 2022, ICLR (difficulty calibration); Carlini et al. 2022, IEEE S&P (offline variant).
    """
    x = _directions(features)
    wanted = _wanted(predictions)
    generator = np.random.default_rng(seed)
    n_units = int(units.max()) + 1
    out = np.empty((divisions, len(predictions)))
    for row in out:
        half = (np.argsort(np.argsort(generator.random(n_units))) % 2).astype(bool)[units]
        for hidden in (half, ~half):
            said = x[hidden] @ _weights(x[~hidden], wanted[~hidden])
            row[hidden] = _known(said, wanted[hidden], predictions.target_type)
    return Shadows(mean=out.mean(0), spread=out.std(0, ddof=1))


def _directions(features: FloatArray) -> FloatArray:
    """Return standardised features turned into their main directions, and a constant: (n, d) -> (n, at most 65)."""
    x = features.astype(np.float64)
    x -= x.mean(0)
    spread = x.std(0)
    x = x[:, spread > 0] / spread[spread > 0]
    step = -(-len(x) // _MOST_ROWS)
    _, turns = np.linalg.eigh(x[::step].T @ x[::step])
    kept = max(1, min(MOST_DIRECTIONS, len(x) // 8))
    return np.column_stack([x @ turns[:, ::-1][:, :kept], np.ones(len(x))])


def _wanted(predictions: Predictions) -> FloatArray:
    """Return what a head is to say: 1 for the class or label and 0 for others, or the number; shape (n, k)."""
    target = predictions.target
    if predictions.target_type == "number":
        return target.astype(np.float64)[:, None]
    if predictions.target_type == "labels":
        return target.astype(np.float64)
    return np.asarray(target.astype(np.int64)[:, None] == np.arange(len(predictions.classes)), dtype=np.float64)


def _weights(x: FloatArray, wanted: FloatArray) -> FloatArray:
    gram = x.T @ x
    penalty = np.full(len(gram), _RIDGE * np.trace(gram) / len(gram))
    penalty[-1] = 1e-9  # the constant is not drawn to zero
    return np.asarray(np.linalg.solve(gram + np.diag(penalty), x.T @ wanted))


def _known(said: FloatArray, wanted: FloatArray, kind: str) -> FloatArray:
    if kind == "number":
        return of_error((wanted - said)[:, 0], spread=float(np.std(wanted)))
    if kind == "labels":
        return np.asarray(((2 * wanted - 1) * (said - 0.5)).mean(1))
    rivals = np.where(wanted == 1, -np.inf, said)
    return np.asarray((said * wanted).sum(1) - rivals.max(1))
