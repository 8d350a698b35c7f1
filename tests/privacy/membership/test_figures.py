from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score, roc_curve

from primum.privacy.membership import advantage, area, caught, clopper_pearson, epsilon_bound
from primum.privacy.membership.figures import roc


def _two(seed, m=300, n=200, shift=0.5):
    rng = np.random.default_rng(seed)
    return np.round(rng.normal(shift, 1, m), 2), np.round(rng.normal(0, 1, n), 2)


@pytest.mark.parametrize("seed", range(3))
def test_the_area_is_that_of_scikit_learn_ties_and_all(seed):
    members, others = _two(seed)
    truth = np.r_[np.ones(300), np.zeros(200)]
    figure = area(members, others)
    assert figure.value == pytest.approx(roc_auc_score(truth, np.r_[members, others]), abs=1e-12)
    assert figure.low < figure.value < figure.high


@pytest.mark.parametrize("rate", [0.0, 0.01, 0.05, 0.3, 1.0])
def test_the_share_caught_is_the_best_that_scikit_learns_curve_has_within_the_rate(rate):
    members, others = _two(4)
    fpr, tpr, _ = roc_curve(np.r_[np.ones(300), np.zeros(200)], np.r_[members, others], drop_intermediate=False)
    assert caught(members, others, false_alarms=rate).value == pytest.approx(tpr[fpr <= rate + 1e-12].max())


def test_the_steps_of_the_curve_lie_on_scikit_learns_curve_and_end_at_one():
    members, others = _two(5)
    fpr, tpr, _ = roc_curve(np.r_[np.ones(300), np.zeros(200)], np.r_[members, others], drop_intermediate=False)
    steps = roc(members, others)
    assert len(steps) > 10
    for x, y in steps:
        assert y == pytest.approx(tpr[fpr <= x + 1e-12].max())
    assert steps[-1] == (1.0, 1.0)


@pytest.mark.parametrize(("hits", "n"), [(0, 10), (3, 10), (10, 10), (17, 230)])
def test_clopper_and_pearson_are_those_of_scipy(hits, n):
    wanted = stats.binomtest(hits, n).proportion_ci(0.95, method="exact")
    assert clopper_pearson(hits, n) == pytest.approx((wanted.low, wanted.high), abs=1e-9)


def test_the_advantage_of_guessing_is_about_nothing_and_its_interval_holds_it():
    missed = 0
    for seed in range(200):
        members, others = _two(seed, shift=0.0)
        figure = advantage(members, others, seed=seed)
        missed += not figure.low <= 0 <= figure.high
    assert missed <= 20  # 5 % of 200 are 10; 20 would be exceeded once in five hundred


def test_the_advantage_nears_that_of_the_best_threshold():
    members, others = _two(3, m=20_000, n=20_000, shift=1.0)
    assert advantage(members, others).value == pytest.approx(2 * stats.norm.cdf(0.5) - 1, abs=0.02)


def test_the_bound_on_epsilon_is_below_the_truth_of_randomised_response():
    """An answer that names membership rightly with probability e/(1+e) has epsilon 1 exactly."""
    rng = np.random.default_rng(1)
    right = np.exp(1) / (1 + np.exp(1))
    bounds = []
    for _ in range(100):
        members = (rng.random(2000) < right).astype(float)
        others = (rng.random(2000) >= right).astype(float)
        bounds.append(epsilon_bound(members, others))
    assert sum(bound > 1.0 for bound in bounds) <= 10
    assert np.median(bounds) > 0.7


def test_the_bound_on_epsilon_of_guessing_is_nothing():
    above = [epsilon_bound(*_two(seed, shift=0.0), seed=seed) > 0 for seed in range(100)]
    assert sum(above) <= 10


def test_the_bound_on_epsilon_of_a_model_that_remembers_all_grows_with_the_patients():
    few = epsilon_bound(np.ones(50), np.zeros(50))
    many = epsilon_bound(np.ones(5000), np.zeros(5000))
    assert 1.5 < few < many < 8
