"""EM against a slow one with loops, and planted annotators recovered."""

import numpy as np
import pytest

from primum.safety.experts import dawid_skene

SMOOTHING = 0.01


def _planted(n, confusion, shares, seed, gap=0.0):
    rng = np.random.default_rng(seed)
    truth = rng.choice(len(shares), n, p=shares)
    labels = np.array([[rng.choice(len(shares), p=one[t]) for one in confusion] for t in truth])
    return truth, np.where(rng.random(labels.shape) < gap, -1, labels)


def _slow(labels, k, rounds=400):
    n, m = labels.shape
    belief = np.array(
        [[np.mean([v == c for v in row if v >= 0]) if (row >= 0).any() else 1 / k for c in range(k)] for row in labels]
    )
    for _ in range(rounds):
        p = (belief.sum(0) + SMOOTHING) / (belief.sum() + k * SMOOTHING)
        theta = np.full((m, k, k), SMOOTHING)
        for i in range(n):
            for a in range(m):
                if labels[i, a] >= 0:
                    theta[a, :, labels[i, a]] += belief[i]
        theta /= theta.sum(2, keepdims=True)
        for i in range(n):
            like = p.copy()
            for a in range(m):
                if labels[i, a] >= 0:
                    like = like * theta[a, :, labels[i, a]]
            belief[i] = like / like.sum()
    return belief


def test_it_equals_the_slow_way():
    confusion = np.array([[[0.8, 0.2], [0.3, 0.7]], [[0.9, 0.1], [0.2, 0.8]], [[0.85, 0.15], [0.1, 0.9]]])
    confusion = np.concatenate([confusion, confusion])
    _, labels = _planted(60, confusion, [0.4, 0.6], seed=1, gap=0.2)
    labels[0] = -1
    np.testing.assert_allclose(dawid_skene(labels, 2).probabilities, _slow(labels, 2), atol=1e-4)


def test_planted_annotators_are_recovered_and_beat_the_majority():
    good = [[0.95, 0.03, 0.02], [0.04, 0.92, 0.04], [0.03, 0.03, 0.94]]
    bad = [[0.4, 0.4, 0.2], [0.2, 0.5, 0.3], [0.45, 0.1, 0.45]]
    confusion = np.array([good, good, bad, bad, bad])
    truth, labels = _planted(3000, confusion, [0.5, 0.3, 0.2], seed=2)
    found = dawid_skene(labels, 3)
    np.testing.assert_allclose(found.confusion, confusion, atol=0.06)
    np.testing.assert_allclose(found.shares, [0.5, 0.3, 0.2], atol=0.03)
    majority = np.array([np.bincount(row, minlength=3).argmax() for row in labels])
    assert (found.classes == truth).mean() > (majority == truth).mean() + 0.05
    for low, high in ((0.5, 0.9), (0.9, 1.01)):
        part = (found.certainty >= low) & (found.certainty < high)
        assert (found.classes == truth)[part].mean() == pytest.approx(found.certainty[part].mean(), abs=0.1)
