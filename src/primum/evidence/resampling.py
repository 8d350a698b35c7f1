"""The bootstrap over patients: every metric in every resample, in bounded memory.

A resample draws as many patients as there are, with replacement; a patient's records come or stay together (Davison
& Hinkley 1997, section 3.8; Field & Welsh 2007). Statistics are summed within each patient first, so a resample costs
one sparse matrix product however the records are spread. Of very many patients, random groups are drawn. Time grows
with the smaller of n and 20,000 x resamples x statistics; memory with that x the chunk of resamples that fits
`MAX_BYTES`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from primum.evidence.predictions import FloatArray, IntArray, Predictions
from primum.evidence.sums import Block, Figures, Key, blocks_of

MAX_BYTES = 64 * 2**20
"""Most memory that one chunk's weights or one block's sums may take."""
GRID = 512
"""Most score levels a class keeps while resampling; up to that many distinct scores nothing is merged. The figure's own
value is exact, and every resample is shifted by what the grid takes from it, so the grid only touches the spread."""
MOST_UNITS = 10_000
"""Above twice this many patients, random groups of them are resampled: time stops growing with records x resamples."""
MAX_UNDEFINED = 0.05
"""A figure undefined in more than this share of resamples has no interval: what is left is no fair sample."""


def units_of(predictions: Predictions) -> tuple[IntArray, int]:
    """Return each record's patient as an index, and the number of patients; each record its own where none is given."""
    if predictions.patient is None:
        return np.arange(len(predictions)), len(predictions)
    names, units = np.unique(predictions.patient.astype(str), return_inverse=True)
    return units.astype(np.int64), len(names)


def repeats(predictions: Predictions) -> bool:
    """Return whether some patient has several records."""
    return units_of(predictions)[1] < len(predictions)


def weight_chunks(n_units: int, n_resamples: int, *, seed: int, rows: int = 0) -> Iterator[FloatArray]:
    """Yield how often each unit is drawn, shape (n_units, chunk), for `n_resamples` resamples in all.

    Args:
        n_units: patients.
        n_resamples: resamples.
        seed: of the generator; equal seeds give equal weights whatever the chunk.
        rows: rows of the largest matrix of sums that the chunk will make; bounds the chunk as the units do.
    """
    generator = np.random.default_rng(seed)
    chunk = max(1, min(n_resamples, MAX_BYTES // (8 * max(n_units, rows, 1))))
    for start in range(0, n_resamples, chunk):
        width = min(chunk, n_resamples - start)
        weights = np.empty((width, n_units))
        for row in weights:
            row[:] = np.bincount(generator.integers(n_units, size=n_units), minlength=n_units)
        yield np.ascontiguousarray(weights.T)


def resample(
    tables: Sequence[Predictions], *, n_resamples: int, seed: int, metrics: frozenset[str] | None = None
) -> list[Figures]:
    """Return every metric's value in every resample, for tables about the same records in the same order.

    Args:
        tables: one or more; all are weighted alike in each resample, which is what makes a comparison paired.
        n_resamples: resamples.
        seed: of the generator.
        metrics: only what is needed for these; None for all.
    Returns:
        For each table, arrays of shape (n_resamples,), NaN where a resample leaves the metric undefined.
    """
    units, n_units = _random_groups(*units_of(tables[0]), seed=seed)
    sets = [_shifted(table, metrics) for table in tables]
    matrices = [[block.matrix(units, n_units) for block, _ in blocks] for blocks in sets]
    widest = max((block.q for blocks in sets for block, _ in blocks), default=0)
    parts: list[dict[Key, list[FloatArray]]] = [{} for _ in tables]
    for weights in weight_chunks(n_units, n_resamples, seed=seed, rows=widest):
        for into, blocks, of_table in zip(parts, sets, matrices, strict=True):
            for (block, shift), matrix in zip(blocks, of_table, strict=True):
                for key, values in block.finish(np.asarray(matrix @ weights)).items():
                    into.setdefault(key, []).append(values + shift.get(key, 0.0))
    return [{key: np.concatenate(chunks) for key, chunks in part.items()} for part in parts]


def _random_groups(units: IntArray, n_units: int, *, seed: int) -> tuple[IntArray, int]:
    """Return many patients as MOST_UNITS random groups of equal size, which are then drawn instead of them.

    The sum over a random group of b patients has b times the variance of one, so that drawing groups gives the same
    spread; it is known to about one hundredth, whatever the number of records.
    Source: Wolter 2007, Introduction to Variance Estimation, chapter 2 (random groups).
    """
    if n_units <= 2 * MOST_UNITS:
        return units, n_units
    group = np.random.default_rng(seed).permutation(n_units) % MOST_UNITS
    return group[units], MOST_UNITS


def _shifted(table: Predictions, metrics: frozenset[str] | None) -> list[tuple[Block, dict[Key, float]]]:
    """Return the gridded blocks, each with what the grid took from each exact value."""
    gridded = blocks_of(table, grid=GRID, metrics=metrics)
    exact = blocks_of(table, metrics=metrics)
    return [(coarse, _shift(fine, coarse)) for fine, coarse in zip(exact, gridded, strict=True)]


def _shift(fine: Block, coarse: Block) -> dict[Key, float]:
    if fine.q == coarse.q:
        return {}
    exact, gridded = fine.finish(fine.totals()), coarse.finish(coarse.totals())
    return {key: float(np.nan_to_num(exact[key][0] - gridded[key][0])) for key in exact}


def percentile_interval(values: FloatArray, *, level: float = 0.95) -> tuple[float, float] | None:
    """Return the central interval of the resampled values, or None where too many resamples are undefined."""
    defined = values[~np.isnan(values)]
    if len(values) == 0 or len(defined) < (1 - MAX_UNDEFINED) * len(values):
        return None
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
