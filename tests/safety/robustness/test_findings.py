"""Robustness findings against models whose every answer is known, and against scipy."""

import numpy as np
import pytest
from scipy import stats

from primum.cohort import InputRoles, Roles, TargetRole, VitalRole, read_cohort
from primum.evidence.intervals import wilson
from primum.safety import robustness_findings

N = 120
SPLIT = np.full(N, "test", dtype=object)


class Says:
    """A model whose probability of the class "ill" is a rule of the text and the pressure."""

    def __init__(self, rule):
        self.rule, self.calls, self.asked = rule, 0, 0

    def predict(self, records):
        self.calls += 1
        self.asked += len(records)
        texts = records.text.take(np.arange(len(records)))
        p = np.array([self.rule(t or "", bp) for t, bp in zip(texts, records.vitals["bp"].values, strict=True)])
        return np.column_stack([p, 1 - p])


@pytest.fixture(scope="module")
def cohort():
    table = {
        "note": [
            f"I have chest pain since {i} days. I feel weak today."
            if i % 2
            else f"I have a cough since {i} days. I walk."
            for i in range(N)
        ],
        "bp": [str(100 + i % 50) for i in range(N)],
        "y": ["ill" if i % 2 else "well" for i in range(N)],
    }
    vitals = (VitalRole(column="bp", kind="number"),)
    roles = Roles(inputs=InputRoles(text=("note",), vitals=vitals), target=TargetRole(column="y", kind="classes"))
    return read_cohort(table, roles)


def _of(findings, metric):
    return {f.versus["perturbation"]: f for f in findings if f.metric == metric}


def test_a_model_that_reads_case_loses_what_capitals_take(cohort):
    model = Says(lambda text, bp: 0.9 if "chest pain" in text else 0.1)
    findings = robustness_findings(model, cohort, SPLIT, most=N, seed=1)
    drops, flips = _of(findings, "perturbation_accuracy_drop"), _of(findings, "perturbation_flip_rate")
    assert drops["upper_case"].value == pytest.approx(0.5) and flips["upper_case"].value == pytest.approx(0.5)
    loss = np.array([1.0, 0.0] * (N // 2))
    half = stats.t.ppf(0.975, N - 1) * loss.std(ddof=1) / np.sqrt(N)
    assert drops["upper_case"].low == pytest.approx(0.5 - half)
    assert (flips["upper_case"].low, flips["upper_case"].high) == pytest.approx(wilson(N / 2, N))
    assert drops["lower_case"].value == 0 and drops["lower_case"].low < 0 < drops["lower_case"].high
    worst = _of(findings, "worst_case_accuracy")
    assert worst["case"].value == pytest.approx(0.5) and worst["all"].value <= 0.5 and worst["abbreviations"].value == 1


def test_one_call_for_all_variants_and_no_record_twice(cohort):
    model = Says(lambda text, bp: 0.9 if "pain" in text.lower() else 0.1)
    robustness_findings(model, cohort, SPLIT, most=N, seed=1)
    assert model.calls == 3  # the perturbations; each clause left out; the key clauses denied
    assert model.asked < 20 * N


def test_a_model_that_reads_negation_answers_and_one_that_does_not_is_found(cohort):
    reads = Says(lambda text, bp: 0.9 if "have chest pain" in text and "not have" not in text else 0.1)
    blind = Says(lambda text, bp: 0.9 if "chest pain" in text else 0.1)
    for model, expected in ((reads, 1.0), (blind, 0.0)):
        [finding] = [
            f for f in robustness_findings(model, cohort, SPLIT, most=N, seed=1) if f.metric == "negation_response"
        ]
        assert finding.value == expected and finding.n == 20  # half of the 40 looked at hang on a clause


def test_decisions_other_than_the_most_probable_are_asked_for(cohort):
    model = Says(lambda text, bp: 0.4 if "chest pain" in text.lower() else 0.1)
    seen = []

    def decide(probabilities, rows):
        seen.append(rows)
        return np.where(probabilities[:, 0] >= 0.3, 0, 1)

    findings = robustness_findings(model, cohort, SPLIT, most=N, decide=decide, seed=1)
    assert _of(findings, "perturbation_accuracy_drop")["upper_case"].detail["before"] == 1
    assert all(len(rows) == N for rows in seen)


def test_a_model_of_the_vitals_moves_with_their_noise_alone(cohort):
    model = Says(lambda text, bp: 0.9 if bp % 2 else 0.1)
    flips = _of(robustness_findings(model, cohort, SPLIT, most=N, seed=1), "perturbation_flip_rate")
    assert flips["typos"].value == 0 and flips["noise_in_vitals"].value > 0.9  # parity turns with every step


def test_so_many_records_are_drawn_and_no_more(cohort):
    findings = robustness_findings(Says(lambda text, bp: 0.9), cohort, SPLIT, most=50, seed=1)
    assert {f.n for f in findings if f.metric == "perturbation_accuracy_drop"} == {50}


def test_a_number_has_no_decisions(cohort):
    from dataclasses import replace

    number = replace(cohort, target=replace(cohort.target, kind="number", classes=(), values=np.zeros(N)))
    assert robustness_findings(Says(lambda text, bp: 0.9), number, SPLIT) == []
