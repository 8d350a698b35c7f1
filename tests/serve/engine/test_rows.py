"""A question's inputs are read as a table of the same values is: whatever is typed, in whatever type."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from primum.cohort import read_attribute, read_records
from primum.cohort.roles import InputRoles, Roles, SensitiveRole, TargetRole, VitalRole
from primum.errors import CohortError
from primum.serve.engine.rows import read_row, records_of
from primum.serve.security.faults import Refused

ROLES = Roles(
    inputs=InputRoles(
        text=("note", "plan"),
        vitals=(
            VitalRole(column="sbp", kind="number", unit="mmHg", missing=("0", "-9")),
            VitalRole(column="ward", kind="category", missing=("unknown ward",)),
        ),
    ),
    target=TargetRole(column="dx"),
    sensitive=(SensitiveRole(column="age", bins=(0, 45, 65)), SensitiveRole(column="sex")),
    site="hospital",
)
_TYPED = st.sampled_from(
    ["120", " 120.0 ", "0", "-9.0", "", "NaN", "n/a", "1e3", "1_000", "high", "True", "A", "a", "7.0", "unknown ward"]
)
VALUES = st.none() | st.booleans() | st.integers(-20, 300) | st.floats(-1e6, 1e6) | _TYPED
TEXTS = st.none() | st.sampled_from(["", "  ", "nan", "None", " Chest pain. ", "无 胸痛", "n/a n/a n/a"])


@given(sbp=VALUES, ward=VALUES, note=TEXTS, plan=TEXTS, age=VALUES, sex=VALUES)
@settings(max_examples=200, deadline=None)
def test_a_question_is_read_as_a_line_of_a_file_is(tmp_path_factory, sbp, ward, note, plan, age, sex):
    inputs = {"note": note, "plan": plan, "sbp": sbp, "ward": ward, "age": age, "sex": sex}
    file = tmp_path_factory.mktemp("rows") / "one.jsonl"
    file.write_text(json.dumps(inputs) + "\n", encoding="utf-8")
    try:
        _, records = read_records(file, ROLES.inputs)
        levels = {role.column: read_attribute(file, role)[0] for role in ROLES.sensitive}
    except CohortError:
        with pytest.raises(Refused):
            read_row(inputs, ROLES)
        return
    nothing = (records.text is None or records.text.take([0]) == [None]) and np.isnan(records.vitals["sbp"].values[0])
    if nothing and records.vitals["ward"].values[0] is None:
        with pytest.raises(Refused, match="Nothing is given of what the model reads"):
            read_row(inputs, ROLES)
        return
    row = read_row(inputs, ROLES)
    made = records_of([row], ROLES, [row.text])
    assert made.text.take([0]) == records.text.take([0])
    np.testing.assert_array_equal(made.vitals["sbp"].values, records.vitals["sbp"].values)
    assert made.vitals["ward"].values.tolist() == records.vitals["ward"].values.tolist()
    assert row.levels == levels


def test_what_is_missing_is_named_and_attributes_need_not_be_given():
    row = read_row({"note": "Pain.", "sbp": None}, ROLES)
    assert row.missing == ("plan", "sbp", "ward") and row.levels == {}


def test_every_fault_is_told_at_once_and_never_what_was_typed():
    inputs = {"sbp": "zq-planted", "note": 3, "wrad": "A", "zq planted key": 1, "age": "zq-old"}
    with pytest.raises(Refused) as caught:
        read_row(inputs, ROLES)
    told = {(one.field, one.message) for one in caught.value.errors}
    assert told == {
        ("inputs.sbp", "must be a number (mmHg)."),
        ("inputs.note", "must be text."),
        ("inputs.wrad", "is no column of the study (did you mean 'ward'?)."),
        ("inputs.?", "is no column of the study."),
        ("inputs.age", "must be a number."),
    }
    assert "zq" not in str(caught.value) + "".join(one.message for one in caught.value.errors)
