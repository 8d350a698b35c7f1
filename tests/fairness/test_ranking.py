"""AUROC within slices and within everybody else, with its error, against one slice at a time."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from primum.evidence.intervals import delong
from primum.evidence.slices import slices_of
from primum.fairness.problems import problems_of
from primum.fairness.ranking import areas_by_axis

from .conftest import levels, make


def test_areas_and_errors_agree_with_one_slice_at_a_time():
    n = 700
    predictions = make(n, {"a": levels(n, 2, seed=1), "b": levels(n, 4, seed=2)})
    [problem] = problems_of(predictions)
    score = np.round(problem.probability, 1)  # many ties
    problem = type(problem)(class_="c1", truth=problem.truth, said=problem.said, probability=score)
    slices = slices_of(predictions)
    areas = areas_by_axis(problem, slices, None, depth=2)
    assert len(areas) == 3
    for axis in slices.axes:
        inside, outside = areas[axis.attributes]
        for index in range(len(axis)):
            rows = axis.of_cell[slices.cell] == index
            for found, chosen in ((inside, rows), (outside, ~rows)):
                assert found.value[index] == pytest.approx(roc_auc_score(problem.truth[chosen], score[chosen]))
            error = np.sqrt((delong(score[rows], problem.truth[rows])[1] ** 2).sum())
            assert inside.error[index] == pytest.approx(error)
            error = np.sqrt((delong(score[~rows], problem.truth[~rows])[1] ** 2).sum())
            assert outside.error[index] == pytest.approx(error, rel=0.1)  # to first order only


def test_a_slice_without_one_class_has_no_area():
    n = 200
    predictions = make(n, {"a": levels(n, 2, seed=1)})
    predictions = predictions.take((predictions.groups["a"] == "g0") | (predictions.target == 0))
    [problem] = problems_of(predictions)
    slices = slices_of(predictions)
    inside, _ = areas_by_axis(problem, slices, None, depth=1)["a",]
    assert np.isnan(inside.value[1])
    assert not np.isnan(inside.value[0])


@pytest.mark.parametrize("seed", range(1, 9))
def test_what_rounding_leaves_of_a_class_inside_one_slice_is_no_area(seed):
    n = 900 + 37 * seed
    predictions = make(n, {"a": levels(n, 3, seed=seed)})
    predictions = predictions.take((predictions.groups["a"] == "g0") | (predictions.target == 0))
    [problem] = problems_of(predictions)
    _, outside = areas_by_axis(problem, slices_of(predictions), None, depth=1)["a",]
    assert np.isnan(outside.value[0])
    assert np.isfinite(outside.value[1:]).all()
