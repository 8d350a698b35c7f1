"""Tests of comparisons against shuffling, resampling and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score
from statsmodels.stats.proportion import proportion_confint

from primum.evidence.comparisons import non_inferiority, paired_delong, permutation_p
from primum.evidence.intervals import clopper_pearson, exact_bounds, mover, wilson_bounds


def test_permutation_agrees_with_fishers_exact_test_on_two_groups():
    table = np.array([[30.0, 10.0], [18.0, 22.0]])
    exact = stats.fisher_exact(table).pvalue
    assert permutation_p([table], n_permutations=20_000) == pytest.approx(exact, abs=0.004)


def test_permutation_over_two_outcomes_agrees_with_shuffled_rows(rng):
    group, truth = rng.integers(3, size=150), rng.integers(2, size=150)
    said = rng.random(150) < 0.5 + 0.2 * (group == 0) * truth

    def statistic(groups: np.ndarray) -> float:
        total = 0.0
        for y in (0, 1):
            rows = truth == y
            p = said[rows].mean()
            for g in range(3):
                n = (rows & (groups == g)).sum()
                total += (said[rows & (groups == g)].sum() - n * p) ** 2 / (n * p * (1 - p))
        return total

    seen, more = statistic(group), 0
    for _ in range(3000):
        shuffled = group.copy()
        for y in (0, 1):
            shuffled[truth == y] = rng.permutation(group[truth == y])
        more += statistic(shuffled) >= seen - 1e-9
    tables = [
        np.array(
            [
                [(said & (truth == y) & (group == g)).sum(), (~said & (truth == y) & (group == g)).sum()]
                for g in range(3)
            ]
        )
        for y in (0, 1)
    ]
    found = permutation_p([table.astype(float) for table in tables], n_permutations=5000)
    assert found == pytest.approx(more / 3000, abs=0.025)


def test_paired_delong_agrees_with_a_paired_bootstrap(rng):
    positive = rng.random(300) < 0.4
    first = positive + rng.normal(size=300)
    second = 0.5 * positive + 0.5 * first + rng.normal(size=300)
    found = paired_delong(first, second, positive)
    assert found.value == pytest.approx(roc_auc_score(positive, first) - roc_auc_score(positive, second))
    again = []
    for _ in range(1500):
        rows = rng.integers(300, size=300)
        again.append(roc_auc_score(positive[rows], first[rows]) - roc_auc_score(positive[rows], second[rows]))
    assert (found.high - found.low) / (2 * 1.96) == pytest.approx(np.std(again), rel=0.12)
    assert paired_delong(first, first, positive).p == 1.0


def test_non_inferiority_is_the_one_sided_interval():
    assert non_inferiority(-0.01, 0.01, margin=0.05).shown
    assert not non_inferiority(-0.04, 0.01, margin=0.05).shown
    assert non_inferiority(0.0, 0.02, margin=0.05).p == pytest.approx(1 - stats.norm.cdf(2.5))


@pytest.mark.parametrize(("hits", "n"), [(0, 9), (4, 9), (9, 9), (150, 200)])
def test_exact_intervals_agree_with_statsmodels(hits, n):
    wanted = proportion_confint(hits, n, method="beta")
    assert clopper_pearson(hits, n) == pytest.approx(wanted)
    low, high = exact_bounds(np.array([float(hits)]), np.array([float(n)]), critical=1.959963985)
    assert (low[0], high[0]) == pytest.approx(wanted, abs=1e-7)


def test_mover_gives_newcombes_published_interval():
    """Newcombe 1998, Statistics in Medicine 17:873, table II, method 10: 56/70 - 48/80 is 0.0524 to 0.3339."""
    one = wilson_bounds(np.array([56.0]), np.array([70.0]), critical=1.959963985)
    two = wilson_bounds(np.array([48.0]), np.array([80.0]), critical=1.959963985)
    low, high = mover(np.array([0.8]), one, np.array([0.6]), two)
    assert (low[0], high[0]) == pytest.approx((0.0524, 0.3339), abs=5e-5)
