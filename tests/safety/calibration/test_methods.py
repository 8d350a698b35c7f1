"""Each method against an independent fit: scikit-learn, scipy's general optimisers, and maps known beforehand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

from primum.safety.calibration import METHODS, inverse_temperature
from primum.safety.calibration.scores import log_shares, losses, truth_of
from primum.safety.calibration.vector import fit_line, fit_vector


@pytest.mark.parametrize(("n", "k", "heat"), [(300, 2, 0.4), (2000, 5, 3.0), (90_000, 3, 1.7)])
def test_temperature_is_the_optimum_that_a_search_finds(made, n, k, heat):
    table = made(n, k=k, heat=heat)
    scores = log_shares(table.probabilities)
    slope = inverse_temperature(scores, table.target)

    def loss(s: float) -> float:
        z = s * scores
        return float((np.log(np.exp(z).sum(1)) - z[np.arange(n), table.target]).mean())

    found = optimize.minimize_scalar(loss, bounds=(0.05, 20), method="bounded", options={"xatol": 1e-9})
    assert slope == pytest.approx(found.x, abs=2e-6)
    assert slope * heat == pytest.approx(1.0, abs=0.2)


def test_temperature_of_perfect_answers_ends_at_its_bound():
    scores = np.log(np.array([[0.9, 0.1], [0.2, 0.8]] * 40))
    assert inverse_temperature(scores, np.array([0, 1] * 40)) == 20.0


def test_isotonic_is_scikit_learns(made):
    isotonic = pytest.importorskip("sklearn.isotonic")
    table = made(700, heat=2.0)
    truth = truth_of(table.target, "classes", 2)
    method = METHODS.get("isotonic")
    new = made(400, seed=3, heat=2.0).probabilities
    ours = method.apply(method.fit(table.probabilities, truth, "classes"), new, "classes")[:, 1]
    theirs = isotonic.IsotonicRegression(out_of_bounds="clip").fit(table.probabilities[:, 1], truth[:, 1])
    edge = 1 / 702
    expected = theirs.predict(new[:, 1])
    inside = (expected > edge) & (expected < 1 - edge)
    np.testing.assert_allclose(ours[inside], expected[inside], atol=edge)  # corners beside 0 and 1 are moved by so much
    assert np.median(np.abs(ours[inside] - expected[inside])) < 1e-12
    assert ours.min() >= edge and ours.max() <= 1 - edge


def test_a_line_is_scikit_learns_logistic_regression(made):
    linear = pytest.importorskip("sklearn.linear_model")
    table = made(500, heat=2.0)
    odds = np.log(table.probabilities[:, [1]]) - np.log(table.probabilities[:, [0]])
    ours = fit_line(odds, table.target == 1, pull=0.0)
    theirs = linear.LogisticRegression(C=np.inf, tol=1e-10, max_iter=1000).fit(odds, table.target)
    assert ours == pytest.approx([theirs.coef_[0, 0], theirs.intercept_[0]], abs=1e-5)


def test_vector_scaling_is_the_optimum_that_another_optimiser_finds(made):
    table = made(600, k=3, heat=2.0)
    scores, truth = log_shares(table.probabilities), truth_of(table.target, "classes", 3)
    slopes, intercepts = fit_vector(scores, truth)

    def loss(values: np.ndarray) -> float:
        z = values[:3] * scores + values[3:]
        of_true = np.log(np.exp(z).sum(1)) - z[truth]
        return float(of_true.sum() + 0.5 * ((values[:3] - 1) ** 2).sum() + 0.5 * (values[3:] ** 2).sum())

    found = optimize.minimize(
        loss, np.r_[np.ones(3), np.zeros(3)], method="Powell", options={"xtol": 1e-8, "ftol": 1e-12}
    )
    assert loss(np.r_[slopes, intercepts]) <= found.fun + 1e-4


def test_beta_is_logistic_regression_on_both_logarithms_with_no_falling_weight(made):
    linear = pytest.importorskip("sklearn.linear_model")
    table = made(4000, heat=2.5)
    truth = truth_of(table.target, "classes", 2)
    [fitted] = METHODS.get("beta").fit(table.probabilities, truth, "classes")["columns"]
    features = np.column_stack([np.log(table.probabilities[:, 1]), -np.log(table.probabilities[:, 0])])
    theirs = linear.LogisticRegression(C=np.inf, tol=1e-10, max_iter=5000).fit(features, table.target)
    assert fitted["weights"] == pytest.approx(theirs.coef_[0], abs=0.01)
    backwards = METHODS.get("beta").fit(table.probabilities[:, ::-1], truth, "classes")["columns"][0]
    assert min(backwards["weights"]) >= 0


@pytest.mark.parametrize("name", list(METHODS))
@pytest.mark.parametrize(("k", "kind"), [(2, "classes"), (4, "classes"), (3, "labels")])
def test_every_method_gives_probabilities_and_does_not_harm_what_it_was_fitted_on(made, name, k, kind):
    table = made(1500, k=k, heat=2.5, labels=kind == "labels")
    truth = truth_of(table.target, kind, k)
    method = METHODS.get(name)
    p = method.apply(method.fit(table.probabilities, truth, kind), table.probabilities, kind)
    assert p.shape == table.probabilities.shape
    assert (p >= 0).all() and (p <= 1).all()
    if kind == "classes":
        np.testing.assert_allclose(p.sum(1), 1.0)
    before = losses(table.probabilities, truth, kind).mean()
    after = losses(p, truth, kind).mean()
    assert after == before if name == "none" else after < before - 0.02
    if method.keeps_order:
        if kind == "labels" or k == 2:
            assert ((p >= 0.5) == (table.probabilities >= 0.5)).all()
        else:
            assert (p.argmax(1) == table.probabilities.argmax(1)).all()
