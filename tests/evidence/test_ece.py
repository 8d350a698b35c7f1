"""The interval of the calibration error: a hand-solved case, and how often it holds the truth."""

import numpy as np
import pytest
from scipy import optimize, stats

from primum.evidence import Predictions
from primum.evidence.ece import ece_interval


def _binary(p, came, *, patient=None):
    n = len(p)
    return Predictions(
        ids=np.arange(n).astype(str).astype(object),
        split=np.full(n, "test", dtype=object),
        target_type="classes",
        classes=("well", "ill"),
        target=came.astype(np.int64),
        predicted=(p > 0.5).astype(np.int64),
        probabilities=np.stack([1 - p, p], axis=1),
        groups={},
        patient=patient,
    )


def test_with_one_bin_it_is_the_inverted_folded_normal():
    n, hits = 400, 260
    came = np.arange(n) < hits
    p = np.full(n, 0.5)
    error = np.sqrt(n * 0.25) / n
    measured = hits / n - 0.5

    def end(share):
        return optimize.brentq(
            lambda true: stats.foldnorm.cdf(measured / error, true / error) - share, 1e-9, 1.0, xtol=1e-9
        )

    low, high = ece_interval(_binary(p, came))
    assert low == pytest.approx(end(0.975), abs=0.003)
    assert high == pytest.approx(end(0.025), abs=0.003)


def _truly_off(p):
    return np.clip(p + 0.1 * np.sin(6 * p), 0, 1)


@pytest.mark.parametrize("shift", [False, True], ids=["calibrated", "off"])
@pytest.mark.parametrize("each", [1, 3])
def test_it_holds_the_truth_about_as_often_as_it_says(rng, shift, each):
    grid = (np.arange(200_000) + 0.5) / 200_000
    came = _truly_off(grid) if shift else grid
    bins = np.ceil(grid * 15) - 1
    truth = sum(abs((came - grid)[bins == b].sum()) for b in range(15)) / len(grid)
    held = 0
    for _ in range(300):
        p = np.repeat(rng.random(300 // each), each)
        happens = np.repeat(rng.random(300 // each), each) < (_truly_off(p) if shift else p)  # alike within a patient
        patient = np.repeat(np.arange(300 // each), each).astype(str).astype(object) if each > 1 else None
        low, high = ece_interval(_binary(p, happens, patient=patient))
        held += low - 1e-12 <= truth <= high
    assert held / 300 > 0.91


def test_perfect_answers_may_still_be_off():
    came = np.arange(50) % 2 == 0
    low, high = ece_interval(_binary(came.astype(float), came))
    assert low == 0.0
    assert 0.01 < high < 0.1  # 50 of 50: by the rule of three up to 6 % may fail
