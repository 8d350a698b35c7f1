"""The search for the thresholds, or offsets, of the slices.

With two classes (or for one label) it is exact: rates that differ by at most the slack lie in a window of that width,
so every window that begins at an attained rate is tried, each slice takes the threshold of most balanced accuracy
inside it, and the best window wins. With more classes it is a coordinate descent over a grid of offsets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from primum.evidence.predictions import FloatArray

Mask = npt.NDArray[np.bool_]
Names = npt.NDArray[np.str_]
MOST_WINDOWS = 100_000
"""Windows tried at most; larger calibration splits are searched on evenly spread thresholds."""
FEWEST = 10
"""Records with a class and without it that a rate needs, to be evened out."""
GRID = np.linspace(-2.0, 2.0, 41)
"""Offsets of log probabilities that are tried with more than two classes."""
_END = 30.0
"""Beyond any log odds: everybody, or nobody."""


def choose_thresholds(
    scores: FloatArray,
    truth: Mask,
    levels: Names,
    large: Sequence[str],
    *,
    criterion: str,
    slack: float,
    cost: float,
) -> tuple[FloatArray, dict[str, FloatArray], float]:
    """Return the common offset of each answer (k,), the large slices' own, and the slack that was needed.

    Args:
        scores: log odds, shape (n, k).
        truth: shape (n, k).
        levels: of the attribute, shape (n,).
        large: levels that may get a threshold of their own.
        criterion: equal_opportunity, equalised_odds or demographic_parity.
        slack: largest gap; doubled until `cost` is kept.
        cost: most balanced accuracy that may be lost.
    """
    common = np.array([-best_threshold(scores[:, c], truth[:, c]) for c in range(truth.shape[1])])
    own = {level: common.copy() for level in large}
    needed = slack
    for c in range(truth.shape[1]):
        masks = {v: levels == v for v in large if _enough(truth[levels == v, c])}
        if len(masks) < 2:
            continue
        parts = {v: (scores[mask, c], truth[mask, c]) for v, mask in masks.items()}
        found, used = even_thresholds(parts, -common[c], criterion=criterion, slack=slack, cost=cost)
        needed = max(needed, used)
        for level, threshold in found.items():
            own[level][c] = -threshold
    return common, own, needed


def best_threshold(score: FloatArray, truth: Mask) -> float:
    """Return the threshold of most balanced accuracy; of several, the one nearest to even odds."""
    candidates = _candidates(score, near=0.0, most=len(score) + 1)
    tpr, fpr = _rates(score, truth, candidates)
    return float(candidates[np.argmax(tpr - fpr)])


def even_thresholds(
    parts: Mapping[str, tuple[FloatArray, Mask]], common: float, *, criterion: str, slack: float, cost: float
) -> tuple[dict[str, float], float]:
    """Return each slice's threshold, and the slack that was needed to lose no more than `cost`.

    Args:
        parts: level -> log odds and truth of its records, each with both outcomes.
        common: the threshold that all would share.
        criterion: what is evened out.
        slack: largest gap to begin with.
        cost: most balanced accuracy that may be lost against the common threshold.
    """
    positives = sum(int(truth.sum()) for _, truth in parts.values())
    negatives = sum(int((~truth).sum()) for _, truth in parts.values())
    two = criterion == "equalised_odds"
    most = int((MOST_WINDOWS**0.5 if two else MOST_WINDOWS**0.5 * 4) // len(parts))
    thresholds, rates, values, at_common = [], [], [], 0.0
    for score, truth in parts.values():
        share = 0.5 * truth.sum() / positives, 0.5 * (~truth).sum() / negatives
        candidates = _candidates(score, near=common, most=max(most, 3))
        tpr, fpr = _rates(score, truth, candidates)
        chosen = {"equal_opportunity": [tpr], "equalised_odds": [tpr, fpr]}.get(
            criterion, [tpr * truth.mean() + fpr * (1 - truth.mean())]
        )
        thresholds.append(candidates)
        rates.append(np.stack(chosen))
        values.append(share[0] * tpr + share[1] * (1 - fpr))
        plain = _rates(score, truth, np.array([common]))
        at_common += float(share[0] * plain[0][0] + share[1] * (1 - plain[1][0]))
    while True:
        places, value = _best_window(rates, values, slack)
        if value >= at_common - cost or slack >= 1.0:
            found = (float(t[i]) for t, i in zip(thresholds, places, strict=True))
            return dict(zip(parts, found, strict=True)), slack
        slack = min(max(2 * slack, 0.01), 1.0)


def _best_window(rates: Sequence[FloatArray], values: Sequence[FloatArray], slack: float) -> tuple[list[int], float]:
    """Return each slice's candidate in the window of most value, and that value.

    Args:
        rates: of each slice, shape (number of rates, candidates).
        values: what each candidate adds to the balanced accuracy, shape (candidates,).
        slack: width of the window in every rate.
    """
    ends = [np.unique(np.concatenate([one[d] for one in rates])) for d in range(len(rates[0]))]
    lows = np.stack([axis.ravel() for axis in np.meshgrid(*ends, indexing="ij")])
    total, places = np.zeros(lows.shape[1]), []
    for one, value in zip(rates, values, strict=True):
        inside = np.ones((lows.shape[1], len(value)), dtype=bool)
        for low, rate in zip(lows, one, strict=True):
            inside &= (rate >= low[:, None] - 1e-12) & (rate <= low[:, None] + slack + 1e-12)
        worth = np.where(inside, value, -np.inf)
        places.append(worth.argmax(1))
        total += worth.max(1)
    best = int(total.argmax())
    return [int(place[best]) for place in places], float(total[best])


def _candidates(score: FloatArray, *, near: float, most: int) -> FloatArray:
    """Return thresholds between the scores, and beyond both ends, those nearest to `near` first."""
    distinct = np.unique(score)
    between = (distinct[1:] + distinct[:-1]) / 2
    if len(between) > most - 2:
        between = between[np.linspace(0, len(between) - 1, max(most - 2, 1)).astype(np.int64)]
    every = np.unique(np.concatenate([[-_END], between, [_END]]))
    return every[np.argsort(np.abs(every - near), kind="stable")]


def _rates(score: FloatArray, truth: Mask, thresholds: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return true and false positive rate at each threshold; a score above it is a positive."""
    above = [
        len(part) - np.searchsorted(part, thresholds, side="right")
        for part in (np.sort(score[truth]), np.sort(score[~truth]))
    ]
    return above[0] / max(int(truth.sum()), 1), above[1] / max(int((~truth).sum()), 1)


