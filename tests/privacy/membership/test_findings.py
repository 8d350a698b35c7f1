from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from primum.ethics import judge, load_policy
from primum.evidence import METRICS
from primum.privacy import membership_findings
from primum.privacy.membership import ATTACKS, knowledge, scores_of, shadow_heads
from primum.privacy.membership.patients import Patients, members_and_others
from tests.privacy.making import make


@cache
def _policy():
    return load_policy("default").about({name for name in METRICS if name.startswith("membership")})


def _outcomes(findings):
    results = judge(findings, _policy()).rules
    return {one.rule.name: one.outcome for one in results if one.rule.name.startswith("privacy.membership")}


def _area(findings, attack="loss_threshold", answers="in_use"):
    [found] = [
        f
        for f in findings
        if f.metric == "membership_auc" and f.detail["attack"] == attack and f.detail["answers"] == answers
    ]
    return found


def _features(predictions, seed=0):
    rng = np.random.default_rng(seed)
    n = len(predictions)
    signal = predictions.target if predictions.target.ndim == 1 else predictions.target[:, 0]
    return np.column_stack([signal + rng.normal(size=n), rng.normal(size=(n, 20))])


@pytest.mark.parametrize("kind", ["classes", "labels", "number"])
def test_a_model_that_remembers_is_caught_and_one_that_does_not_is_not(kind):
    caught = membership_findings(make(kind=kind, k=3, remembers=2.5))
    clean = membership_findings(make(kind=kind, k=3, seed=1))
    assert _area(caught).low > 0.6
    assert _outcomes(caught)["privacy.membership"] == "review"
    low, high = _area(clean).low, _area(clean).high
    assert low < 0.5 < high
    assert set(_outcomes(clean).values()) <= {"pass", "note"}


def test_a_model_that_knows_every_training_record_by_heart_is_blocked():
    table = make(remembers=9.0)
    assert _outcomes(membership_findings(table))["privacy.membership_certain"] == "block"
    assert _outcomes(membership_findings(table))["privacy.membership_few_false_alarms"] == "review"


def test_the_rules_accuse_a_model_that_never_saw_anybody_in_at_most_one_audit_in_twenty():
    """200 audits of 200 patients, 80 of them in test, by all three attacks and over slices."""
    accused = 0
    for seed in range(200):
        table = make(200, seed=seed)
        findings = membership_findings(table, features=_features(table, seed), seed=seed)
        accused += bool({"review", "block"} & set(_outcomes(findings).values()))
    assert accused <= 10


def test_a_split_of_other_patients_does_not_accuse_a_model_that_has_learnt_nothing():
    rng = np.random.default_rng(3)
    table = make(1000, learnt=0.0)
    target = np.where(table.split == "train", rng.random(1000) < 0.8, rng.random(1000) < 0.4).astype(np.int64)
    constant = np.tile([0.3, 0.7], (1000, 1))
    shifted = replace(table, target=target, probabilities=constant, predicted=np.ones(1000, dtype=np.int64))
    findings = membership_findings(shifted)
    assert _area(findings).value > 0.6  # the attack tells the splits apart, not the members
    assert not any(f.enough for f in findings)
    assert _area(findings).detail["unalike"] == ["target"]
    judged = judge(findings, _policy())
    [rule] = [one for one in judged.rules if one.rule.name == "privacy.membership"]
    assert "cannot be told, because the two differ in target" in rule.because["en"]
    assert _outcomes(findings)["privacy.membership_certain"] == "note"
    assert _outcomes(findings)["privacy.membership_exposure"] == "note"


def test_harder_records_in_test_are_noticed_by_heads_that_saw_nobody():
    table = make(1200)
    told = np.where(table.split == "train", table.target, 0.5)
    features = np.column_stack([told + 0.3 * np.random.default_rng(1).normal(size=1200), np.ones(1200)])
    findings = membership_findings(table, features=features)
    assert "difficulty" in _area(findings).detail["unalike"]


def test_knowing_how_hard_a_record_is_makes_the_attack_stronger():
    """Memory is a small thing beside how hard records are; heads that see the features know the latter."""
    rng = np.random.default_rng(5)
    n = 2000
    table = make(n, learnt=0.0)
    sign = 2 * table.target - 1
    x = rng.normal(size=(n, 3)) * 2 + sign[:, None]
    margin = sign * x.sum(1) + 1.0 * (table.split == "train") + 0.2 * rng.normal(size=n)
    p_true = 1 / (1 + np.exp(-margin))
    p = np.empty((n, 2))
    p[np.arange(n), table.target], p[np.arange(n), 1 - table.target] = p_true, 1 - p_true
    findings = membership_findings(replace(table, probabilities=p), features=x)
    plain, calibrated, ratio = (_area(findings, one).value for one in ATTACKS)
    assert calibrated > plain + 0.05
    assert ratio > plain + 0.05


def test_only_the_group_that_is_remembered_is_called_exposed():
    findings = membership_findings(make(1500, remembers=2.0, only="Female"))
    exposed = {f.slice["sex"]: f for f in findings if f.metric == "membership_exposure" and f.slice}
    assert exposed["Female"].low > 0.1
    assert exposed["Male"].low < 0 < exposed["Male"].high
    assert _outcomes(findings)["privacy.membership_exposure"] == "review"


