"""Dataset findings against pandas counted by hand and the intervals of statsmodels."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from primum.cohort import InputRoles, Roles, SensitiveRole, TargetRole, VitalRole, read_cohort
from primum.errors import ColumnError
from primum.fairness import COHORT_METRICS, dataset_findings
from primum.study import Study


def _table(n=600, seed=3):
    rng = np.random.default_rng(seed)
    site = rng.choice(["Bern", "Graz", "Ulm"], n, p=[0.2, 0.5, 0.3])
    table = pd.DataFrame(
        {
            "sex": rng.choice(["Female", "Male", ""], n, p=[0.25, 0.7, 0.05]),
            "race": rng.choice(["A", "B"], n),
            "site": site,
            "chol": np.where(site == "Bern", "", rng.integers(100, 300, n).astype(str)),
            "smoker": rng.choice(["yes", "no", "NA"], n, p=[0.5, 0.4, 0.1]),
            "bp": rng.integers(90, 180, n).astype(str),
            "note": rng.choice(["tired", ""], n, p=[0.8, 0.2]),
            "y": rng.choice(["well", "ill", "dead"], n, p=[0.6, 0.3, 0.1]),
        }
    )
    return table.assign(pid=[f"p{i}" for i in range(n)])


def _cohort(table, *, kind="classes", patient=None):
    roles = Roles(
        inputs=InputRoles(text=("note",), vitals=tuple(VitalRole(column=c) for c in ("chol", "smoker", "bp"))),
        target=TargetRole(column="y", kind=kind),
        sensitive=(SensitiveRole(column="sex"), SensitiveRole(column="race")),
        site="site",
        patient=patient,
    )
    return read_cohort({name: table[name].tolist() for name in table}, roles)


def _groups(table):
    spelt = table.assign(sex=table["sex"].replace("", "unknown"))
    return {(name, level): spelt[name] == level for name in ("sex", "race", "site") for level in set(spelt[name])}


def _of(findings, metric):
    return [f for f in findings if f.metric == metric]


def test_missing_rates_are_those_of_pandas():
    table = _table()
    missing = {"chol": table["chol"] == "", "smoker": table["smoker"] == "NA", "note": table["note"] == ""}
    found = {
        (*next(iter(f.slice.items())), f.detail["column"]): f
        for f in _of(dataset_findings(_cohort(table)), "missing_rate")
    }
    groups = _groups(table)
    assert len(found) == len(groups) * 3  # bp is never missing
    critical = stats.norm.isf(0.025 / len(found))
    for (name, level, column), finding in found.items():
        rows = groups[name, level]
        assert finding.value == pytest.approx(missing[column][rows].mean())
        assert finding.n == rows.sum()
        low, high = proportion_confint(
            missing[column][rows].sum(), rows.sum(), alpha=2 * stats.norm.sf(critical), method="wilson"
        )
        assert (finding.low, finding.high) == (pytest.approx(low, abs=1e-9), pytest.approx(high, abs=1e-9))


def test_gaps_are_newcombes_against_everyone_else():
    table = _table()
    groups, found = _groups(table), _of(dataset_findings(_cohort(table)), "missing_rate_gap")
    assert len(found) == len(groups) * 3
    alpha = 2 * stats.norm.sf(stats.norm.isf(0.025 / len(found)))
    for finding in found:
        [(name, level)] = finding.slice.items()
        rows, missing = groups[name, level], table[finding.detail["column"]].isin(["", "NA"])
        ours, others = missing[rows], missing[~rows]
        low, high = confint_proportions_2indep(
            ours.sum(), len(ours), others.sum(), len(others), method="newcomb", compare="diff", alpha=alpha
        )
        assert finding.value == pytest.approx(ours.mean() - others.mean())
        assert (finding.low, finding.high) == (pytest.approx(low, abs=1e-9), pytest.approx(high, abs=1e-9))
        other = {"race": {"race": "B" if level == "A" else "A"}}.get(name, {"group": "everyone else"})
        assert finding.versus == other


def test_base_rates_are_those_of_pandas():
    table = _table()
    findings, groups = dataset_findings(_cohort(table)), _groups(table)
    rates = _of(findings, "base_rate")
    assert len(rates) == len(groups) * 3
    for finding in rates:
        [(name, level)] = finding.slice.items()
        rows = groups[name, level]
        assert finding.value == pytest.approx((table["y"][rows] == finding.class_).mean())
    for finding in _of(findings, "base_rate_gap"):
        [(name, level)] = finding.slice.items()
        hit = table["y"] == finding.class_
        rows = groups[name, level]
        assert finding.value == pytest.approx(hit[rows].mean() - hit[~rows].mean())


def test_labels_have_base_rates_and_numbers_have_none():
    table = _table()
    labels = table.assign(y=["a", "a;b", "b", ""] * 150)
    rows = table["race"] == "A"
    has_a = labels["y"].str.contains("a")
    [found] = [
        f
        for f in _of(dataset_findings(_cohort(labels, kind="labels")), "base_rate")
        if f.slice == {"race": "A"} and f.class_ == "a"
    ]
    assert found.value == pytest.approx(has_a[rows].mean())
    number = dataset_findings(_cohort(table.assign(y=[str(i) for i in range(600)]), kind="number"))
    assert not _of(number, "base_rate") and _of(number, "missing_rate")


def test_a_field_missing_for_a_whole_site_stands_first():
    findings = dataset_findings(_cohort(_table()))
    first = _of(findings, "missing_rate_gap")[0]
    assert first.slice == {"site": "Bern"} and first.detail["column"] == "chol"
    assert first.value == 1.0 and first.low > 0.8


def test_representation_is_measured_against_the_stated_population():
    table = _table()
    reference = {"sex": {"Female": 0.5, "Male": 0.49, "Other": 0.01}}
    findings = dataset_findings(_cohort(table), reference=reference)
    known = table[table["sex"] != ""]
    share = (known["sex"] == "Female").mean()
    found = {f.slice["sex"]: f for f in _of(findings, "representation_gap")}
    assert set(found) == {"Female", "Male", "Other"}
    assert found["Female"].value == pytest.approx(1 - share / 0.5) and found["Other"].value == 1.0
    assert found["Male"].value < 0
    # Five groups: three of sex, two of race.
    low, high = proportion_confint((known["sex"] == "Female").sum(), len(known), alpha=0.05 / 5, method="wilson")
    assert found["Female"].low == pytest.approx(1 - high / 0.5) and found["Female"].high == pytest.approx(1 - low / 0.5)
    assert found["Female"].detail["unknown"] == (table["sex"] == "").sum()


def test_nothing_stated_gives_shares_and_no_gap():
    findings = dataset_findings(_cohort(_table()))
    assert not _of(findings, "representation_gap")
    shares = _of(findings, "representation")
    assert {tuple(f.slice.items())[0] for f in shares} == {
        ("sex", "Female"), ("sex", "Male"), ("race", "A"), ("race", "B"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("reference", "told"),
    [
        ({"sexx": {"Female": 0.5}}, "did you mean 'sex'"),
        ({"sex": {"female": 0.5}}, "spell it 'Female'"),
        ({"sex": {"unknown": 0.1}}, "leave it out"),
    ],
)
def test_a_reference_that_does_not_fit_is_refused_in_a_sentence(reference, told):
    with pytest.raises(ColumnError, match=told):
        dataset_findings(_cohort(_table()), reference=reference)


def test_a_patient_counts_once_and_intervals_rest_on_patients():
    table = _table()
    doubled = pd.concat([table, table], ignore_index=True)
    once = dataset_findings(_cohort(table), reference={"sex": {"Female": 0.5}})
    twice = dataset_findings(_cohort(doubled, patient="pid"), reference={"sex": {"Female": 0.5}})
    for first, second in zip(once, twice, strict=True):
        assert (first.metric, first.slice, first.n) == (second.metric, second.slice, second.n)
        assert first.value == pytest.approx(second.value)
        assert (first.low, first.high) == (pytest.approx(second.low), pytest.approx(second.high))


def test_rates_of_fewer_than_five_patients_are_not_told():
    table = _table().assign(race=["C"] * 4 + ["D"] * 5 + ["A"] * 591)
    findings = dataset_findings(_cohort(table))
    told = {f.slice["race"] for f in findings if "race" in f.slice and f.metric != "representation"}
    assert told == {"A", "D"}
    two = dataset_findings(_cohort(table.assign(race=["C"] * 4 + ["A"] * 596)))
    assert not [f for f in two if f.metric.endswith("_gap") and "race" in f.slice]


def test_every_finding_is_of_a_registered_cohort_metric_and_without_split():
    findings = dataset_findings(_cohort(_table()), reference={"race": {"A": 0.5, "B": 0.5}})
    assert {f.metric for f in findings} == COHORT_METRICS
    assert all(f.pillar == "fairness" and f.split is None and f.low <= f.value <= f.high for f in findings)


def test_intervals_hold_together():
    # With nothing missing more often for anybody, at most 5 % of cohorts may have any group whose interval misses:
    # of 120 cohorts 6 are expected, and 15 are nearly four standard deviations more.
    missed = 0
    for seed in range(120):
        smoker = np.random.default_rng(10_000 + seed).choice(["yes", "NA"], 400, p=[0.7, 0.3])
        table = _table(400, seed).assign(smoker=smoker, chol="1", note="tired")
        found = _of(dataset_findings(_cohort(table)), "missing_rate_gap")
        missed += any(not f.low <= 0 <= f.high for f in found)
    assert missed <= 15


def test_hearts_cholesterol_stands_out_for_switzerland():
    findings = dataset_findings(Study.load("heart").read_cohort())
    [found] = [
        f
        for f in findings
        if f.metric == "missing_rate_gap" and f.slice == {"site": "Switzerland"} and f.detail["column"] == "chol"
    ]
    assert found.value > 0.8 and found.low > 0.7
    assert found.detail["slice_value"] == 1.0
    gaps = _of(findings, "missing_rate_gap")
    assert gaps == sorted(gaps, key=lambda f: -f.value)
