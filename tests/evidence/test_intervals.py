"""Intervals against other implementations and against the truth in simulation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from primum.evidence.intervals import auroc_intervals, delong, mean_of_shares, wilson
from primum.evidence.resampling import percentile_interval, resample


@pytest.mark.parametrize(("hits", "n"), [(0, 5), (3, 10), (10, 10), (57, 100)])
def test_wilson_agrees_with_statsmodels(hits, n):
    assert wilson(hits, n) == pytest.approx(proportion_confint(hits, n, method="wilson"), abs=1e-9)


def test_delong_variance_agrees_with_all_pairs(rng):
    score, positive = np.round(rng.normal(size=60), 1), rng.random(60) < 0.4
    up, down = score[positive], score[~positive]
    wins = (up[:, None] > down) + 0.5 * (up[:, None] == down)
    variance = wins.mean(1).var(ddof=1) / len(up) + wins.mean(0).var(ddof=1) / len(down)
    area, influence = delong(score, positive)
    assert area == pytest.approx(wins.mean())
    assert (influence**2).sum() == pytest.approx(variance)


def test_a_perfect_model_still_has_a_width(classes):
    table = classes(24)
    p = np.eye(2)[table.target]
    value, low, high = auroc_intervals(replace(table, probabilities=p))[None]
    assert value == high == 1.0
    assert low < 0.8
    assert mean_of_shares(np.array([12.0, 12.0]), np.array([12.0, 12.0]))[0] < 0.87


def test_coverage_is_nominal_for_accuracy_auroc_and_log_loss(classes):
    """1000 simulated studies of 300 records: the interval holds the truth in 93 to 97 % of them."""
    rng, n, times, shift = np.random.default_rng(3), 300, 1000, 1.0
    truth_accuracy, truth_area = stats.norm.cdf(shift / 2), stats.norm.cdf(shift / np.sqrt(2))

    def loss_of(score, y):
        return np.logaddexp(0, np.where(y == 1, -1, 1) * shift * (score - shift / 2))

    large = rng.integers(2, size=10**6)
    truth_loss = loss_of(rng.normal(size=10**6) + shift * large, large).mean()
    held = np.zeros(3)
    base = classes(n)
    for _ in range(times):
        y = rng.integers(2, size=n)
        score = rng.normal(size=n) + shift * y
        p = 1 / (1 + np.exp(-shift * (score - shift / 2)))
        table = replace(base, target=y, probabilities=np.column_stack([1 - p, p]))
        low, high = wilson(((p > 0.5) == y).sum(), n)
        held[0] += low <= truth_accuracy <= high
        _, low, high = auroc_intervals(table)[None]
        held[1] += low <= truth_area <= high
        [drawn] = resample([table], n_resamples=300, seed=int(rng.integers(2**31)), metrics=frozenset({"log_loss"}))
        low, high = percentile_interval(drawn["log_loss", None])
        held[2] += low <= truth_loss <= high
    assert ((held / times >= 0.93) & (held / times <= 0.97)).all(), held / times
