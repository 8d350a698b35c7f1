"""Point figures against scikit-learn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn import metrics as sk

from primum.evidence.sums import point_figures


@pytest.mark.parametrize("k", [2, 5])
@pytest.mark.parametrize("ties", [False, True])
def test_class_figures_agree_with_scikit_learn(classes, k, ties):
    table = classes(400, k, seed=k)
    if ties:
        p = np.round(table.probabilities, 1) + 1e-9
        p /= p.sum(1, keepdims=True)
        table = replace(table, probabilities=np.round(p, 2), predicted=p.argmax(1))
        table = replace(table, probabilities=table.probabilities / table.probabilities.sum(1, keepdims=True))
    y, said, p = table.target, table.predicted, table.probabilities
    found = point_figures(table)
    expected = {
        ("accuracy", None): sk.accuracy_score(y, said),
        ("balanced_accuracy", None): sk.balanced_accuracy_score(y, said),
        ("macro_f1", None): sk.f1_score(y, said, average="macro"),
        ("log_loss", None): sk.log_loss(y, p),
        ("brier", None): ((p - np.eye(k)[y]) ** 2).sum(1).mean() / (2 if k == 2 else 1),
    }
    for c in range(k):
        name, true, guess = f"c{c}", y == c, said == c
        expected["sensitivity", name] = sk.recall_score(true, guess)
        expected["specificity", name] = sk.recall_score(~true, ~guess)
        expected["ppv", name] = sk.precision_score(true, guess)
        expected["npv", name] = sk.precision_score(~true, ~guess)
        expected["f1", name] = sk.f1_score(true, guess)
        expected["auroc", name] = sk.roc_auc_score(true, p[:, c])
        expected["auprc", name] = sk.average_precision_score(true, p[:, c])
    mean = expected["auroc", "c1"] if k == 2 else sk.roc_auc_score(y, p, multi_class="ovr")
    expected["auroc", None] = mean
    for key, value in expected.items():
        assert found[key] == pytest.approx(value, abs=1e-12), key


def test_label_figures_agree_with_scikit_learn(labels):
    table = labels(300)
    y, said, p = table.target, table.predicted, table.probabilities
    found = point_figures(table)
    assert found["macro_f1", None] == pytest.approx(sk.f1_score(y, said, average="macro"))
    assert found["micro_f1", None] == pytest.approx(sk.f1_score(y, said, average="micro"))
    assert found["subset_accuracy", None] == pytest.approx(sk.accuracy_score(y, said))
    assert found["auroc", None] == pytest.approx(sk.roc_auc_score(y, p, average="macro"))
    assert found["auprc", None] == pytest.approx(sk.average_precision_score(y, p, average="macro"))
    assert found["sensitivity", "l2"] == pytest.approx(sk.recall_score(y[:, 2], said[:, 2]))
    each = [sk.log_loss(y[:, c], np.column_stack([1 - p[:, c], p[:, c]])) for c in range(4)]
    assert found["log_loss", None] == pytest.approx(np.mean(each))


def test_number_figures_agree_with_scikit_learn(number):
    table = number(200)
    found = point_figures(table)
    assert found["mae", None] == pytest.approx(sk.mean_absolute_error(table.target, table.predicted))
    assert found["rmse", None] == pytest.approx(sk.root_mean_squared_error(table.target, table.predicted))
    assert found["r2", None] == pytest.approx(sk.r2_score(table.target, table.predicted))


@pytest.mark.parametrize("k", [2, 4])
def test_calibration_error_agrees_with_a_loop_over_bins(classes, k):
    table = classes(500, k, strength=0.4)
    p = table.probabilities
    said = p[:, 1] if k == 2 else p.max(1)
    came = table.target == 1 if k == 2 else p.argmax(1) == table.target
    expected = 0.0
    for b in range(15):
        inside = (said > b / 15) & (said <= (b + 1) / 15)
        if inside.any():
            expected += inside.mean() * abs(said[inside].mean() - came[inside].mean())
    assert point_figures(table)["ece", None] == pytest.approx(expected)


def test_an_absent_class_has_no_figure_and_no_warning(classes):
    table = classes(60, 3)
    found = point_figures(table.take(table.target != 2))
    assert found["sensitivity", "c2"] is None
    assert found["auroc", "c2"] is None
    assert found["auprc", "c2"] is None
    assert found["balanced_accuracy", None] is not None


def test_one_record_has_accuracy_and_no_ranking(classes, number):
    found = point_figures(classes(60, 2).take(np.array([0])))
    assert found["accuracy", None] in (0.0, 1.0)
    assert found["auroc", None] is None
    assert found["balanced_accuracy", None] is None
    assert point_figures(number(5).take(np.array([0])))["r2", None] is None


def test_a_negative_at_the_top_counts_whole(classes):
    table = classes(4)
    p = np.array([0.9, 0.8, 0.2, 0.1])
    table = replace(table, target=np.array([0, 1, 1, 0]), probabilities=np.column_stack([1 - p, p]))
    assert point_figures(table)["auroc", None] == 0.5
