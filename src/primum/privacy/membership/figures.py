"""How well a score tells members from others: area, share caught at few false alarms, advantage, bound on epsilon."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from primum.evidence.intervals import LEVEL, area_interval, delong, mover, wilson_bounds
from primum.evidence.predictions import FloatArray
from primum.later import stats

DELTA = 1e-5
"""The delta that the bound on epsilon allows for."""
_MOST_THRESHOLDS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A figure with its interval."""

    value: float
    low: float
    high: float | None


def area(members: FloatArray, others: FloatArray, *, critical: float | None = None) -> Measured:
    """Return the chance that a member scores above a non-member, with DeLong's interval on the logit scale.

    Args:
        members: scores, shape (m,), at least one.
        others: scores of non-members, shape (n,), at least one.
        critical: two-sided critical value of a simultaneous interval; left out: of one at 95 %.
    """
    score = np.concatenate([members, others])
    value, influence = delong(score, np.arange(len(score)) < len(members))
    error = float(np.sqrt((influence**2).sum()))
    _, low, high = area_interval(value, error, min(len(members), len(others)), critical=critical)
    return Measured(value=value, low=low, high=high)


def clopper_pearson(hits: float, n: int, *, level: float = LEVEL) -> tuple[float, float]:
    """Return the exact interval of a share (Clopper & Pearson 1934, Biometrika 26(4))."""
    tail = (1 - level) / 2
    low = 0.0 if hits == 0 else float(stats.beta.ppf(tail, hits, n - hits + 1))
    high = 1.0 if hits == n else float(stats.beta.isf(tail, hits + 1, n - hits))
    return low, high


def caught(members: FloatArray, others: FloatArray, *, false_alarms: float) -> Measured:
    """Return the share of members above the lowest threshold that raises at most this share of false alarms.

    The interval is Clopper and Pearson's at that threshold; that the threshold was found on the same non-members is not
    in it.
    """
    allowed = int(np.floor(false_alarms * len(others) + 1e-9))
    threshold = np.sort(others)[::-1][allowed] if allowed < len(others) else -np.inf
    hits = int((members > threshold).sum())
    low, high = clopper_pearson(hits, len(members))
    return Measured(value=hits / len(members), low=low, high=high)


def roc(members: FloatArray, others: FloatArray, *, points: int = 40) -> list[tuple[float, float]]:
    """Return (share of false alarms, share of members caught) at places even on a log axis."""
    wanted = np.geomspace(1 / (len(others) + 1), 1.0, points)
    allowed = np.unique(np.floor(wanted * len(others) + 1e-9).astype(np.int64))
    ordered = np.append(np.sort(others)[::-1], -np.inf)
    above = np.sort(members)
    caught_at = 1 - np.searchsorted(above, ordered[allowed], side="right") / len(members)
    return [(float(k / len(others)), float(t)) for k, t in zip(allowed, caught_at, strict=True)]


def advantage(members: FloatArray, others: FloatArray, *, seed: int = 7) -> Measured:
    """Return the share of members caught less that of false alarms, at thresholds chosen on other patients.

    Each half chooses the best threshold for the other half, so that the choice does not flatter the figure. The
    interval is Newcombe's, of the two shares over both halves.
    Source: Yeom et al. 2018, IEEE CSF, definition 4; Newcombe 1998, Statistics in Medicine 17.
    """
    caught_, alarms = 0.0, 0.0
    (m0, m1), (n0, n1) = _halves(members, seed), _halves(others, seed + 1)
    for m, n, on_m, on_n in ((m0, n0, m1, n1), (m1, n1, m0, n0)):
        threshold = _best_threshold(m, n)
        caught_ += float((on_m >= threshold).sum())
        alarms += float((on_n >= threshold).sum())
    z = float(stats.norm.isf((1 - LEVEL) / 2))
    hits, sizes = np.array([caught_, alarms]), np.array([float(len(members)), float(len(others))])
    shares = hits / sizes
    low, high = wilson_bounds(hits, sizes, critical=z)
    ends = mover(shares[:1], (low[:1], high[:1]), shares[1:], (low[1:], high[1:]))
    return Measured(value=float(shares[0] - shares[1]), low=float(ends[0][0]), high=float(ends[1][0]))


def epsilon_bound(members: FloatArray, others: FloatArray, *, delta: float = DELTA, seed: int = 7) -> float:
    """Return an epsilon that the training did not keep below, with 95 % confidence; 0 where none is shown.

    One half of the patients chooses the threshold and which side of it counts, the other half measures; each of the
    two shares has a one-sided Clopper-Pearson bound at 97.5 %. The patients are taken as independent trials although
    one training saw them all, which is close for many patients and no proof (Steinke et al. 2023, NeurIPS).
    Source: Jagielski et al. 2020, NeurIPS; Nasr et al. 2021, IEEE S&P.
    """
    (m0, m1), (n0, n1) = _halves(members, seed), _halves(others, seed + 1)
    if not min(len(m0), len(m1), len(n0), len(n1)):
        return 0.0
    pool = np.concatenate([m0, n0])
    thresholds = np.unique(np.quantile(pool, np.linspace(0, 1, min(len(pool), _MOST_THRESHOLDS)), method="nearest"))
    bounds = _bounds(m0, n0, thresholds, delta)
    side, place = np.unravel_index(int(bounds.argmax()), bounds.shape)
    return float(max(0.0, _bounds(m1, n1, thresholds[place : place + 1], delta)[side, 0]))


def _bounds(members: FloatArray, others: FloatArray, thresholds: FloatArray, delta: float) -> FloatArray:
    """Return the bound by "above is a member" and by "below is not", shape (2, thresholds)."""
    m, n = len(members), len(others)
    hits = m - np.searchsorted(np.sort(members), thresholds, side="left")
    alarms = n - np.searchsorted(np.sort(others), thresholds, side="left")
    above = _ratio(_least(hits, m) - delta, _most(alarms, n))
    below = _ratio(_least(n - alarms, n) - delta, _most(m - hits, m))
    return np.stack([above, below])


def _ratio(top: FloatArray, under: FloatArray) -> FloatArray:
    return np.asarray(np.log(np.maximum(top, 1e-12)) - np.log(under))


def _least(hits: npt.NDArray[np.int64], n: int) -> FloatArray:
    return np.where(hits > 0, stats.beta.ppf(0.025, np.maximum(hits, 1), n - hits + 1), 0.0)


def _most(hits: npt.NDArray[np.int64], n: int) -> FloatArray:
    return np.where(hits < n, stats.beta.isf(0.025, hits + 1, np.maximum(n - hits, 1)), 1.0)


def _halves(scores: FloatArray, seed: int) -> tuple[FloatArray, FloatArray]:
    order = np.random.default_rng(seed).permutation(len(scores))
    return scores[order[::2]], scores[order[1::2]]


def _best_threshold(members: FloatArray, others: FloatArray) -> float:
    """Return the threshold with the largest share of members less false alarms at or above it."""
    pool = np.unique(np.concatenate([members, others]))
    hits = 1 - np.searchsorted(np.sort(members), pool, side="left") / max(len(members), 1)
    alarms = 1 - np.searchsorted(np.sort(others), pool, side="left") / max(len(others), 1)
    return float(pool[int((hits - alarms).argmax())])
