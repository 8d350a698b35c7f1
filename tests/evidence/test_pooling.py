"""Random effects against statsmodels, a brute-force likelihood, and what repeated places show."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import optimize, stats
from statsmodels.stats.meta_analysis import combine_effects

from primum.evidence.pooling import between_variance, moment_variance, pooled


def _places(rng, k, tau, *, mean=1.5):
    errors = rng.uniform(0.1, 0.6, k)
    return rng.normal(rng.normal(mean, tau, k), errors), errors**2


def test_the_moment_estimate_is_that_of_statsmodels(rng):
    for _ in range(20):
        y, v = _places(rng, 7, 1.5)  # theirs may be negative where places hardly differ; ours stops at 0
        assert moment_variance(y, v) == pytest.approx(combine_effects(y, v, method_re="dl").tau2)
    assert moment_variance(np.full(4, 0.3), np.full(4, 0.1)) == 0.0


@pytest.mark.parametrize("tau", [0.0, 0.3, 1.0])
def test_the_variance_between_places_is_where_the_restricted_likelihood_is_highest(rng, tau):
    def against(tau2, y, v):
        w = 1 / (v + tau2)
        mean = w @ y / w.sum()
        return 0.5 * (np.log(v + tau2).sum() + np.log(w.sum()) + w @ (y - mean) ** 2)

    for _ in range(20):
        y, v = _places(rng, 6, tau)
        best = optimize.minimize_scalar(against, bounds=(0, 20), args=(y, v), method="bounded", options={"xatol": 1e-9})
        assert against(between_variance(y, v), y, v) <= best.fun + 1e-7


def test_places_of_equal_size_give_statsmodels_mean_and_interval(rng):
    y, v = rng.normal(1.0, 0.8, 8), np.full(8, 0.05)  # all estimates of the variance between places agree here
    ours, theirs = pooled(y, v), combine_effects(y, v, method_re="dl", use_t=True)
    assert ours.mean == pytest.approx(theirs.mean_effect_re)
    low, high = theirs.conf_int(alpha=0.05, use_t=True)[3]
    assert (ours.low, ours.high) == pytest.approx((low, high))
    assert ours.i2 == pytest.approx(theirs.i2)


def test_the_error_is_that_of_a_weighted_regression_or_of_the_weights_if_that_is_larger(rng):
    for _ in range(20):
        y, v = _places(rng, 6, 0.5)
        w = 1 / (v + between_variance(y, v))
        by_regression = float(sm.WLS(y, np.ones(6), weights=w).fit().bse[0])
        half = stats.t.ppf(0.975, 5) * max(by_regression, 1 / np.sqrt(w.sum()))
        assert pooled(y, v).high - pooled(y, v).mean == pytest.approx(half)


@pytest.mark.parametrize("tau", [0.0, 0.4])
def test_intervals_hold_the_mean_and_the_next_place_as_often_as_they_say(rng, tau):
    mean_held, next_held, n = 0, 0, 150
    for _ in range(n):
        y, v = _places(rng, 6, tau)
        found = pooled(y, v)
        mean_held += found.low <= 1.5 <= found.high
        next_held += found.next_low <= rng.normal(1.5, tau) <= found.next_high
    assert mean_held / n >= 0.9
    assert next_held / n >= 0.9


def test_with_many_places_the_next_one_is_a_draw_from_a_known_normal():
    y, v = stats.norm.ppf((np.arange(200) + 0.5) / 200, 1.0, 0.5), np.full(200, 1e-6)
    found = pooled(y, v)
    assert (found.next_low, found.next_high) == pytest.approx((1 - 1.96 * 0.5, 1 + 1.96 * 0.5), abs=0.06)


def test_places_that_agree_by_chance_do_not_promise_a_narrow_interval():
    found = pooled(np.array([1.0, 1.001, 0.999]), np.full(3, 0.04))
    assert found.next_high - found.next_low > 0.98 * 2 * 1.96 * np.sqrt(0.04 / 3)
