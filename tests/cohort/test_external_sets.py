"""Several external sets: by hospital and time, in a column, in files of their own; and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from primum.cohort import (
    ExternalFile,
    ExternalSet,
    InputRoles,
    Roles,
    SplitPlan,
    TargetRole,
    TimeWindow,
    VitalRole,
    make_splits,
    read_cohort,
    summarise,
    with_external,
)
from primum.errors import CohortError, SplitError
from primum.evidence.split_names import in_order, is_split, measured_splits, set_of, split_kind

N = 400
ROLES = Roles(
    id="id",
    patient="patient",
    inputs=InputRoles(text=("note",), vitals=(VitalRole(column="x"), VitalRole(column="kind"))),
    target=TargetRole(column="y"),
    site="site",
    time="time",
    label_map={"1": "sick"},
)


def _table(n=N, *, prefix="", classes=("1", "well"), sites="NSEW", **more):
    return {
        "id": [f"{prefix}r{i}" for i in range(n)],
        "patient": [f"{prefix}p{i}" for i in range(n)],
        "note": [f"{prefix} note {i}" if i % 5 else "" for i in range(n)],
        "x": [str(i % 7) for i in range(n)],
        "kind": ["abc"[i % 3] for i in range(n)],
        "y": [classes[(i // 3) % len(classes)] for i in range(n)],
        "site": [sites[i % len(sites)] for i in range(n)],
        "time": [str(2000 + i % 25) for i in range(n)],
        **more,
    }


def _cohort(**more):
    return read_cohort(_table(**more), ROLES, split_column="part" if "part" in more else None)


def test_split_names_are_told_apart():
    names = ["external:b", "test", "train", "external:a", "external"]
    assert in_order(names) == ["train", "test", "external", "external:a", "external:b"]
    assert measured_splits(names) == ["test", "external", "external:a", "external:b"]
    assert set_of("external:a b") == "a b" and set_of("external") is None and split_kind("external:a") == "external"
    assert is_split("external:St. Gallen") and not is_split("external:") and not is_split("test:a")


def test_sets_take_their_hospitals_and_the_rest_is_divided_as_without_them():
    cohort = _cohort()
    plan = SplitPlan(external_sets={"north": ExternalSet(sites=("N",)), "late": ExternalSet(sites=("S", "E"))})
    split = make_splits(cohort, plan)
    assert [s == "external:north" for s in split] == [s == "N" for s in cohort.site]
    assert [s == "external:late" for s in split] == [s in "SE" for s in cohort.site]
    plain = make_splits(cohort, SplitPlan(external_sites=("N", "S", "E")))
    inner = plain != "external"
    assert (split[inner] == plain[inner]).all()
    assert list(summarise(cohort, split)["splits"])[-2:] == ["external:late", "external:north"]


def test_a_window_of_time_is_a_set():
    cohort = _cohort()
    sets = {"early": ExternalSet(time=TimeWindow(end=2003)), "late": ExternalSet(time=TimeWindow(start=2022))}
    split = make_splits(cohort, SplitPlan(external_sets=sets))
    assert [s == "external:early" for s in split] == [t < 2003 for t in cohort.time]
    assert [s == "external:late" for s in split] == [t >= 2022 for t in cohort.time]


def test_a_record_or_a_patient_in_two_sets_is_refused():
    sets = {"north": ExternalSet(sites=("N",)), "late": ExternalSet(time=TimeWindow(start=2020))}
    with pytest.raises(SplitError, match=r"20 records stand in two external sets, as in 'north' and 'late'"):
        make_splits(_cohort(), SplitPlan(external_sets=sets))
    sets = {"north": ExternalSet(sites=("N",)), "south": ExternalSet(sites=("S",))}
    with pytest.raises(SplitError, match=r"1 patients have records in two external sets, as in 'north' and 'south'"):
        make_splits(_cohort(patient=["p0", "p0", *(f"p{i}" for i in range(2, N))]), SplitPlan(external_sets=sets))


def test_an_unknown_hospital_and_an_empty_window_name_the_set():
    with pytest.raises(SplitError, match=r"^split: external set 'a': no record is from the external site 'X'"):
        make_splits(_cohort(), SplitPlan(external_sets={"a": ExternalSet(sites=("X",))}))
    with pytest.raises(SplitError, match=r"^split: external set 'a': no record lies in the external window"):
        make_splits(_cohort(), SplitPlan(external_sets={"a": ExternalSet(time=TimeWindow(start=2090))}))


def test_a_given_column_may_name_sets():
    part = ["train", "test", "validation", "external:a", "external:b"] * (N // 5)
    split = make_splits(_cohort(part=part), SplitPlan(column="part"))
    assert split.tolist() == part
    part[0] = "external:"
    with pytest.raises(SplitError, match=r"unknown name 'external:'.*external:NAME"):
        make_splits(_cohort(part=part), SplitPlan(column="part"))


def test_a_file_of_its_own_is_read_like_the_cohort_and_put_behind_it():
    own = _cohort()
    away = _table(30, prefix="z", classes=("1",), sites="Z")
    joined = with_external(own, {"zurich": ExternalFile(source=away)})
    assert len(joined) == N + 30 and joined.target.classes == ("sick", "well")
    assert joined.target.values[N:].tolist() == [0] * 30
    rows = [0, N + 1, 3, N + 29]
    assert joined.records.text.take(rows) == [None, "z note 1", "note 3", "z note 29"]
    assert [t for chunk in joined.records.text.chunks(64) for t in chunk] == joined.records.text.take(range(N + 30))
    assert joined.records.vitals["kind"].values[N:].tolist() == ["abc"[i % 3] for i in range(30)]
    split = make_splits(joined, SplitPlan(external_sets={"north": ExternalSet(sites=("N",))}))
    assert split[N:].tolist() == ["external:zurich"] * 30
    alone = make_splits(own, SplitPlan(external_sets={"north": ExternalSet(sites=("N",))}))
    assert (split[:N] == alone).all()
    assert joined.source["records_read"] == N + 30 and joined.source["external"]["zurich"]["records_read"] == 30
    assert joined.fingerprint != own.fingerprint


def test_what_a_file_of_its_own_may_not_hold():
    own = _cohort()
    with pytest.raises(CohortError, match=r"external set 'zurich': .*1 classes that are not among those learnt"):
        with_external(own, {"zurich": ExternalFile(source=_table(30, prefix="z", classes=("1", "other")))})
    with pytest.raises(CohortError, match=r"external set 'zurich': 30 record ids stand in the cohort.*own_ids"):
        with_external(own, {"zurich": ExternalFile(source=_table(30))})
    lacking = {name: values for name, values in _table(30, prefix="z").items() if name != "x"}
    with pytest.raises(CohortError, match=r"external set 'zurich': .*'x'"):
        with_external(own, {"zurich": ExternalFile(source=lacking)})


def test_a_patient_of_both_is_refused_and_kept_for_a_check():
    own = _cohort()
    away = _table(30, prefix="z", patient=[f"p{i}" for i in range(30)])
    joined = with_external(own, {"zurich": ExternalFile(source=away)})
    with pytest.raises(SplitError, match=r"30 patients into more than one split"):
        make_splits(joined, SplitPlan())
    assert (make_splits(joined, SplitPlan(), keep_divided=True)[N:] == "external:zurich").all()
    numbered = with_external(own, {"zurich": ExternalFile(source=_table(30), own_ids=True)})
    assert (make_splits(numbered, SplitPlan())[N:] == "external:zurich").all()


def test_one_name_for_two_sets_is_refused():
    joined = with_external(_cohort(), {"a": ExternalFile(source=_table(30, prefix="z"))})
    with pytest.raises(SplitError, match=r"'external:a' is the name of two external sets"):
        make_splits(joined, SplitPlan(external_sets={"a": ExternalSet(sites=("N",))}))


def test_one_set_read_from_a_file_is_the_same_as_held_out_by_its_hospital():
    table = _table()
    inside = [i for i, site in enumerate(table["site"]) if site != "N"]
    outside = [i for i, site in enumerate(table["site"]) if site == "N"]
    rest, away = ({name: [values[i] for i in rows] for name, values in table.items()} for rows in (inside, outside))
    joined = with_external(read_cohort(rest, ROLES), {"north": ExternalFile(source=away)})
    whole = _cohort()
    by_id = dict(
        zip(whole.ids, make_splits(whole, SplitPlan(external_sets={"north": ExternalSet(sites=("N",))})), strict=True)
    )  # noqa: E501
    assert [by_id[i] for i in joined.ids] == make_splits(joined, SplitPlan()).tolist()
    assert np.array_equal(joined.target.values, whole.target.values[[*inside, *outside]])
