"""Intervals in closed form: Wilson for shares, MOVER for a mean of shares, DeLong for the AUROC."""

from __future__ import annotations

import numpy as np

from primum.evidence.predictions import FloatArray, Predictions
from primum.later import special, stats

LEVEL = 0.95
"""Confidence level of every interval."""


def wilson(hits: float, n: float, *, level: float = LEVEL) -> tuple[float, float]:
    """Return Wilson's score interval for a share.

    Args:
        hits: how many had the property.
        n: out of how many, above zero.
        level: confidence level.
    Source: Wilson 1927, JASA 22:209; recommended by Brown, Cai & DasGupta 2001, Statistical Science 16(2).
    """
    z2 = float(stats.norm.ppf((1 + level) / 2)) ** 2
    share = hits / n
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = np.sqrt(z2 * (share * (1 - share) / n + z2 / (4 * n**2))) / (1 + z2 / n)
    # Rounding must not push the interval off the share that it is about.
    return float(min(max(middle - half, 0.0), share)), float(max(min(middle + half, 1.0), share))


def mean_of_shares(hits: FloatArray, n: FloatArray, *, level: float = LEVEL) -> tuple[float, float]:
    """Return an interval for the unweighted mean of independent shares, such as balanced accuracy.

    Recovers the variance on each side from the Wilson interval of each share, so that it has a width even
    when every share is 0 or 1, where the bootstrap has none.

    Args:
        hits: shape (k,).
        n: shape (k,), each above zero.
        level: confidence level.
    Source: Zou & Donner 2008, Statistics in Medicine 27(10) (MOVER), with Newcombe 1998, Statistics in Medicine 17.
    """
    shares = hits / n
    bounds = np.array([wilson(h, m, level=level) for h, m in zip(hits, n, strict=True)])
    mean, k = shares.mean(), len(shares)
    low = mean - np.sqrt(((shares - bounds[:, 0]) ** 2).sum()) / k
    high = mean + np.sqrt(((bounds[:, 1] - shares) ** 2).sum()) / k
    return float(max(low, 0.0)), float(min(high, 1.0))


