"""How strongly vitals go together, beside scipy, and the groups that this makes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from primum.transparency.overall.together import associations, groups_of
from tests.transparency.formulas import column_of

RNG = np.random.default_rng(8)
N = 2000


def _between(a, b):
    return associations([column_of("a", a), column_of("b", b)])[0, 1]


def test_two_numbers_have_spearmans_correlation_whatever_its_sign():
    x = RNG.normal(size=N)
    y = -np.exp(x) + RNG.normal(size=N)
    x[:50] = np.nan
    expected = abs(stats.spearmanr(x[50:], y[50:]).statistic)
    assert _between(x, y) == pytest.approx(expected)


def test_two_categories_have_cramers_v():
    x = RNG.integers(0, 3, N)
    y = np.where(RNG.random(N) < 0.7, x, RNG.integers(0, 3, N))
    a, b = (np.array([f"l{v}" for v in values], dtype=object) for values in (x, y))
    table = np.zeros((3, 3), dtype=int)
    np.add.at(table, (x, y), 1)
    assert _between(a, b) == pytest.approx(stats.contingency.association(table, method="cramer"), abs=0.01)


def test_a_number_and_a_category_have_the_correlation_ratio_of_its_ranks():
    level = RNG.integers(0, 2, N)
    x = level * 1.0 + RNG.normal(size=N)
    names = np.array(["ab"[v] for v in level], dtype=object)
    ranks = stats.rankdata(x)
    expected = abs(np.corrcoef(ranks, level)[0, 1])  # of two levels the ratio is the point-biserial correlation
    assert _between(x, names) == pytest.approx(expected, abs=0.01)


def test_what_has_nothing_to_do_with_one_another_is_near_zero():
    names = np.array([f"l{v}" for v in RNG.integers(0, 6, 100)], dtype=object)
    others = np.array([f"l{v}" for v in RNG.integers(0, 6, 100)], dtype=object)
    assert _between(names, others) < 0.2  # uncorrected V is about 0.5 here
    assert _between(RNG.normal(size=N), RNG.normal(size=N)) < 0.1


def test_groups_are_those_that_go_together():
    x, y = RNG.normal(size=(2, N))
    vitals = [x, x + 0.2 * RNG.normal(size=N), y, -y + 0.2 * RNG.normal(size=N), RNG.normal(size=N)]
    assert groups_of(associations([column_of(str(i), v) for i, v in enumerate(vitals)])) == [(0, 1), (2, 3)]
    assert groups_of(np.eye(1)) == []
