"""How far a record's fused features lie from those of the training records.

The class means with their pooled, shrunk covariance (Lee et al. 2018, NeurIPS, "A simple unified framework"; shrinkage
by Ledoit & Wolf 2004, J. Multivariate Analysis 88), and the nearest of many prototypes in the same whitened space
(nearest neighbours after Sun et al. 2022, ICML). A prototype is the mean of at least five training records: no file of
a model holds the features of one patient.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
FEWEST = 5
"""Training records behind a prototype or a class mean, at least."""
_MOST_PROTOTYPES = 256
_ROUNDS = 12
_CHUNK = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Space:
    """Class means, whitening and prototypes of the training records' features."""

    centre: FloatArray
    """Mean of all training records, shape (width,)."""
    whitening: FloatArray
    """Features minus centre, times this, have about unit covariance within classes; shape (width, width)."""
    means: FloatArray
    """Whitened class means, shape (classes, width)."""
    prototypes: FloatArray
    """Whitened means of small groups of training records, shape (prototypes, width)."""

    @classmethod
    def fit(cls, features: FloatArray, classes: IntArray, *, seed: int) -> Space:
        """Return the space of the training records.

        Args:
            features: shape (n, width).
            classes: one code a record, shape (n,); all 0 where the target has no classes.
            seed: of the prototypes.
        """
        kept = [code for code in np.unique(classes) if (classes == code).sum() >= FEWEST]
        centre = features.mean(0)
        means = np.stack([features[classes == code].mean(0) for code in kept]) if kept else centre[None]
        own = np.full(len(features), -1)
        for place, code in enumerate(kept):
            own[classes == code] = place
        within = features - np.where((own >= 0)[:, None], means[own], centre)
        values, vectors = np.linalg.eigh(shrunk_covariance(within))
        whitening = vectors / np.sqrt(np.maximum(values, np.finfo(np.float64).tiny))
        white = (features - centre) @ whitening
        return cls(
            centre=centre, whitening=whitening, means=(means - centre) @ whitening, prototypes=_prototypes(white, seed)
        )

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[np.float32]]) -> Space:
        """Return the space that `arrays` described."""
        names = ("centre", "whitening", "means", "prototypes")
        return cls(**{name: arrays[name].astype(np.float64) for name in names})

    def arrays(self) -> dict[str, npt.NDArray[np.float32]]:
        """Return what is to be saved."""
        named = {name: getattr(self, name) for name in ("centre", "whitening", "means", "prototypes")}
        return {name: np.ascontiguousarray(array, dtype=np.float32) for name, array in named.items()}

    def distances(self, features: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return each record's distance from the nearest class mean and from the nearest prototype, each (n,)."""
        to_class, to_prototype = np.empty(len(features)), np.empty(len(features))
        for start in range(0, len(features), _CHUNK):
            part = slice(start, start + _CHUNK)
            white = (features[part] - self.centre) @ self.whitening
            to_class[part] = np.sqrt(_squares(white, self.means).min(1))
            to_prototype[part] = np.sqrt(_squares(white, self.prototypes).min(1))
        return to_class, to_prototype


def shrunk_covariance(centred: FloatArray) -> FloatArray:
    """Return the covariance of centred rows, shrunk towards a multiple of the identity.

    Args:
        centred: shape (n, width), of mean 0.
    Source: Ledoit & Wolf 2004, section 3.2; the same estimate as scikit-learn's `ledoit_wolf(assume_centered=True)`.
    """
    n, width = centred.shape
    sample = centred.T @ centred / n
    target = float(np.trace(sample)) / width
    squares = centred**2
    spread = float((sample**2).sum()) - width * target**2
    noise = (float((squares.sum(1) ** 2).sum()) / n - float((sample**2).sum())) / n
    share = 1.0 if spread <= 0 else min(max(noise / spread, 0.0), 1.0)
    shrunk: FloatArray = (1 - share) * sample + share * max(target, 1e-12) * np.eye(width)
    return shrunk


def _prototypes(white: FloatArray, seed: int) -> FloatArray:
    """Return the centres of k-means, each of at least FEWEST records."""
    n = len(white)
    k = max(1, min(_MOST_PROTOTYPES, n // (2 * FEWEST)))
    centres = white[np.random.default_rng(seed).choice(n, k, replace=False)]
    for _ in range(_ROUNDS):
        nearest = _squares(white, centres).argmin(1)
        counts = np.bincount(nearest, minlength=len(centres))
        sums = np.zeros_like(centres)
        np.add.at(sums, nearest, white)
        kept = counts >= FEWEST
        if not kept.any():
            return np.asarray(white.mean(0)[None])
        centres = sums[kept] / counts[kept, None]
    return centres


def _squares(rows: FloatArray, others: FloatArray) -> FloatArray:
    """Return squared distances, shape (rows, others), by |a|² + |b|² − 2ab; rounding may not push one below 0."""
    squares = (rows**2).sum(1)[:, None] + (others**2).sum(1)[None] - 2 * rows @ others.T
    return np.asarray(np.maximum(squares, 0.0))


def energy(logits: FloatArray, *, kind: str) -> FloatArray:
    """Return how little the logits speak for any answer, shape (n,); NaN for a number.

    Source: Liu et al. 2020, NeurIPS (energy-based out-of-distribution detection); several labels: Wang et al. 2021,
    NeurIPS, the sum over labels.
    """
    if kind == "number":
        return np.full(len(logits), np.nan)
    if kind == "labels":
        return np.asarray(-np.logaddexp(0.0, logits).sum(1))
    return np.asarray(-np.logaddexp.reduce(logits, axis=1))
