"""Calibration within slices against statsmodels' regression and against the bins counted one by one."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from primum.evidence import calibration
from primum.evidence.calibration import binned_errors, slope_and_intercept
from primum.evidence.sums import N_BINS


@pytest.fixture
def table(rng):
    n = 900
    group = rng.integers(3, size=n)
    odds = rng.normal(size=n) * 1.5
    p = 1 / (1 + np.exp(-odds))
    came = (rng.random(n) < 1 / (1 + np.exp(-(0.3 * group + 0.7 * odds)))).astype(float)
    return p, came, group, odds


def test_slope_and_intercept_agree_with_statsmodels(table):
    p, came, group, odds = table
    slope, intercept = slope_and_intercept(p, came, group, 3, critical=1.959964)
    for g in range(3):
        rows = group == g
        fitted = sm.Logit(came[rows], sm.add_constant(odds[rows])).fit(disp=0)
        assert slope.value[g] == pytest.approx(fitted.params[1], abs=1e-6)
        assert (slope.low[g], slope.high[g]) == pytest.approx(tuple(fitted.conf_int()[1]), abs=1e-4)
        offset = sm.GLM(came[rows], np.ones(rows.sum()), family=sm.families.Binomial(), offset=odds[rows]).fit()
        assert intercept.value[g] == pytest.approx(offset.params[0], abs=1e-6)


def test_gathering_many_records_changes_little(table, monkeypatch):
    p, came, group, _ = table
    exact = slope_and_intercept(p, came, group, 3, critical=1.96)
    monkeypatch.setattr(calibration, "_EXACT", 10)
    for one, other in zip(exact, slope_and_intercept(p, came, group, 3, critical=1.96), strict=True):
        assert one.value == pytest.approx(other.value, abs=2e-3)


def test_separated_outcomes_have_no_slope():
    p = np.linspace(0.05, 0.95, 40)
    slope, _ = slope_and_intercept(p, (p > 0.5).astype(float), np.zeros(40, dtype=np.int64), 1, critical=1.96)
    assert np.isnan(slope.value[0])


def test_binned_errors_agree_with_the_bins_counted_one_by_one(table):
    p, came, group, _ = table
    found = binned_errors(p, came, group, 3, alpha=0.05, draws=500, seed=1)
    for g in range(3):
        rows = group == g
        wanted = 0.0
        for b in range(N_BINS):
            inside = rows & (p > b / N_BINS) & (p <= (b + 1) / N_BINS)
            wanted += abs(p[inside].sum() - came[inside].sum()) / rows.sum()
        assert found.value[g] == pytest.approx(wanted)
        assert found.low[g] <= found.value[g] <= found.high[g]