def delong(score: FloatArray, positive: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> tuple[float, FloatArray]:
    """Return the AUROC and each record's influence on it, shape (n,); both classes must be present.

    The sum of the squared influences is DeLong's variance; the influence on a mean of AUROCs is the mean of the
    influences, which gives the macro AUROC its interval.
    Source: DeLong, DeLong & Clarke-Pearson 1988, Biometrics 44(3); by ranks as Sun & Xu 2014, IEEE SPL 21(11).
    """
    up, down = score[positive], score[~positive]
    m, n = len(up), len(down)
    everyone = stats.rankdata(score)
    of_up = (everyone[positive] - stats.rankdata(up)) / n
    of_down = 1 - (everyone[~positive] - stats.rankdata(down)) / m
    area = float(of_up.mean())
    influence = np.zeros(len(score))
    # Division by m(m-1) in place of m² makes the sum of squares the unbiased variance of DeLong's components.
    influence[positive] = (of_up - area) / np.sqrt(m * max(m - 1, 1))
    influence[~positive] = (of_down - area) / np.sqrt(n * max(n - 1, 1))
    return area, influence


def auroc_intervals(predictions: Predictions) -> dict[str | None, tuple[float, float, float]]:
    """Return value, low and high of the AUROC of each class that can be ranked, and of all together (key None)."""
    if predictions.probabilities is None:
        return {}
    found: dict[str | None, tuple[float, float, float]] = {}
    areas, influences, smallest = [], np.zeros(len(predictions)), len(predictions)
    for c, name in enumerate(predictions.classes):
        of_class = predictions.target[:, c] if predictions.target_type == "labels" else predictions.target == c
        positive = of_class.astype(bool)
        fewest = int(min(positive.sum(), (~positive).sum()))
        if fewest == 0:
            continue
        area, influence = delong(predictions.probabilities[:, c], positive)
        found[name] = area_interval(area, float(np.sqrt((influence**2).sum())), fewest)
        areas.append(area)
        influences += influence
        smallest = min(smallest, fewest)
    if not areas:
        return found
    if predictions.target_type == "classes" and len(predictions.classes) == 2:
        found[None] = found[predictions.classes[1]]
    else:
        error = float(np.sqrt((influences**2).sum())) / len(areas)
        found[None] = area_interval(float(np.mean(areas)), error, smallest)
    return found


def area_interval(
    area: float, error: float, fewest: int, *, critical: float | None = None
) -> tuple[float, float, float]:
    """Return value, low and high of an AUROC, built on the logit scale so that they stay inside 0 to 1.

    A perfect or hopeless ranking has no variance: then the interval is Wilson's for a share of the smaller class, which
    is wider than the truth needs.

    Args:
        area: the AUROC.
        error: its standard error.
        fewest: records of the smaller class.
        critical: two-sided normal critical value; left out: that of one interval at LEVEL.
    Source: Qin & Hotilovac 2008, Stat. Methods Med. Res. 17.
    """
    z = float(stats.norm.ppf((1 + LEVEL) / 2)) if critical is None else critical
    if not 0 < area < 1 or error == 0:
        low, high = wilson(area * fewest, fewest, level=float(2 * stats.norm.cdf(z) - 1))
        return area, low, high
    half = z * error / (area * (1 - area))
    logit = np.log(area / (1 - area))
    low, high = 1 / (1 + np.exp(-(logit - half))), 1 / (1 + np.exp(-(logit + half)))
    return area, float(low), float(high)


def wilson_bounds(hits: FloatArray, n: FloatArray, *, critical: FloatArray | float) -> tuple[FloatArray, FloatArray]:
    """Return Wilson's interval of many shares at once, at a given critical value; 0 to 1 where n is 0.

    Args:
        hits: shape (m,).
        n: shape (m,); need not be whole: a count of clustered records divided by its design effect serves.
        critical: two-sided normal critical value, e.g. 1.96, or the simultaneous one.
    """
    z2 = np.asarray(critical, dtype=np.float64) ** 2
    safe = np.where(n > 0, n, 1.0)
    share = np.where(n > 0, hits / safe, 0.5)
    middle = (share + z2 / (2 * safe)) / (1 + z2 / safe)
    half = np.sqrt(z2 * (share * (1 - share) / safe + z2 / (4 * safe**2))) / (1 + z2 / safe)
    low = np.where(n > 0, np.minimum(np.maximum(middle - half, 0.0), share), 0.0)
    high = np.where(n > 0, np.maximum(np.minimum(middle + half, 1.0), share), 1.0)
    return low, high


def mover(
    first: FloatArray,
    of_first: tuple[FloatArray, FloatArray],
    second: FloatArray,
    of_second: tuple[FloatArray, FloatArray],
) -> tuple[FloatArray, FloatArray]:
    """Return the interval of first - second from the intervals of two independent estimates.

    Source: Newcombe 1998, Statistics in Medicine 17:873 (method 10) for shares; Zou & Donner 2008 in general.
    """
    gap = first - second
    low = gap - np.sqrt((first - of_first[0]) ** 2 + (of_second[1] - second) ** 2)
    high = gap + np.sqrt((of_first[1] - first) ** 2 + (second - of_second[0]) ** 2)
    return low, high


def exact_bounds(hits: FloatArray, n: FloatArray, *, critical: float) -> tuple[FloatArray, FloatArray]:
    """Return Clopper and Pearson's interval of many shares at once; 0 to 1 where n is 0.

    Far out in the tails, where simultaneous intervals of many small slices end, Wilson's interval covers too little;
    this one covers at least what it says.

    Args:
        hits: shape (m,).
        n: shape (m,); need not be whole.
        critical: two-sided normal critical value whose tail probability the ends have.
    Source: Clopper & Pearson 1934, Biometrika 26(4).
    """
    tail = float(stats.norm.sf(critical))
    low = np.where(hits > 0, special.betaincinv(np.maximum(hits, 1e-9), n - hits + 1, tail), 0.0)
    high = np.where(hits < n, special.betainccinv(hits + 1, np.maximum(n - hits, 1e-9), tail), 1.0)
    return np.where(n > 0, low, 0.0), np.where(n > 0, high, 1.0)


def clopper_pearson(hits: float, n: float, *, level: float = LEVEL) -> tuple[float, float]:
    """Return the exact interval for a share, which covers at least the level whatever the share.

    Source: Clopper & Pearson 1934, Biometrika 26(4).
    """
    tail = (1 - level) / 2
    low = 0.0 if hits == 0 else float(stats.beta.ppf(tail, hits, n - hits + 1))
    high = 1.0 if hits == n else float(stats.beta.isf(tail, hits + 1, n - hits))
    return low, high
