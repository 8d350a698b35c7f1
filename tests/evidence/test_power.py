"""Power against statsmodels and against simulated audits."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.proportion import power_proportions_2indep

from primum.evidence.power import detectable_gap, needed


@pytest.mark.parametrize(("share", "n", "others"), [(0.8, 200, 200), (0.6, 150, 900), (0.9, 400, 500)])
def test_the_detectable_gap_has_the_power_that_statsmodels_finds(share, n, others):
    [gap] = detectable_gap(np.array([share]), np.array([float(n)]), np.array([float(others)]), critical=1.959964)
    power = power_proportions_2indep(-gap, share, nobs1=n, ratio=others / n, alpha=0.05).power
    assert power == pytest.approx(0.8, abs=0.02)


def test_the_needed_number_is_what_makes_the_gap_detectable():
    share, others = np.array([0.8, 0.7]), np.array([5000.0, 400.0])
    n = needed(0.1, share, others, critical=3.2)
    gap = detectable_gap(share, n, np.maximum(others, n), critical=3.2)
    assert gap == pytest.approx(0.1, abs=1e-3)
    assert n[1] > n[0]


def test_more_patients_see_smaller_gaps_and_nobody_sees_none():
    n = np.array([0.0, 9.0, 50.0, 500.0, 5000.0])
    gap = detectable_gap(np.full(5, 0.8), n, np.full(5, 10_000.0), critical=3.0)
    assert (np.diff(gap) < 0).all()
    assert gap[0] == pytest.approx(1.0)
    assert gap[1] > 0.4


def test_no_number_of_patients_helps_when_the_others_are_too_few_and_the_slice_may_not_grow():
    [n] = needed(0.001, np.array([0.5]), np.array([10.0]), critical=5.0)
    assert np.isnan(n) or n > 1_000_000
