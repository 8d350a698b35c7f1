"""Findings of the search against models with a planted weak spot, and against one that has none."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binomtest

from primum.cohort import InputRoles, Roles, TargetRole, VitalRole, read_cohort
from primum.ethics import judge
from primum.safety import adversarial_findings

N = 120
SPLIT = np.array((["test"] * 2 + ["train"]) * (N // 3), dtype=object)


class Says:
    """A model whose probability of the class "ill" is a rule of the text and the pressure."""

    def __init__(self, rule):
        self.rule, self.calls, self.letters = rule, 0, 0

    def predict(self, records):
        texts = records.text.take(np.arange(len(records)))
        self.calls += 1
        self.letters += sum(len(text or "") for text in texts)
        p = np.array([self.rule(t or "", bp) for t, bp in zip(texts, records.vitals["bp"].values, strict=True)])
        return np.column_stack([p, 1 - p])


@pytest.fixture(scope="module")
def cohort():
    ill = "The patient reports some tightness and feels weak today, number {}."
    well = "The patient reports nothing unusual and walks a lot, number {}."
    table = {
        "note": [(ill if i % 2 else well).format(i) for i in range(N)],
        "bp": [str((150 if i % 2 else 110) + i % 10) for i in range(N)],
        "y": ["ill" if i % 2 else "well" for i in range(N)],
    }
    vitals = (VitalRole(column="bp", kind="number"),)
    roles = Roles(inputs=InputRoles(text=("note",), vitals=vitals), target=TargetRole(column="y", kind="classes"))
    return read_cohort(table, roles)


def _of(findings, name):
    return {f.metric: f for f in findings if f.versus["perturbation"] == name}


def test_a_model_that_hangs_on_the_spelling_of_one_word_is_turned_by_one_change(cohort):
    model = Says(lambda text, bp: 0.9 if "tightness" in text else 0.1)
    words = _of(adversarial_findings(model, cohort, SPLIT), "words")
    ill = int(((cohort.target.values == cohort.target.classes.index("ill")) & (SPLIT == "test")).sum())
    turned = words["adversarial_turned"]
    assert (turned.value, turned.n) == (ill / 80, 80)
    exact = binomtest(ill, 80).proportion_ci(method="exact")
    assert (turned.low, turned.high) == pytest.approx((exact.low, exact.high))
    assert words["adversarial_accuracy"].value == pytest.approx(1 - ill / 80)
    assert words["adversarial_changes"].value == 1
    rules = {r.rule.name: r.outcome for r in judge(adversarial_findings(model, cohort, SPLIT), "default").rules}
    assert rules["safety.adversarial_words"] == "review" and rules["safety.adversarial_vitals"] == "pass"


def test_a_model_with_a_step_inside_the_error_of_the_pressure_is_turned_by_it(cohort):
    model = Says(lambda text, bp: 0.9 if bp > 115.5 or "tightness" in text else 0.1)
    found = adversarial_findings(model, cohort, SPLIT)
    vitals, both = _of(found, "vitals"), _of(found, "both")
    values = cohort.records.vitals["bp"].values
    step = 0.1 * np.subtract(*np.quantile(values[SPLIT == "train"], [0.75, 0.25]))
    test = SPLIT == "test"
    within = test & (values <= 115.5) & (np.floor(values + step) > 115.5)
    right = test & ((values > 115.5) == (np.arange(N) % 2 == 1))
    assert within.sum() >= 5
    assert vitals["adversarial_turned"].value == pytest.approx(within.sum() / right.sum())
    assert both["adversarial_turned"].value >= vitals["adversarial_turned"].value


def test_a_model_that_no_change_within_the_bounds_reaches_is_cleared(cohort):
    model = Says(lambda text, bp: 0.9 if bp > 135 else 0.1)
    found = adversarial_findings(model, cohort, SPLIT)
    for name in ("words", "vitals", "both"):
        assert _of(found, name)["adversarial_turned"].value == 0
        assert "adversarial_changes" not in _of(found, name)
    rules = {r.rule.name: r.outcome for r in judge(found, "default").rules}
    assert rules["safety.adversarial_words"] == rules["safety.adversarial_vitals"] == "pass"


def test_the_budget_is_kept_and_the_calls_are_few(cohort):
    model = Says(lambda text, bp: 0.6 + 0.001 * len(text) if bp > 135 else 0.1)
    length = float(np.mean([len(text) for text in cohort.records.text.take(np.arange(N))]))
    letters = int(length * 80 * 30)
    adversarial_findings(model, cohort, SPLIT, letters=letters)
    assert model.calls < 30
    vitals = 80 * 8 * length  # two sweeps over one number, and both together
    assert model.letters < 1.1 * letters + vitals
    few = adversarial_findings(Says(lambda text, bp: 0.9), cohort, SPLIT, letters=int(length * 14 * 20))
    assert {f.n for f in few if f.metric == "adversarial_accuracy"} == {20}


def test_patients_are_the_units(cohort):
    several = replace(cohort, patients=np.array([str(i // 6) for i in range(N)], dtype=object))
    found = _of(
        adversarial_findings(Says(lambda text, bp: 0.9 if "tightness" in text else 0.1), several, SPLIT), "words"
    )
    assert found["adversarial_accuracy"].n == 20 and found["adversarial_accuracy"].value == 0


def test_a_number_has_no_decisions(cohort):
    number = replace(cohort, target=replace(cohort.target, kind="number", classes=(), values=np.zeros(N)))
    assert adversarial_findings(Says(lambda text, bp: 0.9), number, SPLIT) == []
