"""Partial dependence beside scikit-learn; accumulated local effects of models solved by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.inspection import partial_dependence as sklearn_dependence

from primum.transparency.overall.asking import Asker
from primum.transparency.overall.curves import (
    about_mean,
    accumulated_local_effects,
    bins_of,
    levels_of,
    moved_to_ends,
    partial_dependence,
    set_to,
)
from primum.transparency.patients import patients_of
from tests.transparency.formulas import Formula, cohort_of

RNG = np.random.default_rng(5)
N = 400
X = RNG.uniform(0, 1, N)
Z = RNG.normal(size=N)
IDS = np.array([str(i) for i in range(N)], dtype=object)
EVERYBODY = patients_of(IDS, resamples=200)


def _both(formula, name="x", patients=EVERYBODY, **vitals):
    cohort = cohort_of(np.zeros(len(next(iter(vitals.values())))), **vitals)
    asker = Asker(Formula(formula), cohort.records)
    bins = bins_of(cohort.records.vitals[name].values, patients)
    moved, swept = asker.ask([moved_to_ends(name, bins), set_to(name, bins.edges, bins.rows)])
    ale = accumulated_local_effects(bins, moved, patients)
    return bins, ale, about_mean(partial_dependence(swept, bins.rows, patients), bins.shares)


def test_partial_dependence_is_scikit_learns():
    table = np.column_stack([X, Z])
    fitted = GradientBoostingRegressor(n_estimators=20, random_state=0).fit(table, np.sin(5 * X) * Z)
    asker = Asker(
        Formula(lambda v, _: fitted.predict(np.column_stack([v["x"], v["z"]]))), cohort_of(X, x=X, z=Z).records
    )
    theirs = sklearn_dependence(fitted, table, [0], grid_resolution=7, percentiles=(0.05, 0.95), method="brute")
    rows = np.arange(N)
    [answers] = asker.ask([set_to("x", theirs["grid_values"][0], rows)])
    y, resampled = partial_dependence(answers, rows, EVERYBODY)
    assert y == pytest.approx(theirs["average"][0])
    assert resampled.mean(1) == pytest.approx(y, abs=0.02)


def test_of_a_sum_both_curves_are_its_own_term():
    bins, ale, dependence = _both(lambda v, _: 3 * v["x"] + v["z"], x=X, z=Z)
    line = 3 * bins.edges
    assert ale.y - ale.y[0] == pytest.approx(line - line[0])
    assert dependence.y - dependence.y[0] == pytest.approx(line - line[0])
    assert ale.change(0, len(bins.edges) - 1) == pytest.approx([line[-1] - line[0]] * 3)  # the same in every resample


def test_of_a_square_the_effect_is_exact_at_every_edge():
    bins, ale, _ = _both(lambda v, _: v["x"] ** 2, x=X, z=Z)
    assert np.diff(ale.y) == pytest.approx(np.diff(bins.edges**2))


def test_of_a_product_of_twins_ale_is_right_where_partial_dependence_is_not():
    """f = x z with z = x: moving x by itself within its tenth changes f by z dx, which adds up to x squared / 2."""
    bins, ale, dependence = _both(lambda v, _: v["x"] * v["z"], x=X, z=X)
    start, end = bins.edges[0], bins.edges[-1]
    assert ale.y[-1] - ale.y[0] == pytest.approx((end**2 - start**2) / 2, abs=0.02)
    assert ale.y[4] - ale.y[0] == pytest.approx((bins.edges[4] ** 2 - start**2) / 2, abs=0.02)
    # partial dependence is x times the mean of z over everybody: a straight line
    assert np.diff(dependence.y) / np.diff(bins.edges) == pytest.approx(np.full(len(bins.edges) - 1, X.mean()))


def test_both_are_differences_from_the_mean_over_records():
    bins, ale, dependence = _both(lambda v, _: np.exp(v["x"]), x=X, z=Z)
    for curve in (ale, dependence):
        middle = (curve.y[:-1] + curve.y[1:]) / 2
        assert (bins.shares * middle).sum() == pytest.approx(0.0, abs=1e-12)


def test_the_band_covers_the_truth_of_another_draw():
    """y changes with x by z, whose mean is 0: of 60 cohorts the interval of the change holds 0 about 57 times."""
    held = 0
    for number in range(60):
        rng = np.random.default_rng([9, number])
        x, z = rng.uniform(size=120), rng.normal(size=120)
        own = patients_of(np.array([str(i) for i in range(120)], dtype=object), resamples=200, seed=number)
        bins, _, dependence = _both(lambda v, _: v["x"] * v["z"], patients=own, x=x, z=z)
        _, low, high = dependence.change(0, len(bins.edges) - 1)
        held += low <= 0 <= high
    assert 50 <= held <= 60


def test_a_missing_value_has_no_part_in_it():
    values = X.copy()
    values[::4] = np.nan
    bins, _, _ = _both(lambda v, _: np.nan_to_num(v["x"]), x=values, z=Z)
    assert len(bins.rows) == N - 100 and not np.isnan(bins.edges).any()


def test_no_edge_is_one_patients_value_and_no_bin_holds_fewer_than_five():
    values = np.concatenate([np.full(30, 1.0), np.full(40, 2.0), [3.0, 4.0, 900.0], np.full(27, 5.0)])
    patients = patients_of(np.array([str(i) for i in range(100)], dtype=object), resamples=20)
    bins = bins_of(values, patients)
    assert bins.patients.min() >= 5 and bins.patients.sum() == 100
    assert bins.edges[-1] == pytest.approx((900 + 4 * 5) / 5)
    assert bins_of(np.full(100, 3.0), patients) is None
    few = patients_of(np.array([str(i % 8) for i in range(100)], dtype=object), resamples=20)
    assert bins_of(values, few) is None


def test_a_rare_level_is_not_told():
    levels = np.array(["a"] * 50 + ["b"] * 46 + ["secret"] * 4, dtype=object)
    assert levels_of(levels, patients_of(IDS[:100], resamples=10)) == ("a", "b")
