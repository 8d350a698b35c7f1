"""Critical values against shuffled records, and against what is known for independent slices."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests

from primum.evidence.simultaneous import critical_value, sidak
from primum.evidence.slices import slices_of
from tests.evidence.test_slices import table_of


def test_sidak_agrees_with_statsmodels():
    p = 2 * stats.norm.sf(sidak(40, 0.05))
    assert multipletests([p] + [0.9] * 39, method="sidak")[1][0] == pytest.approx(0.05)


def test_two_groups_are_one_contrast():
    predictions, _ = table_of(1000)
    slices = slices_of(predictions)
    [axis] = [axis for axis in slices.axes if axis.attributes == ("a",)]
    ones = slices.count(np.zeros(1000, dtype=np.int64), 1)[:, 0]
    assert critical_value([axis], [ones], 0.05) == pytest.approx(1.96, abs=0.04)


def test_the_largest_of_shuffled_differences_agrees(rng):
    """The oracle shuffles an outcome among records and takes the largest standardised difference of any slice."""
    n = 600
    predictions, _ = table_of(n)
    slices = slices_of(predictions)
    masks = [axis.of_cell[slices.cell] == i for axis in slices.axes for i in range(len(axis))]
    inside = np.array(masks, dtype=float)
    outcome = rng.permuted(np.tile(np.arange(n) < 240, (4000, 1)), axis=1).astype(float)
    sizes = inside.sum(1)[:, None]
    hits = inside @ outcome.T
    gap = hits / sizes - (240 - hits) / (n - sizes)
    z = np.abs(gap) / np.sqrt(0.4 * 0.6 * n / (n - 1) * (1 / sizes + 1 / (n - sizes)))
    wanted = np.quantile(z.max(0), 0.95)
    ones = slices.count(np.zeros(n, dtype=np.int64), 1)[:, 0]
    assert critical_value(slices.axes, [ones], 0.05) == pytest.approx(wanted, abs=0.08)
    assert critical_value(slices.axes, [ones], 0.05) < sidak(len(masks), 0.05)


def test_differences_of_pairs_ask_for_more():
    predictions, _ = table_of(1000)
    slices = slices_of(predictions)
    axes = [axis for axis in slices.axes if axis.attributes == ("c",)]
    ones = slices.count(np.zeros(1000, dtype=np.int64), 1)[:, 0]
    with_pairs = critical_value(axes, [ones], 0.05, pairs=True)
    assert with_pairs > critical_value(axes, [ones], 0.05)
    # Four equal groups, all pairs: Tukey's studentised range over the square root of two bounds it from below.
    assert with_pairs >= stats.studentized_range.ppf(0.95, 4, np.inf) / np.sqrt(2) - 0.05