def choose_offsets(
    scores: FloatArray, truth: Mask, levels: Names, large: Sequence[str], *, criterion: str, slack: float
) -> tuple[FloatArray, dict[str, FloatArray]]:
    """Return no offset for the common rule, and the large slices' offsets (k,), for more than two classes.

    Each slice is brought towards the rates of everybody: what lies further off than half the slack counts twice, a loss
    of the slice's own balanced accuracy once.
    """
    k = truth.shape[1]
    wanted = _class_rates(scores.argmax(1), truth, criterion)
    own = {}
    for level in large:
        mask = levels == level
        counted = np.array([_enough(truth[mask, c]) for c in range(k)])
        own[level] = _descend(scores[mask], truth[mask], wanted, counted, criterion=criterion, slack=slack)
    return np.zeros(k), own


def _descend(
    scores: FloatArray, truth: Mask, wanted: FloatArray, counted: Mask, *, criterion: str, slack: float
) -> FloatArray:
    offsets = np.zeros(truth.shape[1])

    def badness(tried: FloatArray) -> float:
        decided = (scores + tried).argmax(1)
        off = np.abs(_class_rates(decided, truth, criterion) - wanted)[:, counted]
        hit = _class_rates(decided, truth, "equal_opportunity")[0, truth.any(0)]
        return 2 * float(np.maximum(off - slack / 2, 0).mean()) - float(hit.mean())

    least = badness(offsets)
    for _ in range(10):
        before = least
        for c in np.flatnonzero(counted):
            for step in GRID:
                tried = offsets.copy()
                tried[c] = step
                now = badness(tried)
                if now < least - 1e-12:
                    least, offsets = now, tried
        if least >= before:
            break
    return offsets


def _class_rates(decided: npt.NDArray[np.int64], truth: Mask, criterion: str) -> FloatArray:
    """Return the rates of each class that the criterion evens out, shape (1 or 2, k)."""
    said = np.eye(truth.shape[1], dtype=bool)[decided]
    tpr = (said & truth).sum(0) / np.maximum(truth.sum(0), 1)
    if criterion == "equal_opportunity":
        return np.stack([tpr])
    if criterion == "demographic_parity":
        return np.stack([said.mean(0)])
    return np.stack([tpr, (said & ~truth).sum(0) / np.maximum((~truth).sum(0), 1)])


def _enough(truth: Mask) -> bool:
    return min(int(truth.sum()), int((~truth).sum())) >= FEWEST
