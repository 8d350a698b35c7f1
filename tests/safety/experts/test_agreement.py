"""Agreement against statsmodels, Krippendorff's own example, and the slow obvious way."""

import numpy as np
import pytest
from statsmodels.stats.inter_rater import fleiss_kappa as their_kappa

from primum.safety.experts import counts_of, fleiss_kappa, krippendorff_alpha, with_interval

# Krippendorff 2011, example C: four observers, twelve units, with gaps; classes 1 to 5.
EXAMPLE = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, 0, 0, 0],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, 0, 3],
        [0, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, 0],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, 0],
    ]
).T - 1  # fmt: skip


@pytest.mark.parametrize(("level", "wanted"), [("nominal", 0.743), ("ordinal", 0.815)])
def test_alpha_is_that_of_the_published_example(level, wanted):
    assert krippendorff_alpha(counts_of(EXAMPLE, 5), level=level) == pytest.approx(wanted, abs=5e-4)


def _slow_alpha(labels):
    units = [row[row >= 0] for row in labels if (row >= 0).sum() >= 2]
    values = np.concatenate(units)
    n = len(values)
    seen = sum((a != b) / (len(u) - 1) for u in units for i, a in enumerate(u) for j, b in enumerate(u) if i != j)
    chance = sum(a != b for i, a in enumerate(values) for j, b in enumerate(values) if i != j)
    return 1 - (n - 1) * seen / chance


@pytest.mark.parametrize("seed", range(5))
def test_alpha_and_kappa_equal_the_slow_way_and_statsmodels(seed):
    rng = np.random.default_rng(seed)
    labels = np.where(rng.random((30, 4)) < 0.6, rng.integers(0, 3, (30, 1)), rng.integers(0, 3, (30, 4)))
    assert fleiss_kappa(counts_of(labels, 3)) == pytest.approx(their_kappa(counts_of(labels, 3)))
    gaps = np.where(rng.random((30, 4)) < 0.3, -1, labels)
    assert krippendorff_alpha(counts_of(gaps, 3)) == pytest.approx(_slow_alpha(gaps))


def test_what_is_not_defined_is_none():
    assert np.isnan(krippendorff_alpha(counts_of(np.zeros((5, 3), dtype=int), 2)))
    assert with_interval(counts_of(np.full((5, 3), -1), 2), np.arange(5), kind="kappa") is None


def test_the_interval_covers_and_copies_of_a_patient_do_not_narrow_it():
    rng = np.random.default_rng(0)

    def drawn(n):
        truth = rng.integers(0, 2, (n, 1))
        return counts_of(np.where(rng.random((n, 3)) < 0.85, truth, 1 - truth), 2)

    # Two annotators right with 0.85 agree with 0.745; chance is a half, so alpha is 0.49.
    inside = 0
    for _ in range(60):
        value, low, high = with_interval(drawn(80), np.arange(80), kind="alpha", n_resamples=300)
        inside += low <= 0.49 <= high
        assert low <= value <= high
    assert inside >= 52
    counts = drawn(80)
    once = with_interval(counts, np.arange(80), kind="alpha", n_resamples=300)
    copied = with_interval(np.repeat(counts, 3, axis=0), np.repeat(np.arange(80), 3), kind="alpha", n_resamples=300)
    assert copied[2] - copied[1] == pytest.approx(once[2] - once[1], rel=0.05)
