"""What disagreement amounts to on the records that judge, and whether it tells where the model is wrong."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from primum.evidence.comparisons import paired_delong
from primum.evidence.finding import Finding
from primum.evidence.intervals import LEVEL, area_interval, delong, wilson
from primum.evidence.metrics import METRICS
from primum.evidence.predictions import FloatArray, IntArray, Predictions
from primum.evidence.resampling import percentile_interval, units_of
from primum.evidence.split_names import measured_splits
from primum.evidence.sufficiency import ENOUGH_FOR_A_MEAN, ENOUGH_FOR_A_SHARE
from primum.safety.abstention import sureness_of, wrong_of
from primum.safety.ensemble.measures import Disagreement
from primum.safety.ensemble.metrics import AUROC, BEYOND, RATE, SPREAD

_FEWEST = 10
"""Records answered wrongly, and rightly, from which on a ranking of them says something."""
_RATE = "mean of the patients' shares; Wilson's interval on the number of patients, wide enough for any mean of shares"
_SPREAD = "mean over patients; percentile bootstrap over patients, {n} resamples"
_AREA = "Mann-Whitney on mutual information; DeLong's variance on the logit scale (DeLong et al. 1988)"
_BEYOND = "difference of two AUROCs on the same records; DeLong's paired variance (DeLong et al. 1988)"


def disagreement_findings(
    found: Disagreement, predictions: Predictions, *, how: str, members: int, n_resamples: int, seed: int
) -> list[Finding]:
    """Return how far members disagree on test and on each external set, and how well that tells wrong from right.

    Args:
        found: of every record of `predictions`.
        predictions: the answers in use.
        how: "dropout" or "training"; kept in the detail.
        members: how many there are; kept in the detail.
        n_resamples: of the bootstrap for numbers.
        seed: of the bootstrap.
    """
    findings: list[Finding] = []
    detail = {"how": how, "members": members}
    for split in measured_splits(predictions.split):
        rows = np.flatnonzero(predictions.split == split)
        if not len(rows):
            continue
        part, mine = predictions.take(rows), found.take(rows)
        if predictions.target_type == "number":
            findings.append(_spread(part, mine, split, detail, n_resamples=n_resamples, seed=seed))
        else:
            findings += [_rate(part, mine, split, detail), *_rankings(part, mine, split, detail)]
    return findings


def _rate(part: Predictions, found: Disagreement, split: str, detail: dict[str, object]) -> Finding:
    means = _by_patient(part, found.shown)
    value, n = float(means.mean()), len(means)
    low, high = wilson(value * n, n)
    enough = n >= ENOUGH_FOR_A_SHARE
    return _finding(RATE, value, low, high, n=len(part), split=split, enough=enough, method=_RATE, detail=detail)


def _spread(
    part: Predictions, found: Disagreement, split: str, detail: dict[str, object], *, n_resamples: int, seed: int
) -> Finding:
    means = _by_patient(part, found.shown)
    n = len(means)
    generator = np.random.default_rng(seed)
    drawn = np.array([means[generator.integers(0, n, n)].mean() for _ in range(n_resamples)])
    low, high = percentile_interval(drawn, level=LEVEL) or (None, None)
    method = _SPREAD.format(n=n_resamples)
    enough = n >= ENOUGH_FOR_A_MEAN
    value = float(means.mean())
    return _finding(SPREAD, value, low, high, n=len(part), split=split, enough=enough, method=method, detail=detail)


def _rankings(part: Predictions, found: Disagreement, split: str, detail: dict[str, object]) -> Iterator[Finding]:
    """Yield how well disagreement ranks wrong above right, and by how much better than confidence; by a patient's
    first record where patients have several, since DeLong's variance is of independent records.
    """
    units, _ = units_of(part)
    first = np.sort(np.unique(units, return_index=True)[1])
    part, found = part.take(first), found.take(first)
    wrong = wrong_of(part)
    fewest = int(min(wrong.sum(), (~wrong).sum()))
    if not fewest or part.probabilities is None:
        return
    area, influence = delong(found.information, wrong)
    _, low, high = area_interval(area, float(np.sqrt((influence**2).sum())), fewest)
    more = {**detail, "wrong": int(wrong.sum())}
    n, enough = len(part), fewest >= _FEWEST
    yield _finding(AUROC, area, low, high, n=n, split=split, enough=enough, method=_AREA, detail=more)
    unsure = -sureness_of(part.probabilities, _coded(part))
    gain = paired_delong(found.information, unsure, wrong)
    ends = (gain.low, gain.high)
    yield _finding(BEYOND, gain.value, *ends, n=n, split=split, enough=enough, method=_BEYOND, detail=more)


def _coded(part: Predictions) -> IntArray:
    return np.asarray(part.predicted, dtype=np.int64)


def _by_patient(part: Predictions, values: FloatArray) -> FloatArray:
    units, n = units_of(part)
    return np.asarray(np.bincount(units, values, n) / np.bincount(units, minlength=n))


def _finding(
    metric: str,
    value: float,
    low: float | None,
    high: float | None,
    *,
    n: int,
    split: str,
    enough: bool,
    method: str,
    detail: dict[str, object],
) -> Finding:
    return Finding(
        pillar="safety",
        metric=metric,
        value=value,
        low=low,
        high=high,
        level=None if low is None else LEVEL,
        n=n,
        split=split,
        enough=enough,
        method=method,
        reference=METRICS.get(metric).reference,
        detail=detail,
    )
