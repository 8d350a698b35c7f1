"""Roles: what the values become, against what they are by hand; and what is refused."""

import tempfile
from pathlib import Path

import numpy as np
import pytest

from primum.cohort import ConsentRole, InputRoles, Roles, SensitiveRole, TargetRole, VitalRole, read_cohort, take
from primum.errors import CohortError

N = 20


def _roles(**more):
    given = {"inputs": InputRoles(vitals=(VitalRole(column="x"),)), "target": TargetRole(column="y"), **more}
    return Roles(**given)


def _table(**columns):
    return {"x": [str(i) for i in range(N)], "y": ["a", "b"] * (N // 2), **columns}


def test_kinds_are_inferred_and_missing_words_are_missing():
    table = _table(x=["1.5", "NA", "", "3", *(["2"] * 16)], c=["yes", "no", None, "n/a", *(["yes"] * 16)])
    roles = _roles(inputs=InputRoles(vitals=(VitalRole(column="x"), VitalRole(column="c"))))
    vitals = read_cohort(table, roles).records.vitals
    assert vitals["x"].kind == "number" and np.isnan(vitals["x"].values[[1, 2]]).all()
    assert vitals["x"].values[[0, 3]].tolist() == [1.5, 3.0]
    assert vitals["c"].kind == "category" and vitals["c"].values[2] is None and vitals["c"].values[3] is None


def test_stated_codes_for_missing_are_missing():
    roles = _roles(inputs=InputRoles(vitals=(VitalRole(column="x", kind="number", missing=("0",)),)))
    values = read_cohort(_table(x=["0", "0.0", "5", *(["1"] * 17)]), roles).records.vitals["x"].values
    assert np.isnan(values[0]) and values[2] == 5


def test_a_declared_number_with_other_values_names_column_and_rows_but_not_the_value():
    roles = _roles(inputs=InputRoles(vitals=(VitalRole(column="x", kind="number"),)))
    with pytest.raises(CohortError, match="x") as caught:
        read_cohort(_table(x=["1", "SECRETWORD", *(["2"] * 18)]), roles)
    assert "SECRETWORD" not in str(caught.value) and "2" in str(caught.value)


def test_sensitive_numbers_are_banded_and_missing_ones_are_a_group_of_their_own():
    table = _table(age=["0", "44.9", "45", "65", "120", "", "x", *(["50"] * 13)], sex=[None, *(["F"] * 19)])
    roles = _roles(sensitive=(SensitiveRole(column="age", bins=(0, 45, 65, 120)), SensitiveRole(column="sex")))
    table["age"][6] = "NA"
    sensitive = read_cohort(table, roles).sensitive
    assert sensitive["age"][:7].tolist() == ["0-45", "0-45", "45-65", "65-120", "65-120", "unknown", "unknown"]
    assert sensitive["sex"][:2].tolist() == ["unknown", "F"]


def test_only_records_with_consent_are_kept_and_the_others_counted():
    roles = _roles(consent=ConsentRole(column="ok", granted=("yes",)))
    cohort = read_cohort(_table(ok=["yes"] * 15 + ["no", "", "maybe", "no", "no"]), roles)
    assert len(cohort) == 15
    assert 5 in [v for v in cohort.source.values() if isinstance(v, int)]


def test_labels_are_mapped_and_classes_sorted():
    roles = _roles(label_map={"0": "Healthy", "1": "Ill", "2": "Ill"})
    cohort = read_cohort(_table(y=["0", "1", "2", "0"] * 5), roles)
    assert cohort.target.classes == ("Healthy", "Ill")
    assert cohort.target.values[:4].tolist() == [0, 1, 1, 0]


def test_several_labels_and_none_of_them():
    cohort = read_cohort(_table(y=["a;b", "b", "", "a", "c"] * 4), _roles(target=TargetRole(column="y", kind="labels")))
    assert cohort.target.classes == ("a", "b", "c")
    assert cohort.target.values[:5].tolist() == [[1, 1, 0], [0, 1, 0], [0, 0, 0], [1, 0, 0], [0, 0, 1]]


def test_a_number_target():
    cohort = read_cohort(_table(y=[str(i / 2) for i in range(N)]), _roles(target=TargetRole(column="y", kind="number")))
    assert cohort.target.values.tolist() == [i / 2 for i in range(N)]


@pytest.mark.parametrize(
    ("columns", "more", "says"),
    [
        ({"y": ["a", None] * 10}, {}, "y"),
        ({"y": ["a"] * N}, {}, "at least two classes"),
        ({"id": ["7"] * 2 + [str(i) for i in range(100, 118)]}, {"id": "id"}, "id"),
        ({"p": [None] + ["p"] * 19}, {"patient": "p"}, "p"),
        ({"y": ["a", "b"] * 10}, {"target": TargetRole(column="y", kind="number")}, "y"),
    ],
)
def test_what_cannot_be_used_is_refused(columns, more, says):
    with pytest.raises(CohortError, match=says) as caught:
        read_cohort(_table(**columns), _roles(**more))
    assert "\n" not in str(caught.value)


def test_missing_targets_are_counted():
    with pytest.raises(CohortError, match="10"):
        read_cohort(_table(y=["a", None] * 10), _roles())


def test_no_text_is_left_on_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    roles = _roles(inputs=InputRoles(text=("note",)))
    cohort = read_cohort(_table(note=[f"note {i}" for i in range(N)]), roles)
    assert list(Path(tmp_path).iterdir()) == []
    assert cohort.records.text.take([3, 1]) == ["note 3", "note 1"]
    assert sum(cohort.records.text.chunks(7), []) == [f"note {i}" for i in range(N)]


def test_several_text_columns_are_joined_and_missing_parts_left_out():
    roles = _roles(inputs=InputRoles(text=("a", "b")))
    cohort = read_cohort(_table(a=["one", None, None] + ["z"] * 17, b=["two", "two", None] + ["z"] * 17), roles)
    first = cohort.records.text.take([0, 1, 2])
    assert first[0].split() == ["one", "two"] and first[1] == "two" and first[2] is None


def test_taking_rows_takes_them_everywhere():
    cohort = read_cohort(_table(note=[f"n{i}" for i in range(N)]), _roles(inputs=InputRoles(text=("note",))))
    some = take(cohort, np.array([4, 2]))
    assert some.records.text.take([0, 1]) == ["n4", "n2"]
    assert some.target.values.tolist() == cohort.target.values[[4, 2]].tolist()
