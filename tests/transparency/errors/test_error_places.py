"""Places where errors gather: planted ones are found, and over null data nothing is cried."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats

from primum.evidence.predictions import Predictions
from primum.transparency.errors import error_findings
from primum.transparency.errors.places import half_of, held_to, leaves
from primum.transparency.errors.questions import questions_of
from tests.transparency.errors.worlds import world


@pytest.mark.parametrize(("per_patient", "kind"), [(1, "classes"), (3, "classes"), (1, "number")])
def test_over_null_data_at_most_one_audit_in_twenty_cries_wolf(per_patient, kind):
    audits, alarms = 300, 0
    for seed in range(audits):
        count = error_findings(*world(seed, per_patient=per_patient, kind=kind), seed=seed)[0]
        alarms += bool(count.value)
    # With a true rate of 5 %, more than this many alarms would come in one of a thousand simulations.
    assert alarms <= stats.binom.ppf(0.999, audits, 0.05)
    assert alarms / audits <= 0.05


@pytest.mark.parametrize("kind", ["classes", "number"])
def test_a_planted_region_is_found(kind):
    found = [error_findings(*world(seed, n=600, wrong=0.1, planted=0.55, kind=kind), seed=seed) for seed in range(20)]
    assert np.mean([one[0].value > 0 for one in found]) >= 0.9
    named = [set(f.slice) for one in found for f in one[1:]]
    assert np.mean([bool({"age", "sex"} & names) for names in named]) >= 0.95
    worst = [one[1] for one in found if len(one) > 1]
    assert np.mean([{"age", "sex"} <= set(f.slice) for f in worst]) >= 0.7


def test_a_finding_says_what_it_rests_on():
    count, place, *_ = error_findings(*world(3, n=600, wrong=0.1, planted=0.6))
    assert (count.metric, count.level, place.metric) == ("error_places", None, "error_excess")
    assert place.value == pytest.approx(place.detail["error"] - place.detail["rest"])
    assert 0 < place.low < place.value < place.high and place.level == 0.95
    assert place.n >= 5 and place.detail["records"] >= 20
    assert place.n + place.detail["versus_n"] == count.n
    assert place.slice["sex"] in ("= Female", "≠ Male")


def test_figures_are_of_the_half_that_the_tree_never_saw():
    predictions, cohort = world(3, n=600, wrong=0.1, planted=0.6)
    error = (predictions.predicted != predictions.target).astype(float)
    grown_on = half_of(cohort.patients, seed=7)
    found = leaves(questions_of(cohort, grown_on), error, cohort.patients, grown_on)
    # Errors of the other half may be anything: the leaves stay, their figures move.
    other = np.where(grown_on, error, 1 - error)
    again = leaves(questions_of(cohort, grown_on), other, cohort.patients, grown_on)
    assert [said for said, _ in found] == [said for said, _ in again]
    before = {str(p.conditions): p for p in held_to(found, error, cohort.patients, ~grown_on)}
    for place in held_to(again, other, cohort.patients, ~grown_on):
        assert place.error == pytest.approx(1 - before[str(place.conditions)].error)
    inside = dict((str(said), rows) for said, rows in found)
    for name, place in before.items():
        assert place.error == pytest.approx(error[inside[name] & ~grown_on].mean())
        assert place.rest == pytest.approx(error[~inside[name] & ~grown_on].mean())


def test_leaves_are_what_their_conditions_say():
    predictions, cohort = world(5, n=600, wrong=0.1, planted=0.6)
    error = (predictions.predicted != predictions.target).astype(float)
    grown_on = half_of(cohort.patients, seed=7)
    found = leaves(questions_of(cohort, grown_on), error, cohort.patients, grown_on)
    assert len(found) >= 2
    assert sum(rows.astype(int) for _, rows in found).tolist() == [1] * 600
    age = cohort.records.vitals["age"].values
    for said, rows in found:
        assert 1 <= len(said) <= 3 and (rows & grown_on).sum() >= 20
        for condition in said.get("age", "").split(" & "):
            if condition.startswith((">", "≤")):
                cut = float(condition[1:])
                assert ((age[rows] > cut) == condition.startswith(">")).all()
        if said.get("sex", "").startswith("= "):
            assert set(cohort.sensitive["sex"][rows]) == {said["sex"][2:]}


def test_halves_keep_patients_whole():
    patients = np.array([f"p{i % 30}" for i in range(120)], dtype=object)
    half = half_of(patients, seed=1)
    assert half.sum() == 60
    assert not set(patients[half]) & set(patients[~half])


def test_a_rare_level_is_never_named():
    predictions, cohort = world(1)
    cohort.sensitive["sex"][:4] = "secret"
    grown_on = np.ones(240, dtype=bool)
    asked = questions_of(cohort, grown_on)
    assert asked and "secret" not in json.dumps([(q.column, q.yes, q.no) for q in asked])
    assert {q.column for q in asked} == {"age", "rate", "sex", "site", "text", "text_length"}


@pytest.mark.parametrize("n", [0, 30, 60])
def test_too_few_records_tell_nothing(n):
    predictions, cohort = world(1, n=240)
    split = np.where(np.arange(240) < n, "test", "train").astype(object)
    few = Predictions(**{**{k: getattr(predictions, k) for k in predictions.__slots__}, "split": split})
    found = error_findings(few, cohort)
    assert [f.value for f in found] == ([None] if n else [])
    assert not any(f.enough for f in found)


def test_a_model_that_is_never_wrong_has_no_such_place():
    predictions, cohort = world(1, wrong=0.0)
    [found] = error_findings(predictions, cohort)
    assert found.detail["errors"] is False and found.value is None
