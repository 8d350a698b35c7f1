from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
import pytest
from scipy import stats

from primum.cohort import InputRoles, Roles, SensitiveRole, TargetRole, VitalRole, read_cohort
from primum.errors import ColumnError
from primum.ethics import judge, load_policy
from primum.privacy import REIDENTIFICATION_METRICS, reidentification_findings
from primum.privacy.reidentification import journalist_risk, look_alikes, population_uniqueness


def _table(n=600, seed=0, ages=8):
    rng = np.random.default_rng(seed)
    return {
        "patient": [f"p{i}" for i in range(n)],
        "x": [str(v) for v in rng.integers(0, 50, n)],
        "sex": list(rng.choice(["F", "M"], n)),
        "age": [str(v) for v in rng.integers(20, 20 + 10 * ages, n)],
        "town": list(rng.choice([f"t{i}" for i in range(12)], n)),
        "y": list(rng.choice(["a", "b"], n)),
    }


def _cohort(table, quasi=(), sensitive=("sex",), site="town"):
    return read_cohort(
        table,
        Roles(
            inputs=InputRoles(vitals=(VitalRole(column="x"),)),
            target=TargetRole(column="y"),
            patient="patient",
            sensitive=tuple(SensitiveRole(column=name) for name in sensitive),
            quasi_identifiers=tuple(quasi),
            site=site,
        ),
    )


def _by_metric(findings):
    return {f.metric: f for f in findings}


def test_every_figure_equals_counting_by_hand():
    table = _table()
    bands = SensitiveRole(column="age", bins=(0, 40, 60, 120))
    found = _by_metric(reidentification_findings(_cohort(table, (SensitiveRole(column="town"), bands))))
    band = ["0-40" if int(a) < 40 else "40-60" if int(a) < 60 else "60-120" for a in table["age"]]
    keys = list(zip(table["town"], band, strict=True))
    sizes = Counter(keys)
    assert found["k_anonymity"].value == min(sizes.values())
    assert found["small_class_share"].value == sum(sizes[k] < 5 for k in keys) / 600
    assert found["prosecutor_risk"].value == pytest.approx(len(sizes) / 600)
    outcomes = defaultdict(set)
    for key, y in zip(keys, table["y"], strict=True):
        outcomes[key].add(y)
    assert found["l_diversity"].value == min(len(v) for k, v in outcomes.items() if sizes[k] > 1)
    assert found["k_anonymity"].detail["quasi_identifiers"] == ["age", "town"]


def test_left_out_they_are_the_sensitive_attributes_and_the_site():
    found = _by_metric(reidentification_findings(_cohort(_table())))
    assert found["k_anonymity"].detail["quasi_identifiers"] == ["sex", "site"]


def test_without_any_nothing_is_said():
    assert reidentification_findings(_cohort(_table(), sensitive=(), site=None)) == []


def test_a_patients_many_records_do_not_hide_him():
    table = {key: [value for value in values for _ in range(6)] for key, values in _table(40).items()}
    for place in range(6):
        table["town"][place] = "alone"  # six records of one patient
    alike = look_alikes({"town": np.array(table["town"], dtype=object)}, np.array(table["patient"], dtype=object))
    assert len(alike.size) == 40
    assert sorted(alike.size)[0] == 1


def test_a_patient_is_as_findable_as_his_rarest_record():
    towns = np.array(["A", "A", "A", "B"], dtype=object)
    alike = look_alikes({"town": towns}, np.array(["p", "q", "r", "r"], dtype=object))
    assert alike.size.tolist() == [3, 3, 1]


def test_one_to_four_patients_are_not_told_apart():
    shares = set()
    for alone in (1, 3, 4):
        table = _table(500)
        table["town"] = ["t0"] * 500
        for place in range(alone):
            table["town"][place] = f"village{place}"
        cohort = _cohort(table, (SensitiveRole(column="town"),))
        found = _by_metric(reidentification_findings(cohort))
        shares.add(found["sample_uniqueness"].value)
        assert found["small_class_share"].detail["bands"][0] == [1, 1, None]
    assert shares == {4 / 500}


def test_the_rules_speak_where_patients_are_singled_out_and_not_elsewhere():
    policy = load_policy("default").about(REIDENTIFICATION_METRICS)

    def outcome(cohort):
        rules = judge(reidentification_findings(cohort), policy).rules
        return {one.rule.name: one.outcome for one in rules}

    fine = outcome(_cohort(_table()))
    assert fine == {
        "privacy.reidentification": "pass",
        "privacy.small_classes": "pass",
        "privacy.outcome_disclosed": "pass",
    }
    age = SensitiveRole(column="age")
    assert outcome(_cohort(_table(), (age, SensitiveRole(column="town"))))["privacy.reidentification"] == "review"


def test_a_column_that_is_not_there_is_named():
    with pytest.raises(ColumnError, match="zip"):
        _cohort(_table(), (SensitiveRole(column="zip"),))


@pytest.mark.parametrize(("f", "p"), [(1, 0.01), (2, 0.1), (7, 0.3), (40, 0.5), (200, 0.2)])
def test_the_journalists_risk_is_the_mean_over_the_negative_binomial(f, p):
    n = 1000
    size = np.full(n, f)
    ks = np.arange(0, 200_000)
    wanted = float((stats.nbinom.pmf(ks, f, p) / (f + ks)).sum())
    assert journalist_risk(size, int(round(n / p)))[0] == pytest.approx(wanted, rel=0.02)


def test_of_a_whole_population_the_journalist_knows_what_the_prosecutor_does():
    assert journalist_risk(np.array([1, 2, 2]), 3).tolist() == [1.0, 0.5, 0.5]


def _pitman(n, alpha, theta, rng):
    """Seat n people one by one (the two-parameter Chinese restaurant); return each one's table."""
    tables, seats = [], np.empty(n, dtype=np.int64)
    counts = np.zeros(n)
    for i in range(n):
        k = len(tables)
        if rng.random() < (theta + alpha * k) / (theta + i):
            seats[i] = k
            tables.append(k)
        else:
            weights = counts[:k] - alpha
            seats[i] = np.searchsorted(np.cumsum(weights), rng.random() * weights.sum())
        counts[seats[i]] += 1
    return seats


def test_the_population_estimate_is_right_where_the_model_is():
    rng = np.random.default_rng(3)
    errors, held = [], 0
    for _ in range(8):
        people = _pitman(8000, 0.4, 30.0, rng)
        truth = (np.bincount(people) == 1).sum() / 8000
        sample = np.bincount(people[rng.choice(8000, 800, replace=False)])
        found = population_uniqueness(sample[sample > 0], 8000)
        errors.append(found.value / truth - 1)
        held += found.low <= truth <= found.high
    assert abs(np.mean(errors)) < 0.1
    assert held >= 6


def test_a_cohort_that_is_one_class_has_no_unique_person():
    found = population_uniqueness(np.array([500, 400]), 100_000)
    assert found.value < 0.001


def test_the_population_brings_two_more_figures():
    found = _by_metric(reidentification_findings(_cohort(_table()), population=100_000))
    assert found["journalist_risk"].value < found["prosecutor_risk"].value
    assert 0 <= found["population_uniqueness"].value < 0.01
