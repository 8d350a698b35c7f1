"""What the checks that need a model look at: at most 20,000 records, as tokens and as features of all inputs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from primum.cohort import Cohort
from primum.cohort.columns import coded, is_none
from primum.cohort.images import thumbnails
from primum.cohort.records import ImageColumn, VitalColumn
from primum.later import sparse
from primum.safety.records.outcome import outcome
from primum.safety.records.ridge import folds_of, held_out
from primum.safety.records.words import Tokens, token_matrix

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

MOST = 20_000
"""Records that are looked at; enough for a share of one in a thousand to show twenty times."""
_BINS = 10
_MOST_LEVELS = 50
_WEIGHT_OF_A_VITAL = 0.4


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Some records, or all of a small cohort."""

    rows: IntArray
    """Their row numbers, ascending, shape (m,)."""
    split: npt.NDArray[np.object_]
    """Their splits."""
    classes: tuple[str, ...]
    wanted: FloatArray
    """Which record is of which class, shape (m, k)."""
    folds: IntArray
    """By patient, shape (m,)."""
    patients: int
    """How many patients they are of."""
    tokens: Tokens | None
    features: Any
    """Tokens weighted by rarity and coded vitals, sparse, shape (m, d); the tokens come first."""
    places: Mapping[str, tuple[int, int]]
    """Vital -> first column and end of its features."""
    score: FloatArray
    """Held-out excess scores of each class from all inputs, shape (m, k)."""
    weights: list[FloatArray]
    """Of each fold's model, shape (d, k) each."""

    @property
    def effective(self) -> float:
        """Patients per record: what an interval on records is widened by."""
        return self.patients / max(len(self.rows), 1)


def draw_sample(cohort: Cohort, split: npt.NDArray[np.object_], *, seed: int) -> Sample:
    """Return all records, or 20,000 of them by chance, with their features and what all inputs tell of the target."""
    n = len(cohort)
    rows = np.arange(n) if n <= MOST else np.sort(np.random.default_rng(seed).choice(n, MOST, replace=False))
    wanted, classes = outcome(cohort)
    patients = coded(cohort.patients[rows])[0]
    text = cohort.records.text
    tokens = None if text is None else token_matrix(text.take(rows))
    parts = [] if tokens is None else [weighted(tokens.matrix)]
    places: dict[str, tuple[int, int]] = {}
    at = sum(part.shape[1] for part in parts)
    for vital in cohort.records.vitals.values():
        parts.append(_WEIGHT_OF_A_VITAL * one_hot(binned(vital, rows)))
        places[vital.name] = (at, at + parts[-1].shape[1])
        at += parts[-1].shape[1]
    if cohort.records.image is not None:
        parts.append(_of_images(cohort.records.image, rows))
    features = sparse.hstack(parts).tocsr()
    folds = folds_of(patients)
    score, weights = held_out(features, wanted[rows], folds)
    return Sample(
        rows=rows,
        split=split[rows],
        classes=classes,
        wanted=wanted[rows],
        folds=folds,
        patients=len(np.unique(patients)),
        tokens=tokens,
        features=features,
        places=places,
        score=score,
        weights=weights,
    )


def _of_images(images: ImageColumn, rows: IntArray) -> Any:
    """Return each picture's few pixels, less their mean over the records, at a mean length of about 1; none is 0."""
    pixels = thumbnails(images, rows)
    known = ~np.isnan(pixels[:, 0])
    if not known.any():
        return sparse.csr_matrix(np.zeros(pixels.shape))
    centred = pixels - pixels[known].mean(axis=0)
    length = np.sqrt((centred[known] ** 2).sum(axis=1).mean())
    return sparse.csr_matrix(np.nan_to_num(centred / max(float(length), 1e-6)).astype(np.float64))


def weighted(matrix: Any) -> Any:
    """Return tokens weighted by rarity, each row of length 1. Source: Spärck Jones 1972, J. Documentation 28(1)."""
    n = matrix.shape[0]
    often = np.asarray(matrix.sum(axis=0)).ravel()
    rare = np.log((1 + n) / (1 + often)) + 1
    scaled = matrix @ sparse.diags(rare)
    length = np.sqrt(np.asarray(scaled.multiply(scaled).sum(axis=1)).ravel())
    return (sparse.diags(1 / np.maximum(length, 1e-12)) @ scaled).tocsr()


def binned(vital: VitalColumn, rows: IntArray, *, bins: int = _BINS) -> IntArray:
    """Return each record's level of a category or quantile bin of a number; what is missing is a level of its own."""
    values = vital.values[rows]
    if vital.kind == "category":
        return levels_of(np.asarray(values, dtype=object))
    return quantile_bins(np.asarray(values, dtype=np.float64), bins)


def levels_of(values: npt.NDArray[np.object_]) -> IntArray:
    """Return each record's level as a number: the commonest 50 apart, the rarer ones together; none is a level."""
    filled = values.copy()
    filled[is_none(values)] = ""
    codes, names = coded(filled)
    often = np.bincount(codes, minlength=len(names))
    rank = np.empty(len(names), dtype=np.int64)
    rank[np.argsort(-often, kind="stable")] = np.arange(len(names))
    return np.minimum(rank[codes], _MOST_LEVELS)


def quantile_bins(values: FloatArray, bins: int = _BINS) -> IntArray:
    """Return which quantile bin of the present values each lies in, and a number of its own where it is missing."""
    present = values[~np.isnan(values)]
    if not len(present):
        return np.zeros(len(values), dtype=np.int64)
    edges = np.unique(np.quantile(present, np.arange(1, bins) / bins))
    # Values that stand for much of a column get a bin of their own on either side of the edge.
    place = np.searchsorted(edges, values, side="left") + np.searchsorted(edges, values, side="right")
    return np.where(np.isnan(values), 2 * bins + 1, place).astype(np.int64)


def one_hot(codes: IntArray) -> Any:
    """Return a sparse 0/1 matrix with one column a code, shape (n, codes)."""
    n = len(codes)
    return sparse.csr_matrix((np.ones(n), (np.arange(n), codes)), shape=(n, int(codes.max(initial=0)) + 1))
