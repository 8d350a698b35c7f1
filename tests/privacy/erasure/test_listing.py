"""The list of erased patients: what stands in it, and that no two erasures lose one another."""

from __future__ import annotations

import hashlib
import hmac
import json
import stat

import pytest

from primum.cohort import read_erased
from primum.cohort.erased import key_file
from primum.errors import CohortError, OutputError
from primum.privacy.erasure import add_to_list


def test_entries_are_scrypt_of_a_keyed_hash(tmp_path):
    path = tmp_path / "study" / "erased.json"
    for patient in ("qzx1", "qzx2", "qzx1"):
        add_to_list(path, patient, patients=10**6)
    given = json.loads(path.read_text())
    key, salt = bytes.fromhex(key_file(path).read_text()), bytes.fromhex(given["salt"])
    wanted = [
        hashlib.scrypt(
            hmac.new(key, patient.encode(), hashlib.sha256).digest(), salt=salt, n=given["cost"], r=8, p=1, dklen=32
        ).hex()
        for patient in ("qzx1", "qzx2")
    ]
    assert given["patients"] == sorted(wanted)
    assert "qzx" not in path.read_text()
    assert stat.S_IMODE(key_file(path).stat().st_mode) == 0o600
    assert {one.name for one in path.parent.iterdir()} == {"erased.json", "erased.key"}


def test_two_studies_share_no_entry(tmp_path):
    lists = [add_to_list(tmp_path / name / "erased.json", "p1", patients=10**6) for name in "ab"]
    assert lists[0].entries.isdisjoint(lists[1].entries)


@pytest.mark.parametrize(("patients", "cost"), [(1, 1 << 14), (920, 1 << 11), (3000, 1 << 9), (10**7, 1 << 8)])
def test_small_cohorts_have_slow_hashes(tmp_path, patients, cost):
    assert add_to_list(tmp_path / "erased.json", "p1", patients=patients).cost == cost
    assert add_to_list(tmp_path / "erased.json", "p2", patients=1).cost == cost


def test_a_second_erasure_waits_its_turn(tmp_path):
    path = tmp_path / "erased.json"
    path.with_suffix(".lock").touch()
    with pytest.raises(OutputError, match="another erasure is at work; try again"):
        add_to_list(path, "p1", patients=5)
    assert not path.exists()


def test_a_list_without_its_key_is_not_added_to(tmp_path):
    path = tmp_path / "erased.json"
    before = add_to_list(path, "p1", patients=5).entries
    key_file(path).rename(tmp_path / "elsewhere")
    with pytest.raises(CohortError, match="the key of the erased patients is missing"):
        add_to_list(path, "p2", patients=5)
    (tmp_path / "elsewhere").rename(key_file(path))
    assert read_erased(path).entries == before
    assert not path.with_suffix(".lock").exists()
