"""What the audit and the default policy say of models whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from primum.ethics import judge
from primum.evidence import UNKNOWN
from primum.fairness import fairness_findings

from .conftest import levels, make


def verdict_of(predictions):
    verdict = judge(fairness_findings(predictions, n_resamples=100), "default")
    return {result.rule.name: result for result in verdict.rules if result.rule.name.startswith("fairness")}


def outcomes(results):
    return {name: result.outcome for name, result in results.items()}


def test_a_fair_model_with_patients_enough_passes():
    n = 12_000
    said = verdict_of(make(n, {"sex": levels(n, 2, seed=1), "age": levels(n, 3, seed=2)}))
    assert set(outcomes(said).values()) <= {"pass", "note"}
    assert said["fairness.tpr_gap"].outcome == said["fairness.fpr_gap"].outcome == "pass"


def test_a_planted_gap_blocks_and_is_named():
    n = 8000
    sex = levels(n, 2, seed=1, prefix="s")
    said = verdict_of(make(n, {"sex": sex, "age": levels(n, 3, seed=2)}, lose=np.where(sex == "s1", 0.17, 0.0)))
    assert said["fairness.tpr_gap"].outcome == "block"
    assert "sex = s1" in said["fairness.tpr_gap"].because["en"]
    assert said["fairness.fpr_gap"].outcome == "pass"


def test_a_harm_that_lives_only_in_intersections_blocks():
    n = 10_000
    a, b = levels(n, 2, seed=1), levels(n, 2, seed=2)
    predictions = make(n, {"a": a, "b": b}, lose=np.where(a == b, 0.3, 0.0))
    findings = fairness_findings(predictions, n_resamples=100)
    alone = [f for f in findings if f.metric == "tpr_gap" and f.detail["depth"] == 1]
    assert not any(f.low > 0 for f in alone)
    assert verdict_of(predictions)["fairness.tpr_gap"].outcome == "block"


def test_unknown_is_a_group_that_can_be_served_worse():
    n = 8000
    sex = np.where(np.random.default_rng(5).random(n) < 0.2, UNKNOWN, levels(n, 2, seed=1))
    said = verdict_of(make(n, {"sex": sex}, lose=np.where(sex == UNKNOWN, 0.2, 0.0)))
    assert said["fairness.tpr_gap"].outcome == "block"
    assert f"sex = {UNKNOWN}" in said["fairness.tpr_gap"].because["en"]


def test_nine_patients_are_too_few_and_the_needed_number_is_said():
    n = 8000
    sex = levels(n, 2, seed=1)
    sex[:9] = "other"
    result = verdict_of(make(n, {"sex": sex}))["fairness.tpr_gap"]
    assert result.outcome == "review"
    assert "sex = other" in result.because["en"]
    assert "would be needed to see one of 0.1" in result.because["en"]
    assert "需要" in result.because["zh"]


def test_nine_patients_who_are_all_missed_do_not_block_either():
    n = 8000
    sex = levels(n, 2, seed=1)
    sex[:9] = "other"
    result = verdict_of(make(n, {"sex": sex}, lose=(sex == "other").astype(float)))["fairness.tpr_gap"]
    assert result.outcome == "review"


def test_sites_are_compared():
    n = 8000
    site = levels(n, 3, seed=3, prefix="h")
    predictions = make(n, {"sex": levels(n, 2, seed=1)}, site=site, lose=np.where(site == "h2", 0.2, 0.0))
    result = verdict_of(predictions)["fairness.tpr_gap"]
    assert result.outcome == "block"
    assert "site = h2" in result.because["en"]


def test_gaps_of_several_classes_block():
    n = 12_000
    sex = levels(n, 2, seed=1)
    predictions = make(n, {"sex": sex}, k=4, lose=np.where(sex == "g1", 0.25, 0.0))
    assert verdict_of(predictions)["fairness.balanced_accuracy_gap"].outcome == "block"


def test_the_order_of_records_changes_nothing():
    n = 1500
    predictions = make(n, {"sex": levels(n, 2, seed=1), "age": levels(n, 3, seed=2)})
    shuffled = predictions.take(np.random.default_rng(3).permutation(n))
    for one, other in zip(fairness_findings(predictions), fairness_findings(shuffled), strict=True):
        assert (one.metric, one.slice, one.n) == (other.metric, other.slice, other.n)
        assert one.value == pytest.approx(other.value, nan_ok=True)
        assert one.low == pytest.approx(other.low, nan_ok=True)


def test_fair_models_are_rarely_accused():
    """Of 120 small fair audits at most as many are blocked as a 5 % error allows (binomial, one in a thousand)."""
    accused = 0
    for seed in range(120):
        groups = {f"a{i}": levels(700, 2 + i % 3, seed=100 * seed + i) for i in range(4)}
        predictions = make(700, groups, seed=seed)
        findings = [f for f in fairness_findings(predictions, n_resamples=10) if f.metric in ("tpr_gap", "fpr_gap")]
        accused += any(f.low is not None and f.low > 0 and f.value > 0.05 and f.n >= 10 for f in findings)
    assert accused <= 14


def test_discovery_finds_what_was_planted_and_confirms_it_on_others():
    n = 6000
    age = np.random.default_rng(8).uniform(20, 90, size=n)
    sex = levels(n, 2, seed=1, prefix="s")
    predictions = make(n, {"sex": sex}, lose=np.where((age > 76) & (sex == "s0"), 0.6, 0.0))
    findings = fairness_findings(predictions, n_resamples=10, fields={"test": {"age": age}})
    [found] = [f for f in findings if f.metric == "discovered_slice_gap"]
    assert found.slice["sex"] == "s0"
    assert found.slice["age"].startswith(">=")
    assert found.low > 0.1


def test_discovery_confirms_nothing_where_there_is_nothing():
    misled = 0
    for seed in range(40):
        predictions = make(1000, {"sex": levels(1000, 2, seed=seed)}, seed=seed)
        age = np.random.default_rng(seed).uniform(20, 90, size=1000)
        findings = fairness_findings(predictions, n_resamples=10, fields={"test": {"age": age}})
        misled += any(f.metric == "discovered_slice_gap" and f.low is not None and f.low > 0 for f in findings)
    assert misled <= 5  # the interval errs upwards in one of forty
