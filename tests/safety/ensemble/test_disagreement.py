"""Disagreement against sums written out, and its findings against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from primum.safety import disagreement_findings, disagreement_of
from primum.safety.abstention import sureness_of


@pytest.fixture
def answers():
    return np.random.default_rng(3).dirichlet([1.0, 1.0, 1.0], size=(5, 40))


def test_the_share_and_the_information_are_those_written_out(answers):
    coded = answers.mean(0).argmax(1)
    found = disagreement_of(answers, answers.argmax(-1), coded)
    for row in range(40):
        otherwise = sum(answers[m, row].argmax() != coded[row] for m in range(5)) / 5
        information = stats.entropy(answers[:, row].mean(0)) - np.mean(
            [stats.entropy(answers[m, row]) for m in range(5)]
        )
        assert found.shown[row] == pytest.approx(otherwise)
        assert found.information[row] == pytest.approx(information, abs=1e-12)


def test_of_labels_one_that_differs_is_enough(answers):
    decided = (answers >= 0.5).astype(np.int64)
    coded = decided[0]
    found = disagreement_of(answers, decided, coded)
    wanted = [np.mean([(decided[m, row] != coded[row]).any() for m in range(5)]) for row in range(40)]
    assert found.shown == pytest.approx(np.array(wanted))

    def binary(p):
        return stats.entropy([p, 1 - p])

    one = sum(binary(answers[:, 7, k].mean()) - np.mean([binary(answers[m, 7, k]) for m in range(5)]) for k in range(3))
    assert found.information[7] == pytest.approx(one)


def test_members_that_agree_say_nothing(answers):
    same = np.repeat(answers[:1], 4, axis=0)
    found = disagreement_of(same, same.argmax(-1), same[0].argmax(-1))
    assert found.shown == pytest.approx(0) and found.information == pytest.approx(0, abs=1e-12)


def test_a_number_has_the_members_spread():
    values = np.random.default_rng(1).normal(size=(6, 30))
    found = disagreement_of(values, None, None)
    assert found.shown == pytest.approx([np.std(values[:, row]) for row in range(30)])


def test_findings_agree_with_scikit_learn_and_name_what_it_is(made):
    table = made(500, seed=5, split="test")
    rng = np.random.default_rng(0)
    wrong = table.predicted != table.target
    members = np.stack(
        [
            np.clip(
                table.probabilities + rng.normal(0, 0.02 + 0.2 * wrong[:, None], table.probabilities.shape), 1e-6, 1
            )
            for _ in range(8)
        ]
    )
    members /= members.sum(-1, keepdims=True)
    found = disagreement_of(members, members.argmax(-1), table.predicted)
    told = {
        f.metric: f
        for f in disagreement_findings(found, table, how="training", members=8, n_resamples=100, seed=1)
        if f.split == "test"
    }
    test = table.split == "test"
    rows = np.flatnonzero(test)
    assert told["disagreement_rate"].value == pytest.approx(found.shown[rows].mean())
    area = roc_auc_score(wrong[rows], found.information[rows])
    assert told["disagreement_auroc"].value == pytest.approx(area)
    unsure = -sureness_of(table.probabilities[rows], table.predicted[rows])
    assert told["disagreement_beyond_confidence"].value == pytest.approx(area - roc_auc_score(wrong[rows], unsure))
    for one in told.values():
        assert one.low <= one.value <= one.high
        assert one.detail["members"] == 8


def test_the_interval_of_a_mean_share_covers_at_least_what_it_says(made):
    table = made(200, seed=2, split="test")
    truth, held = 0.2, 0
    rng = np.random.default_rng(11)
    for _ in range(300):
        shown = rng.binomial(4, truth, size=len(table)) / 4
        found = type(disagreement_of(np.zeros((2, 3)), None, None))(shown=shown, information=shown)
        rate = next(
            f
            for f in disagreement_findings(found, table, how="dropout", members=4, n_resamples=100, seed=0)
            if f.metric == "disagreement_rate"
        )
        held += rate.low <= truth <= rate.high
    assert held / 300 >= 0.95
