"""Verifying: one byte, one file, one signature, one day too late, and it is not opened."""

from __future__ import annotations

import json
import random
import shutil
from datetime import timedelta

import pytest

import primum
from primum.errors import ReleaseError
from primum.ethics.release import release_id, verify_release
from primum.ethics.release.manifest import read_manifest, seal
from primum.ethics.signing import TrustList, hash_files, load_key, make_signature, write_signature
from primum.ethics.signing.keys import public_of
from primum.ethics.signing.trust import Person
from primum.files import write_text

CHANGES = 200


def _kinds(folder, **options):
    return {fault.kind for fault in verify_release(folder, **options).faults}


def _trusting(people, **roles):
    listed = {}
    for name, given in roles.items():
        owner, public = public_of(people[name])
        listed[public] = Person(name=owner, key=public, roles=frozenset(given.split()))
    return TrustList(people=listed, source="trust.yaml")


def _resealed(folder, key, **changes):
    """Do as somebody with the release key could: list the files anew and sign the list."""
    from dataclasses import replace

    manifest = read_manifest(folder)
    names = set(hash_files(folder).files) - {"manifest.json", "manifest.sig.json"}
    files = {name: sha for name, sha in hash_files(folder).files.items() if name in names}
    manifest = replace(manifest, files=files, **changes)
    write_text(folder / "manifest.json", manifest.text())
    write_text(folder / "manifest.sig.json", seal(manifest, key).text())


def test_an_untouched_release_is_verified(built):
    found = verify_release(built)
    assert found.ok
    assert {(one.role, one.name) for one in found.signatures} == {("clinical_lead", "Ada"), ("ethics_board", "Bo")}
    assert {(name, role) for name, role, _ in found.untrusted} == {
        ("Releases", "release"),
        ("Ada", "clinical_lead"),
        ("Bo", "ethics_board"),
    }


def test_two_hundred_random_changes_of_one_byte_are_all_detected(release):
    chance = random.Random(7)
    paths = sorted(path for path in release.rglob("*") if path.is_file())
    touched = set()
    for number in range(CHANGES):
        path = paths[number % len(paths)] if number < len(paths) else chance.choice(paths)
        whole = path.read_bytes()
        changed = bytearray(whole)
        changed[chance.randrange(len(whole))] ^= chance.randrange(1, 256)
        path.write_bytes(changed)
        assert not verify_release(release).ok, path
        with pytest.raises(ReleaseError, match="must not be used"):
            primum.Release.open(release)
        path.write_bytes(whole)
        touched.add(path)
    assert touched == set(paths)
    assert verify_release(release).ok


def test_every_missing_and_every_extra_file_is_named(release):
    for path in sorted(path for path in release.rglob("*") if path.is_file()):
        whole = path.read_bytes()
        path.unlink()
        faults = {(fault.kind, fault.values.get("file")) for fault in verify_release(release).faults}
        assert ("missing", path.relative_to(release).as_posix()) in faults
        path.write_bytes(whole)
    for name in ("extra.json", "model/extra.safetensors", "signatures/extra.json"):
        (release / name).parent.mkdir(exist_ok=True)
        (release / name).write_text("{}", encoding="utf-8")
        faults = {(fault.kind, fault.values.get("file")) for fault in verify_release(release).faults}
        assert ("signature" if name.startswith("signatures") else "extra", name) in faults
        (release / name).unlink()


def test_a_link_is_refused(release, tmp_path):
    shutil.move(release / "card.md", tmp_path / "card.md")
    (release / "card.md").symlink_to(tmp_path / "card.md")
    assert _kinds(release) == {"link"}


def test_it_expires(built, now):
    assert _kinds(built, now=now + timedelta(days=364)) == set()
    assert _kinds(built, now=now + timedelta(days=366)) == {"expired"}


def test_another_date_in_the_manifest_prolongs_nothing(release, key, now):
    _resealed(release, key, expires="2999-01-01T00:00:00Z")
    assert _kinds(release) == set()
    assert _kinds(release, now=now + timedelta(days=366)) == {"expired"}
    _resealed(release, key, expires="")
    assert _kinds(release, now=now + timedelta(days=366)) == {"expired"}


def test_a_key_that_is_on_no_list_counts_for_nothing(built, people):
    everybody = _trusting(people, Ada="clinical_lead", Bo="ethics_board", Releases="release")
    found = verify_release(built, trust=everybody)
    assert found.ok and found.untrusted == []
    assert _kinds(built, trust=_trusting(people, Ada="clinical_lead", Bo="ethics_board")) == {"seal_untrusted"}
    assert _kinds(built, trust=_trusting(people, Ada="clinical_lead", Releases="release")) == {"lack_role"}
    wrong = _trusting(people, Ada="release", Bo="ethics_board", Releases="release")
    assert _kinds(built, trust=wrong) == {"lack_role"}


