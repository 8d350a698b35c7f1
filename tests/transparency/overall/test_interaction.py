"""Friedman's H of models solved by hand and by brute force; the game of note and vitals."""

from __future__ import annotations

import numpy as np
import pytest

from primum.transparency.overall.asking import Asker
from primum.transparency.overall.interaction import crossed, h_statistic, have_both, input_interaction, of_two_inputs
from primum.transparency.patients import patients_of
from tests.transparency.formulas import Formula, cohort_of

RNG = np.random.default_rng(2)
N = 40
X, Z, W = RNG.normal(size=(3, N))
PATIENTS = patients_of(np.array([str(i) for i in range(N)], dtype=object), resamples=100)
ROWS = np.arange(N)


def _h(formula, x=X, z=Z):
    cohort = cohort_of(np.zeros(N), x=x, z=z, w=W)
    asker = Asker(Formula(formula), cohort.records)
    scores = asker.ask([crossed(names, cohort.records, ROWS) for names in (("x", "z"), ("x",), ("z",))])
    return h_statistic(*scores, PATIENTS, ROWS)


def test_of_a_sum_it_is_zero_in_every_resample():
    found = _h(lambda v, _: np.exp(v["x"]) - v["z"] ** 3 + v["w"])
    assert (found.h, found.low, found.high) == pytest.approx((0.0, 0.0, 0.0), abs=1e-6)


def test_of_a_product_of_centred_vitals_it_is_one():
    """Each alone, averaged over the other's mean of 0, says nothing: all of x z is interaction."""
    found = _h(lambda v, _: v["x"] * v["z"], x=X - X.mean(), z=Z - Z.mean())
    assert found.h == pytest.approx(1.0)


def test_of_a_product_with_means_it_is_what_the_algebra_says():
    """x z = (x-a)(z-b) + b(x-a) + a(z-b) + ab: only the first part does not add up."""
    x, z = X - X.mean() + 2.0, Z - Z.mean() + 3.0
    found = _h(lambda v, _: v["x"] * v["z"], x=x, z=z)
    apart = (x - 2) * (z - 3) - np.mean((x - 2) * (z - 3))
    whole = x * z - np.mean(x * z)
    assert found.h == pytest.approx(np.sqrt((apart**2).mean() / (whole**2).mean()))
    assert found.spread == pytest.approx(apart.std()) and found.joint == pytest.approx(whole.std())


def test_a_third_vital_is_averaged_over_by_brute_force():
    def rule(x, z, w):
        return np.sin(x * z) + x * w + np.abs(z)

    def mean(given):
        return np.array([np.mean([given(i, b) for b in range(N)]) for i in range(N)])

    both = mean(lambda i, b: rule(X[i], Z[i], W[b]))
    one = mean(lambda i, b: rule(X[i], Z[b], W[b]))
    other = mean(lambda i, b: rule(X[b], Z[i], W[b]))
    both, one, other = (values - values.mean() for values in (both, one, other))
    by_hand = np.sqrt(((both - one - other) ** 2).sum() / (both**2).sum())
    found = _h(lambda v, _: rule(v["x"], v["z"], v["w"]))
    assert found.h == pytest.approx(by_hand)
    assert found.low < found.h < found.high + 0.1


def test_note_and_vitals_that_help_each_other_and_that_say_the_same():
    texts = ["fever"] * N

    def asked(rule):
        def formula(vitals, notes):
            noted = np.array([note is not None for note in notes])
            known = ~np.isnan(vitals["x"])
            p = 1 / (1 + np.exp(-np.array([rule(a, b) for a, b in zip(noted, known, strict=True)])))
            return np.column_stack([1 - p, p])

        cohort = cohort_of(np.ones(N, int), texts=texts, classes=("no", "yes"), x=X)
        asker = Asker(Formula(formula), cohort.records)
        whole = Formula(formula).predict(cohort.records)
        return input_interaction(whole, asker.ask(of_two_inputs(asker, ROWS)))

    more, with_vitals, without = asked(lambda note, vital: 0.5 + note + 2 * vital + 3 * (note and vital))
    assert more == pytest.approx(np.full(N, 3.0))
    assert (with_vitals[0], without[0]) == pytest.approx((4.0, 1.0))
    more, with_vitals, without = asked(lambda note, vital: 2.0 * (note or vital))
    assert (more[0], with_vitals[0], without[0]) == pytest.approx((-2.0, 0.0, 2.0))


def test_only_records_that_have_both_are_asked_about():
    cohort = cohort_of(np.zeros(4), texts=["a", None, " ", "b"], x=[1.0, 1.0, 1.0, np.nan])
    assert have_both(Asker(Formula(lambda v, t: v["x"]), cohort.records)).tolist() == [0]
