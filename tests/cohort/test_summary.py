"""cohort.json: counts against counting by hand, repeats found, and nothing that one record alone says."""

import json

import numpy as np
import pyarrow as pa
import pytest

from primum.cohort import (
    InputRoles,
    Roles,
    SensitiveRole,
    SplitPlan,
    TargetRole,
    VitalRole,
    make_splits,
    propose_roles,
    read_cohort,
    summarise,
)

PLANTED = "qzxplanted"


def _cohort(n=400):
    rng = np.random.default_rng(0)
    table = {
        "id": [f"r{i}" for i in range(n)],
        "note": [f"note number {i}" for i in range(n)],
        "age": [str(v) for v in rng.integers(20, 90, n)],
        "job": list(rng.choice(["nurse", "farmer"], n)),
        "sex": list(rng.choice(["F", "M"], n)),
        "site": list(rng.choice(["North", "South"], n)),
        "y": list(rng.choice(["a", "b"], n)),
    }
    table["note"][0] += PLANTED
    table["job"][1] = PLANTED
    table["id"][2] = PLANTED
    for column in ("note", "age", "job", "sex", "y"):  # record 11 repeats record 10
        table[column][11] = table[column][10]
    roles = Roles(
        id="id",
        inputs=InputRoles(text=("note",), vitals=(VitalRole(column="age"), VitalRole(column="job"))),
        target=TargetRole(column="y"),
        sensitive=(SensitiveRole(column="sex"),),
        site="site",
    )
    cohort = read_cohort(table, roles)
    return cohort, make_splits(cohort, SplitPlan()), table


def test_table_one_equals_counting_by_hand():
    cohort, split, table = _cohort()
    summary = summarise(cohort, split)
    assert summary["records"] == summary["patients"] == 400
    rows = split == "test"
    cell = summary["table1"]["by_split"]["test"]
    assert cell["sensitive"]["sex"]["F"]["count"] == sum(np.array(table["sex"])[rows] == "F")
    ages = np.array(table["age"], dtype=float)[rows]
    assert cell["vitals"]["age"]["median"] == pytest.approx(np.median(ages))
    assert summary["splits"]["train"]["classes"] == {
        c: int(sum((np.array(table["y"]) == c) & (split == "train"))) for c in "ab"
    }


def test_repeats_are_counted():
    cohort, split, _ = _cohort()
    assert any(value == 1 or value == 2 for value in summarise(cohort, split)["repeats"].values())


def test_nothing_that_one_record_says_is_told():
    cohort, split, _ = _cohort()
    assert PLANTED not in json.dumps(summarise(cohort, split), ensure_ascii=False)


def test_roles_are_proposed_in_english_and_chinese():
    cohort = {
        "病历号": [f"A{i}" for i in range(50)],
        "年龄": [str(20 + i) for i in range(50)],
        "性别": ["男", "女"] * 25,
        "主诉": ["患者三天前开始出现发热、咳嗽，伴有头痛" + str(i) for i in range(50)],
        "诊断": ["感冒", "肺炎"] * 25,
    }
    found = {(p.column, p.role) for p in propose_roles(cohort)}
    assert {("病历号", "patient"), ("性别", "sensitive"), ("主诉", "text"), ("诊断", "target")} <= found


def test_unique_numbers_that_name_a_record_are_its_id():
    table = {"report_id": [str(1000 + i) for i in range(60)], "x": ["1", "2"] * 30, "label": ["a", "b"] * 30}
    assert [p.role for p in propose_roles(table) if p.column == "report_id"] == ["id"]


def test_dates_are_no_vitals_and_short_names_are_understood():
    n = 40
    table = pa.table(
        {
            "bp": [110 + i for i in range(n)],
            "seen": [f"2021-0{1 + i % 9}-11" for i in range(n)],
            "hosp": ["north", "south"] * (n // 2),
            "dx": ["ill", "well"] * (n // 2),
            "ward": ["A", "B"] * (n // 2),
        }
    )
    assert {(p.column, p.role) for p in propose_roles(table)} == {
        ("bp", "vitals"),
        ("seen", "ignore"),
        ("hosp", "site"),
        ("dx", "target"),
        ("ward", "vitals"),
    }
