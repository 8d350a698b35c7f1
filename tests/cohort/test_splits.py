"""Splits: a patient in one split, the same split whatever the order of rows, the shares asked for."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from primum.cohort import InputRoles, Roles, SplitPlan, TargetRole, TimeWindow, VitalRole, make_splits, read_cohort
from primum.errors import SplitError


def _cohort(patients, classes, *, site=None, time=None, split=None, kind="classes"):
    n = len(patients)
    table = {
        "id": [f"r{i}" for i in range(n)],
        "patient": list(patients),
        "x": [str(i % 7) for i in range(n)],
        "y": list(classes),
    }
    table |= {name: list(values) for name, values in (("site", site), ("time", time), ("part", split)) if values}
    roles = Roles(
        id="id",
        patient="patient",
        inputs=InputRoles(vitals=(VitalRole(column="x"),)),
        target=TargetRole(column="y", kind=kind),
        site="site" if site else None,
        time="time" if time else None,
    )
    return read_cohort(table, roles, split_column="part" if split else None)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), n_patients=st.integers(60, 200))
def test_a_patient_is_never_in_two_splits_and_the_order_of_rows_does_not_matter(seed, n_patients):
    rng = np.random.default_rng(seed)
    patients = [f"p{i}" for i in rng.integers(0, n_patients, 3 * n_patients)] + [f"p{i}" for i in range(n_patients)]
    classes = [("a", "b")[int(p[1:]) % 2] for p in patients]
    plan = SplitPlan(seed=seed)
    cohort = _cohort(patients, classes)
    split = make_splits(cohort, plan)
    of_patient = {}
    for patient, name in zip(patients, split, strict=True):
        assert of_patient.setdefault(patient, name) == name

    order = rng.permutation(len(patients))
    shuffled = _cohort([patients[i] for i in order], [classes[i] for i in order])
    again = make_splits(shuffled, plan)
    assert all(of_patient[patients[i]] == name for i, name in zip(order, again, strict=True))


def test_shares_are_those_asked_for_in_every_class():
    classes = ["a"] * 700 + ["b"] * 300
    split = make_splits(_cohort([f"p{i}" for i in range(1000)], classes), SplitPlan(seed=1))
    for name, share in (("train", 0.6), ("validation", 0.1), ("calibration", 0.1), ("test", 0.2)):
        for label in "ab":
            rows = np.array(classes) == label
            assert (split[rows] == name).mean() == pytest.approx(share, abs=0.015)


def test_another_seed_gives_another_split():
    cohort = _cohort([f"p{i}" for i in range(200)], ["a", "b"] * 100)
    assert (make_splits(cohort, SplitPlan(seed=1)) != make_splits(cohort, SplitPlan(seed=2))).any()


def test_external_hospitals_take_their_patients_with_them():
    patients = [f"p{i // 2}" for i in range(400)]
    site = ["North", "South"] * 25 + ["South"] * 350
    classes = ["a", "a", "b", "b"] * 100
    split = make_splits(_cohort(patients, classes, site=site), SplitPlan(external_sites=("North",)))
    north = {p for p, s in zip(patients, site, strict=True) if s == "North"}
    assert [name == "external" for name in split] == [p in north for p in patients]


def test_external_by_time_holds_the_window():
    time = [f"20{10 + i % 10}-03-01" for i in range(400)]
    cohort = _cohort([f"p{i}" for i in range(400)], ["a", "b"] * 200, time=time)
    split = make_splits(cohort, SplitPlan(external_time=TimeWindow(start="2018-01-01")))
    assert [name == "external" for name in split] == [t >= "2018" for t in time]


def test_an_unknown_external_hospital_names_the_nearest():
    cohort = _cohort([f"p{i}" for i in range(100)], ["a", "b"] * 50, site=["Cleveland", "Hungary"] * 50)
    with pytest.raises(SplitError, match="Cleveland"):
        make_splits(cohort, SplitPlan(external_sites=("Clevland",)))


def test_a_given_split_column_is_followed():
    names = (["train"] * 6 + ["validation", "calibration", "test", "test"]) * 20
    cohort = _cohort([f"p{i}" for i in range(200)], [("a", "b")[i // 10 % 2] for i in range(200)], split=names)
    assert make_splits(cohort, SplitPlan(column="part")).tolist() == names


def test_names_of_a_given_split_column_can_be_mapped_and_unknown_ones_are_refused():
    names = ["learn", "dev", "check", "check"] * 50
    cohort = _cohort([f"p{i}" for i in range(200)], [("a", "b")[i // 4 % 2] for i in range(200)], split=names)
    mapped = make_splits(
        cohort, SplitPlan(column="part", names={"learn": "train", "dev": "validation", "check": "test"})
    )
    assert set(mapped) == {"train", "validation", "test"}
    with pytest.raises(SplitError, match="split"):
        make_splits(cohort, SplitPlan(column="part"))


def test_a_patient_in_two_given_splits_is_refused():
    names = ["train", "test"] * 50
    cohort = _cohort([f"p{i // 2}" for i in range(100)], [("a", "b")[i // 4 % 2] for i in range(100)], split=names)
    with pytest.raises(SplitError, match="patient"):
        make_splits(cohort, SplitPlan(column="part"))


def test_a_class_with_too_few_patients_is_named():
    cohort = _cohort([f"p{i}" for i in range(100)], ["common"] * 97 + ["rare"] * 3)
    with pytest.raises(SplitError, match="rare"):
        make_splits(cohort, SplitPlan())
