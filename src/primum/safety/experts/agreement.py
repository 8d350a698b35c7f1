"""How far several annotators agree beyond chance, with intervals over patients: Fleiss' kappa, Krippendorff's alpha.

Both are functions of sums over records, so that every resample is one matrix product.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from primum.evidence.resampling import percentile_interval, weight_chunks

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Level = Literal["nominal", "ordinal"]
MISSING = -1
"""The code of a record that an annotator did not label."""
Interval = tuple[float, float, float]


def counts_of(labels: IntArray, k: int) -> FloatArray:
    """Return how many annotators gave each class to each record, shape (n, k), from codes of shape (n, annotators)."""
    return np.stack([(labels == c).sum(1) for c in range(k)], axis=1).astype(np.float64)


def krippendorff_alpha(counts: FloatArray, *, level: Level = "nominal") -> float:
    """Return Krippendorff's alpha; NaN where no record has two labels, or all labels are one class.

    Args:
        counts: labels of each class by record, shape (n, k); records with fewer than two are left out.
        level: nominal: classes differ or not; ordinal: those further apart, in the order of the columns, differ more.
    Source: Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability".
    """
    return float(_alpha(_coincidences(counts).sum(0)[:, None], counts.shape[1], level)[0])


def fleiss_kappa(counts: FloatArray) -> float:
    """Return Fleiss' kappa over the records that as many annotators labelled as any; NaN where it is not defined.

    Args:
        counts: labels of each class by record, shape (n, k).
    Source: Fleiss 1971, Psychological Bulletin 76(5).
    """
    return float(_kappa(_fleiss_sums(counts).sum(0)[:, None])[0])


def with_interval(
    counts: FloatArray,
    patients: IntArray,
    *,
    kind: Literal["kappa", "alpha"],
    level: Level = "nominal",
    n_resamples: int = 1000,
    seed: int = 7,
) -> Interval | None:
    """Return value, low and high (percentile bootstrap over patients); None where it is not defined.

    Args:
        counts: labels of each class by record, shape (n, k).
        patients: index of each record's patient, shape (n,).
        kind: kappa: Fleiss'; alpha: Krippendorff's.
        level: of alpha.
        n_resamples: resamples.
        seed: of the generator.
    """
    k = counts.shape[1]
    sums = _fleiss_sums(counts) if kind == "kappa" else _coincidences(counts)

    def finish(totals: FloatArray) -> FloatArray:
        return _kappa(totals) if kind == "kappa" else _alpha(totals, k, level)

    value = float(finish(sums.sum(0)[:, None])[0])
    by_patient = np.zeros((int(patients.max(initial=0)) + 1, sums.shape[1]))
    np.add.at(by_patient, patients, sums)
    chunks = weight_chunks(len(by_patient), n_resamples, seed=seed, rows=sums.shape[1])
    drawn = np.concatenate([finish(by_patient.T @ weights) for weights in chunks])
    ends = percentile_interval(drawn)
    return None if np.isnan(value) or ends is None else (value, *ends)


def _coincidences(counts: FloatArray) -> FloatArray:
    """Return each record's part of the coincidence matrix, shape (n, k * k)."""
    n, k = counts.shape
    total = counts.sum(1)
    pairs = counts[:, :, None] * counts[:, None, :]
    pairs[:, np.arange(k), np.arange(k)] -= counts
    several = total >= 2
    scale = np.divide(1.0, total - 1, out=np.zeros(n), where=several)
    return np.asarray((pairs * scale[:, None, None]).reshape(n, k * k))


def _alpha(totals: FloatArray, k: int, level: Level) -> FloatArray:
    """Return alpha from summed coincidences of shape (k * k, resamples)."""
    seen = totals.reshape(k, k, -1)
    of_class = seen.sum(1)
    n = of_class.sum(0)
    if level == "nominal":
        distance = np.broadcast_to(~np.eye(k, dtype=bool)[:, :, None], seen.shape).astype(np.float64)
    else:
        below = np.cumsum(of_class, axis=0) - of_class / 2
        distance = (below[:, None] - below[None, :]) ** 2
    observed = (seen * distance).sum((0, 1))
    expected = (of_class[:, None] * of_class[None, :] * distance).sum((0, 1))
    share = np.divide((n - 1) * observed, expected, out=np.full(len(n), np.nan), where=expected > 0)
    return np.asarray(1 - share)


def _fleiss_sums(counts: FloatArray) -> FloatArray:
    """Return, by record: whether it counts, its share of agreeing pairs, and its share of each class; (n, 2 + k)."""
    total = counts.sum(1)
    m = total.max(initial=0.0)
    full = (total == m) & (m >= 2)
    agreeing = ((counts**2).sum(1) - m) / max(m * (m - 1), 1.0)
    return np.column_stack([full, agreeing * full, counts / max(m, 1.0) * full[:, None]])


def _kappa(totals: FloatArray) -> FloatArray:
    n = totals[0]
    safe = np.where(n > 0, n, np.nan)
    agreed, chance = totals[1] / safe, ((totals[2:] / safe) ** 2).sum(0)
    apart = np.where(chance < 1, 1 - chance, np.nan)
    return np.asarray((agreed - chance) / apart)
