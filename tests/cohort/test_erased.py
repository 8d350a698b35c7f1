"""Erased patients: who is on the list, and that a cohort without them is the cohort that never had them."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from dataclasses import replace

import numpy as np
import pytest

from primum.cohort import (
    ConsentRole,
    Erased,
    ExternalFile,
    InputRoles,
    Roles,
    SplitPlan,
    TargetRole,
    VitalRole,
    make_splits,
    read_annotators,
    read_cohort,
    read_erased,
    summarise,
    with_external,
)
from primum.cohort.erased import key_file, key_name
from primum.errors import CohortError, ColumnError, InputError

KEY, SALT = b"k" * 32, b"s" * 16
N = 60
ROLES = Roles(
    id="id",
    patient="patient",
    inputs=InputRoles(text=("note",), vitals=(VitalRole(column="x"),)),
    target=TargetRole(column="y"),
    consent=ConsentRole(column="ok", granted=("yes",)),
)


def by_hand(patient: str) -> str:
    tag = hmac.new(KEY, patient.encode(), hashlib.sha256).digest()
    return hashlib.scrypt(tag, salt=SALT, n=4, r=8, p=1, dklen=32).hex()


def erased(*patients: str) -> Erased:
    return Erased(key=KEY, salt=SALT, cost=4, entries=frozenset(map(by_hand, patients)))


def table(without: tuple[str, ...] = ()) -> dict[str, list[str]]:
    """Two records a patient; every tenth patient refuses."""
    rows = [i for i in range(N) if f"p{i // 2}" not in without]
    return {
        "id": [f"r{i}" for i in rows],
        "patient": [f"p{i // 2}" for i in rows],
        "note": [f"note {i}" for i in rows],
        "x": [str(i % 7) for i in rows],
        "y": ["ab"[i // 2 % 2] for i in rows],
        "ok": ["no" if i // 2 % 10 == 9 else "yes" for i in rows],
        "first": ["ab"[i // 2 % 2] for i in rows],
        "second": ["ab"[i % 2] for i in rows],
    }


def listing(path, *patients, key=KEY):
    entries = sorted(map(by_hand, patients))
    content = {"format": 1, "key": key_name(KEY), "salt": SALT.hex(), "cost": 4, "patients": entries}
    path.write_text(json.dumps(content))
    key_file(path).write_text(key.hex())
    key_file(path).chmod(0o600)
    return path


@pytest.mark.parametrize("gone", [("p3",), ("p0", "p29"), ("p9",), ("p1", "p2", "p3", "p4", "p5", "p6")])
def test_the_cohort_is_that_of_a_table_without_them(gone):
    cohort = read_cohort(table(), replace(ROLES, erased=erased(*gone)))
    never = read_cohort(table(without=gone), ROLES)
    assert cohort.fingerprint == never.fingerprint
    np.testing.assert_array_equal(cohort.ids, never.ids)
    assert list(cohort.records.text.take(range(len(cohort)))) == list(never.records.text.take(range(len(never))))
    assert {k: cohort.source[k] for k in ("records_read", "excluded_without_consent")} == {
        k: never.source[k] for k in ("records_read", "excluded_without_consent")
    }
    assert cohort.erased == {by_hand(patient): 2 for patient in gone}
    plan = SplitPlan(seed=3)
    np.testing.assert_array_equal(make_splits(cohort, plan), make_splits(never, plan))


def test_annotators_stay_beside_their_records():
    gone = ("p2", "p4")
    cohort = read_cohort(table(), replace(ROLES, erased=erased(*gone)))
    never = read_cohort(table(without=gone), ROLES)
    columns = ["first", "second"]
    np.testing.assert_array_equal(
        read_annotators(table(), columns, cohort), read_annotators(table(without=gone), columns, never)
    )


def test_row_numbers_stay_those_of_the_file():
    cohort = read_cohort(table(), replace(ROLES, id=None, erased=erased("p0")))
    assert cohort.ids[:2].tolist() == ["3", "4"]


def test_one_to_four_patients_are_not_counted_and_five_are():
    def counts(*gone):
        cohort = read_cohort(table(), replace(ROLES, erased=erased(*gone)))
        return summarise(cohort, make_splits(cohort, SplitPlan()))["erased"]

    assert counts() == {"patients": 0, "records": 0}
    assert counts("p1") == counts("p1", "p2", "p3", "p4") == {"patients": None, "records": None}
    assert counts("p1", "p2", "p3", "p4", "p5") == {"patients": 5, "records": 10}


def test_files_of_external_sets_are_read_without_them_too():
    other = {**table(), "id": [f"o{i}" for i in range(N)]}
    files = {"zurich": ExternalFile(source=other)}
    joined = with_external(read_cohort(table(), replace(ROLES, erased=erased("p3"))), files)
    assert "p3" not in joined.patients and joined.erased == {by_hand("p3"): 4}


def test_a_set_with_its_own_numbering_has_its_own_patients():
    files = {"zurich": ExternalFile(source=table(), own_ids=True)}
    joined = with_external(read_cohort(table(), replace(ROLES, erased=erased("p3"))), files)
    assert "p3" not in joined.patients and "zurich:p3" in joined.patients
    joined = with_external(read_cohort(table(), replace(ROLES, erased=erased("zurich:p3"))), files)
    assert "p3" in joined.patients and "zurich:p3" not in joined.patients
    assert joined.erased == {by_hand("zurich:p3"): 2}


def test_spellings_of_file_formats_are_one_patient():
    numbered = {**table(), "patient": [f"{i // 2 + 1}.0" for i in range(N)]}
    assert "7.0" not in read_cohort(numbered, replace(ROLES, erased=erased("7"))).patients


def test_nobody_left_and_no_column_of_patients_are_refused():
    everybody = erased(*(f"p{i}" for i in range(N // 2)))
    with pytest.raises(CohortError, match="every record is of an erased patient"):
        read_cohort(table(), replace(ROLES, erased=everybody))
    with pytest.raises(ColumnError, match="name the column of patient ids"):
        read_cohort(table(), replace(ROLES, id=None, patient=None, erased=erased("p3")))


def test_a_list_is_read_with_its_key(tmp_path, monkeypatch):
    path = listing(tmp_path / "erased.json", "p3")
    assert read_erased(path).entry("p3") in read_erased(path).entries
    assert read_erased(tmp_path / "none.json") is None
    key_file(path).unlink()
    monkeypatch.setenv("PRIMUM_ERASURE_KEY", KEY.hex())
    assert read_erased(path).entry("p4") not in read_erased(path).entries
    assert KEY.hex() not in repr(read_erased(path)) and repr(KEY) not in repr(read_erased(path))


def test_a_list_without_its_key_stops_the_reading(tmp_path):
    path = listing(tmp_path / "erased.json", "p3", key=os.urandom(32))
    with pytest.raises(CohortError, match="its key is not the one it was made with"):
        read_erased(path)
    key_file(path).write_text("short")
    with pytest.raises(CohortError, match="not a key of erased patients"):
        read_erased(path)
    key_file(path).chmod(0o644)
    with pytest.raises(InputError, match="mode is 0644; run `chmod 600"):
        read_erased(path)
    key_file(path).unlink()
    with pytest.raises(CohortError, match="the key of the erased patients is missing"):
        read_erased(path)


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"format": 2}'])
def test_a_damaged_list_stops_the_reading(tmp_path, content):
    path = listing(tmp_path / "erased.json", "p3")
    path.write_text(content)
    with pytest.raises(CohortError, match="not a list of erased patients that primum wrote"):
        read_erased(path)


@pytest.mark.parametrize("change", [{"cost": 1 << 30}, {"salt": "zz"}, {"patients": None}])
def test_a_list_with_a_wrong_part_stops_the_reading(tmp_path, change):
    path = listing(tmp_path / "erased.json", "p3")
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(CohortError, match="not a list of erased patients that primum wrote"):
        read_erased(path)
