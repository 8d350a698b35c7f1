"""Distances against scikit-learn, scipy and brute force; energy against the definition."""

import numpy as np
import pytest
from scipy.special import logsumexp
from sklearn.covariance import ledoit_wolf

from primum.safety.novelty.spaces import FEWEST, Space, energy, shrunk_covariance


@pytest.mark.parametrize("shape", [(12, 40), (60, 8), (500, 30)])
def test_the_shrunk_covariance_is_scikit_learns(rng, shape):
    rows = rng.normal(size=shape) @ rng.normal(size=(shape[1], shape[1]))
    rows -= rows.mean(0)
    expected, _ = ledoit_wolf(rows, assume_centered=True)
    np.testing.assert_allclose(shrunk_covariance(rows), expected, rtol=1e-8, atol=1e-10)


def test_the_distance_is_mahalanobis_from_the_nearest_class(rng):
    codes = rng.integers(3, size=200)
    features = rng.normal(size=(200, 6)) + 4 * codes[:, None]
    space = Space.fit(features, codes, seed=1)
    means = np.stack([features[codes == c].mean(0) for c in range(3)])
    inverse = np.linalg.inv(ledoit_wolf(features - means[codes], assume_centered=True)[0])
    new = rng.normal(size=(30, 6)) * 5
    slow = [min(np.sqrt((x - m) @ inverse @ (x - m)) for m in means) for x in new]
    np.testing.assert_allclose(space.distances(new)[0], slow, rtol=1e-8)


def test_every_prototype_is_the_mean_of_at_least_five_records(rng):
    features = np.concatenate([rng.normal(size=(97, 4)), 50 + rng.normal(size=(2, 4))])
    space = Space.fit(features, np.zeros(99, dtype=np.int64), seed=3)
    white = (features - space.centre) @ space.whitening
    distances = ((white[:, None] - space.prototypes) ** 2).sum(2)
    # A single record never is a prototype, not even two that lie far from all others.
    assert distances.min() > 1e-6
    assert len(space.prototypes) <= 99 // FEWEST
    np.testing.assert_allclose(space.distances(features)[1], np.sqrt(distances.min(1)), rtol=1e-6)


def test_a_class_too_rare_for_a_mean_is_left_out(rng):
    codes = np.array([0] * 50 + [1] * 3)
    assert Space.fit(rng.normal(size=(53, 4)), codes, seed=0).means.shape == (1, 4)


def test_features_that_never_vary_do_not_break_it():
    space = Space.fit(np.ones((30, 3)), np.zeros(30, dtype=np.int64), seed=0)
    near, far = space.distances(np.array([[1.0, 1.0, 1.0], [2.0, 1.0, 1.0]]))[0]
    assert near == 0 and far > 1e3


def test_energy_is_minus_the_log_of_the_sum(rng):
    logits = rng.normal(size=(20, 4))
    np.testing.assert_allclose(energy(logits, kind="classes"), -logsumexp(logits, axis=1))
    np.testing.assert_allclose(energy(logits, kind="labels"), -np.log1p(np.exp(logits)).sum(1))
    assert np.isnan(energy(logits, kind="number")).all()