def test_whoever_resigns_everything_with_a_key_of_their_own_needs_to_be_trusted(release, people):
    (release / "card.md").write_text("All is well.", encoding="utf-8")
    _resealed(release, load_key(people["Cy"]))
    trust = _trusting(people, Ada="clinical_lead", Bo="ethics_board", Releases="release")
    assert "seal_untrusted" in _kinds(release, trust=trust)


def test_other_files_than_those_that_people_signed_are_found_out(release, key):
    """The holder of the release key swaps the weights and lists them anew: the signatures are on the run's files."""
    weights = release / "model" / "model.safetensors"
    changed = bytearray(weights.read_bytes())
    changed[-1] ^= 1
    weights.write_bytes(changed)
    _resealed(release, key)
    assert _kinds(release) == {"other_run"}


def test_a_file_of_the_model_that_was_left_out_is_found_out(release, key):
    (release / "model" / "calibration.json").unlink()
    _resealed(release, key)
    assert _kinds(release) == {"missing"}


def test_a_policy_that_asks_for_less_is_found_out(release, key):
    policy = release / "policy.yaml"
    policy.write_text(
        policy.read_text(encoding="utf-8").replace("[clinical_lead, ethics_board]", "[]"), encoding="utf-8"
    )
    _resealed(release, key)
    assert {"other_run", "verdict_differs"} <= _kinds(release)


def test_a_release_without_its_signatures_is_not_opened(release, key):
    shutil.rmtree(release / "run-signatures")
    _resealed(release, key)
    assert _kinds(release) == {"lack_role"}
    with pytest.raises(ReleaseError, match="Nobody whose word counts has approved as clinical_lead"):
        primum.Release.open(release)


def test_a_blocked_release_is_not_opened(release, key):
    """Only somebody with the release key can make one; even then it is refused."""
    _resealed(release, key, verdict="block")
    assert {"verdict_differs", "blocked"} <= _kinds(release)


def test_a_release_can_be_signed_and_refused_later(release, people):
    sha256 = release_id(release)

    def decide(name, role, decision):
        made = make_signature(
            load_key(people[name]), subject="release", sha256=sha256, role=role, decision=decision, reason="Seen."
        )
        write_signature(release, made)

    decide("Cy", "site_lead", "approve")
    assert verify_release(release).ok and release_id(release) == sha256
    decide("Cy", "patient_board", "refuse")
    assert _kinds(release) == {"lack_refused"}
    with pytest.raises(ReleaseError, match="Cy refused as patient_board"):
        primum.Release.open(release)


def test_a_signature_on_something_else_is_no_signature_on_it(release, people, sign, run):
    (release / "signatures").mkdir()
    shutil.copy(sign(run, "Ada", "clinical_lead"), release / "signatures")
    assert _kinds(release) == {"signature"}


@pytest.mark.parametrize("name", ["manifest.json", "manifest.sig.json"])
def test_a_release_without_its_manifest_is_no_run_either(release, name):
    (release / name).unlink()
    assert _kinds(release) == {"missing"}


def test_what_is_no_release_is_said_so(tmp_path):
    for place in (tmp_path, tmp_path / "none"):
        with pytest.raises(ReleaseError, match="no Release there"):
            verify_release(place)


def test_an_opened_release_answers_as_its_run(built, overseen_run, tmp_path):
    import pyarrow as pa
    import pyarrow.csv

    from primum.study.predicting import predict_run

    table = pa.table({"id": ["a", "b"], "age": [40, 61], "ward": ["1", "A"]})
    answers = primum.Release.open(built).predict(table)
    pa.csv.write_csv(table, tmp_path / "new.csv")
    predict_run(overseen_run, tmp_path / "new.csv", tmp_path / "run.csv")
    of_run = pa.csv.read_csv(tmp_path / "run.csv")
    assert answers.column_names == of_run.column_names
    assert answers.column("id").to_pylist() == ["a", "b"]
    for name in ("p:ill", "p:well"):
        assert answers.column(name).to_pylist() == pytest.approx(of_run.column(name).to_pylist(), abs=1e-12)
    assert json.loads((built / "manifest.json").read_text(encoding="utf-8"))["study"] == "small"
