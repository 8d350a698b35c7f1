"""Findings on annotators: figures by hand, the model within and outside their spread."""

import numpy as np
import pytest

from primum.evidence import Predictions
from primum.safety.experts import counts_of, expert_findings, krippendorff_alpha


def _case(n=300, skill=0.85, model=0.85, annotators=3, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 3, n)
    wrong = (truth[:, None] + rng.integers(1, 3, (n, annotators + 1))) % 3
    right = rng.random((n, annotators + 1)) < [*[skill] * annotators, model]
    said = np.where(right, truth[:, None], wrong)
    table = Predictions(
        ids=np.arange(n).astype(str).astype(object),
        split=np.array(["train", "test"], dtype=object)[np.arange(n) % 2],
        target_type="classes",
        classes=("a", "b", "c"),
        target=truth,
        predicted=said[:, -1],
        probabilities=np.full((n, 3), 1 / 3),
        groups={"sex": np.array(["F", "M", "X"], dtype=object)[np.where(np.arange(n) < 3, 2, np.arange(n) % 2)]},
    )
    return said[:, :-1], table


def _one(findings, metric, **wanted):
    [found] = [f for f in findings if f.metric == metric and all(getattr(f, k) == v for k, v in wanted.items())]
    return found


def test_agreement_is_told_in_all_by_class_and_by_group():
    labels, table = _case()
    told = expert_findings(labels, table, n_resamples=200)
    counts = counts_of(labels, 3)
    assert _one(told, "annotator_alpha", slice={}, class_=None).value == pytest.approx(krippendorff_alpha(counts))
    rows = table.groups["sex"] == "F"
    found = _one(told, "annotator_alpha", slice={"sex": "F"})
    assert (found.value, found.n) == (pytest.approx(krippendorff_alpha(counts[rows])), rows.sum())
    assert {f.class_ for f in told if f.metric == "annotator_alpha"} == {None, "a", "b", "c"}
    assert not [f for f in told if f.slice == {"sex": "X"}]


def test_a_model_as_good_as_the_experts_is_within_their_spread_and_a_worse_one_is_not():
    gap = _one(expert_findings(*_case(n=1200, model=0.9), n_resamples=200), "expert_gap")
    assert gap.split == "test" and gap.high < 0.02
    gap = _one(expert_findings(*_case(n=1200, model=0.5), n_resamples=200), "expert_gap")
    assert gap.low > 0.05
    assert gap.value == pytest.approx(gap.detail["among_experts"] - gap.detail["with_model"])


def test_wrong_targets_stand_against_a_clear_consensus():
    labels, table = _case(n=400, skill=0.95, annotators=5)
    assert _one(expert_findings(labels, table, n_resamples=100), "target_against_consensus").value < 0.01
    table.target[:60] = (table.target[:60] + 1) % 3
    found = _one(expert_findings(labels, table, n_resamples=100), "target_against_consensus")
    assert found.value == pytest.approx(0.15, abs=0.01)
    guesses, _ = _case(n=400, skill=0.4)
    assert _one(expert_findings(guesses, table, n_resamples=100), "consensus_uncertain").value > 0.3


def test_one_annotator_or_no_double_labels_say_nothing():
    labels, table = _case(n=40)
    assert expert_findings(labels[:, :1], table) == []
    alone = np.full_like(labels, -1)
    alone[:, 0] = labels[:, 0]
    assert expert_findings(alone, table) == []
