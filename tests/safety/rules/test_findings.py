"""Findings on what rules say: counts by hand, few patients withheld."""

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from primum.evidence import Predictions
from primum.knowledge.rules import Spoken, parse_rules
from primum.safety import rule_findings

RULES = parse_rules(
    "\n".join(
        f"- {{id: {then}_{i}, when: {{field: x, above: 1}}, then: {then}, severity: high, source: s, because: b}}"
        for then in ("escalate", "contradiction", "impossible")
        for i in range(2)
    ).encode(),
    pack="p",
    own=True,
)


def _told(yes, known=None, *, n=60, patient=None, benign=(), external=0, name="external"):
    full = np.zeros((len(RULES), n), dtype=bool)
    for rule, rows in yes.items():
        full[[one.id for one in RULES].index(rule), rows] = True
    split = np.array(["test"] * (n - external) + [name] * external, dtype=object)
    table = Predictions(
        ids=np.arange(n).astype(str).astype(object),
        split=split,
        target_type="classes",
        classes=("ill", "well"),
        target=np.zeros(n, dtype=np.int64),
        predicted=np.arange(n) % 2,
        probabilities=np.full((n, 2), 0.5),
        groups={"sex": np.array(["F", "M"], dtype=object)[np.arange(n) // (n // 2)]},
        patient=patient,
    )
    spoken = Spoken(rules=tuple(RULES), yes=full, known=np.ones_like(full) if known is None else known)
    return rule_findings(spoken, table, benign=benign)


def _one(findings, metric, **wanted):
    [found] = [f for f in findings if f.metric == metric and all(getattr(f, k) == v for k, v in wanted.items())]
    return found


def test_shares_are_wilsons_and_add_up_over_rules():
    told = _told({"escalate_0": range(8), "escalate_1": range(6, 14)})
    one = _one(told, "rule_speaks", versus={"rule": "escalate_0"})
    low, high = proportion_confint(8, 60, method="wilson")
    assert (one.value, one.n) == (8 / 60, 60) and (one.low, one.high) == pytest.approx((low, high))
    assert _one(told, "records_escalated", slice={}).value == 14 / 60
    assert _one(told, "records_escalated", slice={"sex": "F"}).value == 14 / 30
    assert _one(told, "answers_contradicted").value == 0


def test_one_to_four_patients_are_withheld_or_told_as_the_most_that_they_can_be():
    told = _told({"contradiction_0": [3], "escalate_0": [1, 2]})
    hidden = _one(told, "rule_speaks", versus={"rule": "contradiction_0"})
    assert hidden.value is hidden.low is hidden.high is None and hidden.detail["fewer_than"] == 5
    assert _one(told, "records_escalated", slice={"sex": "F"}).value is None
    again = _told({"contradiction_0": [3, 4, 5, 6]})
    for a, b in zip(told, again, strict=True):
        if a.metric in ("answers_contradicted",):
            assert a == b and a.value == 4 / 60 and a.low < a.value < a.high


def test_records_of_one_patient_count_once():
    patient = (np.arange(60) // 3).astype(str).astype(object)
    told = _told({"escalate_0": range(18)}, patient=patient)
    assert (lambda f: (f.value, f.n))(_one(told, "records_escalated", slice={})) == (6 / 20, 20)


def test_those_of_whom_a_rule_cannot_be_asked_do_not_count():
    known = np.zeros((6, 60), dtype=bool)
    known[:, :20] = True
    assert _one(_told({"impossible_0": range(5)}, known), "records_impossible").n == 20
    known[:] = False
    assert _told({}, known) == []


def test_benign_answers_to_red_flags_are_counted_only_where_the_study_says_which_they_are():
    rows = {"escalate_0": range(20)}
    assert not [f for f in _told(rows) if f.metric == "red_flags_benign"]
    found = _one(_told(rows, benign=("well",)), "red_flags_benign")
    assert (found.value, found.n) == (0.5, 20)


@pytest.mark.parametrize("name", ["external", "external:zurich"])
def test_each_split_that_judges_has_its_own(name):
    told = _told({"escalate_0": range(40, 60)}, external=20, name=name)
    assert _one(told, "records_escalated", slice={}, split="test").value == 0
    assert _one(told, "records_escalated", slice={}, split=name).value == 1
