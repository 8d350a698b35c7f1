from __future__ import annotations

import numpy as np
import pytest

from primum.evidence import resampling
from primum.evidence.resampling import percentile_interval, resample, units_of, weight_chunks
from primum.evidence.sums import point_figures


@pytest.mark.parametrize("patients", [None, 25])
def test_each_resample_is_the_figure_of_the_drawn_records(classes, patients):
    table = classes(80, 3, patients=patients)
    [drawn] = resample([table], n_resamples=5, seed=1)
    units, n_units = units_of(table)
    weights = np.concatenate(list(weight_chunks(n_units, 5, seed=1)), axis=1)
    for b in range(5):
        rows = np.repeat(np.arange(80), weights[units, b].astype(int))
        for key, value in point_figures(table.take(rows)).items():
            assert drawn[key][b] == pytest.approx(np.nan if value is None else value, nan_ok=True), key


def test_the_chunk_changes_nothing(classes, monkeypatch):
    table = classes(80, 3)
    [whole] = resample([table], n_resamples=20, seed=1)
    monkeypatch.setattr(resampling, "MAX_BYTES", 8 * 80 * 3)
    [chunked] = resample([table], n_resamples=20, seed=1)
    for key, values in whole.items():
        np.testing.assert_allclose(values, chunked[key])


def test_the_grid_keeps_value_and_spread(classes, monkeypatch):
    table = classes(3000, 2)
    key = ("auprc", None)
    [gridded] = resample([table], n_resamples=50, seed=1, metrics=frozenset({"auprc"}))
    monkeypatch.setattr(resampling, "GRID", 10**6)
    [exact] = resample([table], n_resamples=50, seed=1, metrics=frozenset({"auprc"}))
    np.testing.assert_allclose(gridded[key], exact[key], atol=2e-4)


def test_an_interval_needs_most_resamples_to_be_defined():
    values = np.array([0.5] * 90 + [np.nan] * 10)
    assert percentile_interval(values) is None
    assert percentile_interval(values[:92]) == (0.5, 0.5)
