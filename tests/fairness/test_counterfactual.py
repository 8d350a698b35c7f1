"""Counterfactual findings against models whose every answer is known, and against statsmodels and scipy."""

import logging

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from primum.cohort import InputRoles, Roles, SensitiveRole, TargetRole, VitalRole, read_cohort
from primum.fairness import counterfactual_findings

N = 240
SPLIT = np.array((["train"] * 2 + ["test"] * 3 + ["external"]) * (N // 6), dtype=object)


def _cohort(*, target=None, patients=None, text=True, vitals=("sex", "bp"), sensitive=None):
    sexes = ["Female" if i % 3 else "Male" for i in range(N)]
    words = {"Female": "woman; she is tired", "Male": "man; he is tired"}
    table = {
        "note": [f"{30 + i % 60}-year-old {words[sexes[i]]}" for i in range(N)],
        "sex": sexes,
        "age": [str(30 + i % 60) for i in range(N)],
        "bp": [str(100 + i % 50) for i in range(N)],
        "pid": [f"p{patients(i) if patients else i}" for i in range(N)],
        "y": target or ["ill" if i % 2 else "well" for i in range(N)],
    }
    kind = "number" if target and target[0].replace(".", "").isdigit() else "labels" if target else "classes"
    roles = Roles(
        inputs=InputRoles(text=("note",) if text else (), vitals=tuple(VitalRole(column=v) for v in vitals)),
        target=TargetRole(column="y", kind=kind),
        patient="pid",
        sensitive=sensitive or (SensitiveRole(column="sex"),),
    )
    return read_cohort(table, roles)


class Says:
    """A model whose probability of the second class is a rule of text, vitals and row."""

    def __init__(self, rule, width=2):
        self.rule, self.width, self.asked = rule, width, 0

    def predict(self, records):
        self.asked += len(records)
        texts = records.text.take(np.arange(len(records))) if records.text else [None] * len(records)
        vitals = {name: vital.values for name, vital in records.vitals.items()}
        p = np.array(
            [self.rule(text, {name: values[i] for name, values in vitals.items()}) for i, text in enumerate(texts)]
        )
        return np.column_stack([1 - p, p]) if self.width == 2 else p


def _of(findings, metric, attribute="sex", split="test"):
    return {f.slice[attribute]: f for f in findings if f.metric == metric and f.split == split and attribute in f.slice}


def test_a_model_that_ignores_sex_never_moves():
    findings = counterfactual_findings(Says(lambda text, v: (v["bp"] - 100) / 50), _cohort(), SPLIT)
    sexes = [f for f in findings if "sex" in f.slice]
    assert {(f.metric, f.split) for f in sexes} == {
        (metric, split)
        for metric in ("counterfactual_flip_rate", "counterfactual_shift")
        for split in ("test", "external")
    }
    assert all(f.value == 0 and f.low == 0 for f in sexes)
    assert all(f.high == 0 for f in sexes if f.metric == "counterfactual_shift")


def test_a_model_that_reads_sex_moves_as_it_was_made_to():
    # The text alone adds 0.3 for "he"; so every woman rises by 0.3 and every man falls by 0.3.
    model = Says(lambda text, v: 0.3 * (" he " in text) + 0.01 * (v["bp"] - 100))
    cohort = _cohort()
    findings = counterfactual_findings(model, cohort, SPLIT)
    shifts, flips = _of(findings, "counterfactual_shift"), _of(findings, "counterfactual_flip_rate")
    assert shifts["Female"].value == pytest.approx(0.3) and shifts["Male"].value == pytest.approx(-0.3)
    assert shifts["Female"].versus == {"sex": "Male"} and shifts["Female"].class_ == "well"
    assert shifts["Female"].detail["mean_absolute"] == pytest.approx(0.3)
    female = (cohort.sensitive["sex"] == "Female") & (SPLIT == "test")
    own = 0.01 * (cohort.records.vitals["bp"].values[female] - 100)
    expected = ((own <= 0.5) & (own + 0.3 > 0.5)).sum()
    assert flips["Female"].n == female.sum() and flips["Female"].detail["flipped"] == expected > 0
    low, high = proportion_confint(expected, female.sum(), method="wilson")
    assert (flips["Female"].low, flips["Female"].high) == (pytest.approx(low), pytest.approx(high))
    assert flips["Female"].detail["became"] == {"well": expected}


def test_text_and_vital_are_swapped_together():
    # Never contradicting itself, a record is never answered with 1.
    agrees = Says(lambda text, v: float((" he " in text) != (v["sex"] == "Male")))
    findings = counterfactual_findings(agrees, _cohort(), SPLIT)
    assert all(f.value == 0 for f in findings)


def test_the_interval_of_a_shift_is_students_over_patients():
    # Patients have two records each in the test split; the shift of a record depends on its blood pressure.
    cohort = _cohort(patients=lambda i: i // 12 * 6 + i % 6)
    model = Says(lambda text, v: 0.2 + (v["sex"] == "Male") * 0.01 * (v["bp"] - 100))
    found = _of(counterfactual_findings(model, cohort, SPLIT), "counterfactual_shift")["Female"]
    rows = np.flatnonzero((cohort.sensitive["sex"] == "Female") & (SPLIT == "test"))
    shift = 0.01 * (cohort.records.vitals["bp"].values[rows] - 100)
    by_patient = [shift[cohort.patients[rows] == p].mean() for p in sorted(set(cohort.patients[rows]))]
    assert len(by_patient) < len(rows)
    low, high = stats.t.interval(0.95, len(by_patient) - 1, np.mean(by_patient), stats.sem(by_patient))
    assert (found.value, found.low, found.high) == pytest.approx((np.mean(by_patient), low, high))
    assert found.n == len(by_patient) and found.detail["records"] == len(rows)


def test_ages_move_in_every_direction():
    sensitive = (SensitiveRole(column="age", bins=(0, 45, 65, 120)),)
    cohort = _cohort(vitals=("age", "bp"), sensitive=sensitive)
    model = Says(lambda text, v: float(v["age"] >= 65))
    flips = [f for f in counterfactual_findings(model, cohort, SPLIT) if f.metric == "counterfactual_flip_rate"]
    rates = {(f.slice["age"], f.versus["age"]): f.value for f in flips if f.split == "test"}
    old = "65-120"
    assert len(rates) == 6
    assert all(rate == (old in pair) for pair, rate in rates.items())
    assert all(f.detail["kind"] == "age" for f in flips)


def test_labels_have_a_shift_each_and_flip_when_any_label_does():
    target = [("a", "b", "a;b")[i % 3] for i in range(N)]
    cohort = _cohort(target=target)
    model = Says(lambda text, v: 0.0, width=1)
    model.predict = lambda records: np.column_stack(
        [np.full(len(records), 0.2), 0.4 + 0.2 * (records.vitals["sex"].values == "Male")]
    )
    findings = counterfactual_findings(model, cohort, SPLIT)
    shifts = {
        f.class_: f.value for f in findings if f.metric == "counterfactual_shift" and f.slice == {"sex": "Female"}
    }
    assert shifts == {"a": pytest.approx(0.0), "b": pytest.approx(0.2)}
    assert _of(findings, "counterfactual_flip_rate")["Female"].value == 1.0
    assert _of(findings, "counterfactual_flip_rate")["Female"].detail["became"] == {"b": 80}
    assert _of(findings, "counterfactual_flip_rate")["Male"].detail["became"] == {}


def test_a_number_has_a_shift_and_no_flip():
    cohort = _cohort(target=[f"{i}.5" for i in range(N)])
    findings = counterfactual_findings(Says(lambda text, v: 5.0 * (v["sex"] == "Male"), width=1), cohort, SPLIT)
    assert {f.metric for f in findings} == {"counterfactual_shift"}
    found = _of(findings, "counterfactual_shift")
    assert found["Female"].value == 5.0 and found["Male"].value == -5.0 and found["Male"].class_ is None


def test_decisions_that_depend_on_sex_are_taken_for_the_other_sex():
    class Thresholds:
        attribute = "sex"

        def decide(self, probabilities, levels):
            return (probabilities[:, 1] > np.where(levels == "Male", 0.4, 0.6)).astype(np.int64), probabilities

    half = Says(lambda text, v: 0.5)
    plain = _of(counterfactual_findings(half, _cohort(), SPLIT), "counterfactual_flip_rate")
    by_sex = _of(counterfactual_findings(half, _cohort(), SPLIT, decisions=Thresholds()), "counterfactual_flip_rate")
    assert plain["Female"].value == 0 and by_sex["Female"].value == by_sex["Male"].value == 1


def test_nothing_to_swap_gives_no_finding_and_is_logged(caplog):
    cohort = _cohort(text=False, vitals=("bp",))
    with caplog.at_level(logging.INFO):
        assert counterfactual_findings(Says(lambda text, v: 0.5), cohort, SPLIT) == []
    assert "nothing to swap" in caplog.text


def test_few_patients_are_not_enough():
    split = np.array(["train"] * (N - 12) + ["test"] * 12, dtype=object)
    findings = counterfactual_findings(Says(lambda text, v: 0.5), _cohort(), split)
    found = _of(findings, "counterfactual_flip_rate")
    assert (found["Female"].n, found["Male"].n) == (8, 4)
    assert not any(f.enough for f in findings)


def test_of_many_records_some_are_drawn_and_the_same_again():
    model = Says(lambda text, v: 0.01 * (v["bp"] - 100) * (v["sex"] == "Male"))
    first, second = (counterfactual_findings(model, _cohort(), SPLIT, most=30) for _ in range(2))
    assert [f.to_json() for f in first] == [f.to_json() for f in second]
    assert sum(f.n for f in _of(first, "counterfactual_flip_rate").values()) == 30
    # Once as they are and once for each swap, test and external.
    assert model.asked == 2 * 2 * (30 + 30)