def test_groups_of_fewer_than_five_on_a_side_have_no_figure():
    table = make(300)
    sex = table.groups["sex"].copy()
    tests = np.flatnonzero(table.split == "test")
    sex[tests[:4]], sex[np.flatnonzero(table.split == "train")[:40]] = "Rare", "Rare"
    findings = membership_findings(replace(table, groups={"sex": sex}))
    assert {f.slice["sex"] for f in findings if f.slice} == {"Female", "Male"}


def test_a_patients_records_count_once():
    one, four = make(300, seed=1), make(300, seed=1, records=4)
    assert _area(membership_findings(four)).n == _area(membership_findings(one)).n == 180
    repeated = one.take(np.repeat(np.arange(300), 3))
    repeated = replace(
        repeated,
        ids=np.array([str(i) for i in range(900)], dtype=object),
        patient=np.repeat(np.arange(300), 3).astype(str).astype(object),
    )
    same = _area(membership_findings(repeated))
    plain = _area(membership_findings(one))
    assert (same.value, same.low, same.high) == pytest.approx((plain.value, plain.low, plain.high))


def test_a_million_false_alarms_cannot_be_told_by_few_patients():
    found = {f.metric: f for f in membership_findings(make(800)) if not f.slice and f.class_ is None}
    assert found["membership_tpr_at_1_percent"].enough
    assert not found["membership_tpr_at_0_1_percent"].enough
    many = {f.metric: f for f in membership_findings(make(3000)) if not f.slice and f.class_ is None}
    assert many["membership_tpr_at_0_1_percent"].enough


def test_nothing_is_said_without_both_sides_or_of_fewer_than_five():
    table = make(40)
    assert membership_findings(table.of_split("test")) == []
    assert membership_findings(table.take(np.flatnonzero(table.split == "train"))) == []
    few = np.r_[np.flatnonzero(table.split == "train"), np.flatnonzero(table.split == "test")[:4]]
    assert membership_findings(table.take(few)) == []


def test_too_few_patients_are_not_enough_to_pass():
    findings = membership_findings(make(60))
    assert not _area(findings).enough
    assert _outcomes(findings)["privacy.membership"] == "review"


def test_answers_before_calibration_are_attacked_too():
    plain = make(remembers=2.5)
    flat = replace(plain, probabilities=np.full_like(plain.probabilities, 0.5))
    findings = membership_findings(flat, uncalibrated=plain)
    assert _area(findings).value == pytest.approx(0.5)
    assert _area(findings, answers="uncalibrated").low > 0.6
    assert _outcomes(findings)["privacy.membership"] == "review"


def test_the_knowledge_of_two_classes_is_the_log_odds_and_stays_finite():
    table = make(5)
    p = np.array([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5], [0.2, 0.8], [1 - 1e-9, 1e-9]])
    known = knowledge(replace(table, probabilities=p, target=np.array([0, 0, 1, 1, 0])))
    assert np.isfinite(known).all()
    assert known[2:4] == pytest.approx([0.0, np.log(4)])
    assert known[4] == pytest.approx(np.log(1e9), rel=1e-3)


def test_a_head_never_speaks_of_a_patient_it_saw():
    """A head that had seen its record would answer that it knows it: unlearnable outcomes then look easy."""
    rng = np.random.default_rng(2)
    table = make(300, records=2)
    units = Patients.of(members_and_others(table)).units
    target = rng.integers(2, size=300)[table.patient.astype(int)]  # the same outcome for both records of a patient
    features = np.repeat(rng.normal(size=(300, 60)), 2, axis=0)
    shadows = shadow_heads(features, replace(table, target=target), units)
    assert abs(shadows.mean.mean()) < 0.1
    assert shadows.spread.shape == (600,)


def test_shadows_match_one_head_at_a_time():
    table = make(60, k=3)
    features = np.random.default_rng(0).normal(size=(60, 4))
    shadows = shadow_heads(features, table, np.arange(60), divisions=3, seed=4)
    x = (features - features.mean(0)) / features.std(0)
    x = np.column_stack([x @ np.linalg.eigh(x.T @ x)[1][:, ::-1], np.ones(60)])
    wanted, rng, out = np.eye(3)[table.target], np.random.default_rng(4), []
    for _ in range(3):
        order = np.argsort(rng.random(60))
        first = np.zeros(60, dtype=bool)
        first[order[1::2]] = True
        known = np.empty(60)
        for i in range(60):
            seen = first != first[i]
            gram = x[seen].T @ x[seen]
            penalty = np.full(5, 0.1 * np.trace(gram) / 5)
            penalty[-1] = 1e-9
            said = x[i] @ np.linalg.inv(gram + np.diag(penalty)) @ x[seen].T @ wanted[seen]
            known[i] = said[table.target[i]] - np.delete(said, table.target[i]).max()
        out.append(known)
    assert shadows.mean == pytest.approx(np.mean(out, axis=0), abs=1e-6)
    assert shadows.spread == pytest.approx(np.std(out, axis=0, ddof=1), abs=1e-6)


def test_without_heads_there_is_one_attack():
    assert list(scores_of(np.arange(3.0), None)) == ["loss_threshold"]
