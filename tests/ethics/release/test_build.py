"""Building: refusals first, then a folder that is the same each time and holds nothing that can run code."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import pickletools
import zipfile
from pathlib import Path

import pytest
import yaml

import primum
from primum.errors import OutputError, ReleaseError
from primum.ethics.release import build_release, verify_release
from primum.ethics.release.layout import is_safe
from primum.ethics.signing import SigningKey, TrustList, hash_files
from primum.ethics.signing.trust import Person
from primum.privacy.erasure import Mark, add_mark


def _refused(run, tmp_path, key, said, **options):
    with pytest.raises(ReleaseError, match=said):
        build_release(run, tmp_path / "out", key=key, **options)
    assert not (tmp_path / "out").exists()
    assert [path.name for path in tmp_path.glob(".out*")] == []


def test_an_unsigned_run_is_refused_and_every_lack_is_named(run, tmp_path, key):
    _refused(run, tmp_path, key, "nobody has approved as clinical_lead; nobody has approved as ethics_board")


def test_review_needs_reasons(run, tmp_path, key, sign):
    sign(run, "Ada", "clinical_lead", reason="")
    sign(run, "Bo", "ethics_board")
    _refused(run, tmp_path, key, "the verdict is review, and the approval as clinical_lead gives no --reason")


def test_one_person_in_two_roles_is_refused(run, tmp_path, key, sign):
    sign(run, "Ada", "clinical_lead")
    sign(run, "Ada", "ethics_board")
    _refused(run, tmp_path, key, r"one person \(Ada\) approved in the place of two")


def test_a_refusal_is_heeded(run, tmp_path, key, sign):
    sign(run, "Ada", "clinical_lead")
    sign(run, "Bo", "ethics_board")
    sign(run, "Cy", "patient_board", decision="refuse", reason="Women are served worse.")
    _refused(run, tmp_path, key, "Cy refused as patient_board")


def test_a_blocked_run_never_becomes_a_release(run, tmp_path, key, sign, judged_by):
    judged_by(run, "on_failure: review", "on_failure: block")
    sign(run, "Ada", "clinical_lead")
    sign(run, "Bo", "ethics_board")
    _refused(run, tmp_path, key, r"its verdict is block \(safety.accuracy\)")


@pytest.mark.parametrize("learnt", [True, False])
def test_what_learnt_from_an_erased_patient_is_refused(run, tmp_path, key, sign, learnt):
    add_mark(run, Mark(entry="0" * 64, asked="2026-01-01", splits=["train" if learnt else "test"], learnt=learnt))
    sign(run, "Ada", "clinical_lead")
    sign(run, "Bo", "ethics_board")
    if learnt:
        _refused(run, tmp_path, key, "it learnt from a patient who was erased since")
    else:
        assert build_release(run, tmp_path / "out", key=key).path.is_dir()


def test_a_verdict_that_was_changed_is_found_out(run, tmp_path, key, sign, judged_by):
    judged_by(run, "on_failure: review", "on_failure: block")
    verdict = json.loads((run / "verdict.json").read_text(encoding="utf-8"))
    (run / "verdict.json").write_text(json.dumps({**verdict, "verdict": "pass"}), encoding="utf-8")
    sign(run, "Ada", "clinical_lead")
    sign(run, "Bo", "ethics_board")
    _refused(run, tmp_path, key, "verdict.json is not what policy.yaml says")


def test_a_signature_on_an_earlier_state_does_not_count(run, tmp_path, key, sign):
    sign(run, "Ada", "clinical_lead")
    sign(run, "Bo", "ethics_board")
    (run / "card.md").write_text("All is well.", encoding="utf-8")
    _refused(run, tmp_path, key, r"nobody has approved as clinical_lead.*2 signatures are on an earlier state")


def test_an_altered_signature_is_named(run, tmp_path, key, sign):
    path = sign(run, "Ada", "clinical_lead")
    path.write_text(path.read_text(encoding="utf-8").replace("Ada", "Eva"), encoding="utf-8")
    _refused(run, tmp_path, key, "is not a signature, or was changed")


def test_keys_that_are_not_trusted_are_named_and_do_not_count(run, tmp_path, key, sign, people):
    sign(run, "Ada", "clinical_lead")
    sign(run, "Bo", "ethics_board")
    from primum.ethics.signing.keys import public_of

    ada = Person(name="Ada", key=public_of(people["Ada"])[1], roles=frozenset({"clinical_lead"}))
    trust = TrustList(people={ada.key: ada}, source="trust.yaml")
    _refused(run, tmp_path, key, "the key of Bo is not trusted as ethics_board", trust=trust)
    built = build_release(run, tmp_path / "out", key=key)
    assert [(one.name, one.role) for one in built.untrusted] == [("Ada", "clinical_lead"), ("Bo", "ethics_board")]


def test_a_taken_place_is_left_alone(run, tmp_path, key):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("x", encoding="utf-8")
    with pytest.raises(OutputError, match="the place is taken"):
        build_release(run, tmp_path / "out", key=key)
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine"]


def test_what_is_no_run_is_refused(tmp_path, key):
    (tmp_path / "run").mkdir()
    _refused(tmp_path / "run", tmp_path, key, "no finished run: study.yaml")


@pytest.mark.parametrize("name", ["model/extra.pkl", "model/extra.json", "model/extra.safetensors", "model/extra.onnx"])
def test_a_pickle_is_refused_whatever_its_name(run, tmp_path, key, sign, name):
    (run / name).write_bytes(pickle.dumps({"weights": [1.0, 2.0]}))
    sign(run, "Ada", "clinical_lead")
    sign(run, "Bo", "ethics_board")
    _refused(run, tmp_path, key, f"{name} is of a form that a Release does not hold")


def test_an_archive_is_no_model(tmp_path):
    with zipfile.ZipFile(tmp_path / "model.safetensors", "w") as archive:
        archive.writestr("data.pkl", pickle.dumps([1]))
    assert not is_safe(tmp_path / "model.safetensors")


def _is_pickle(data: bytes) -> bool:
    """Ask the standard library: does it read to a STOP as a pickle that builds more than one plain string or number?"""
    try:
        steps = list(pickletools.genops(data))
    except Exception:
        return False
    return bool(steps) and steps[0][0].name == "PROTO"


def test_no_file_of_a_release_is_a_pickle_or_an_archive(built):
    onnx = pytest.importorskip("onnx")
    paths = [path for path in built.rglob("*") if path.is_file()]
    assert len(paths) > 15
    assert _is_pickle(pickle.dumps([1]))
    for path in paths:
        data = path.read_bytes()
        assert not _is_pickle(data), path
        assert not zipfile.is_zipfile(path), path
        for magic in (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05", b"PK", b"\x1f\x8b", b"\x7fELF", b"\x89HDF"):
            assert not data.startswith(magic), path
        if path.suffix == ".safetensors":
            length = int.from_bytes(data[:8], "little")
            assert isinstance(json.loads(data[8 : 8 + length]), dict)
        elif path.suffix == ".json":
            json.loads(data)
        elif path.suffix == ".onnx":
            onnx.checker.check_model(onnx.load_from_string(data))
        else:
            assert path.suffix in {".jsonl", ".yaml", ".html", ".md", ".xml", ".txt"}, path


def test_equal_runs_give_equal_bytes(run, tmp_path, key, sign):
    sign(run, "Ada", "clinical_lead")
    sign(run, "Bo", "ethics_board")
    one = build_release(run, tmp_path / "one", key=key).path
    for path in run.rglob("*"):
        os.utime(path, (0, 0))
    other = build_release(run, tmp_path / "other", key=key).path
    assert (one / "manifest.json").read_bytes() == (other / "manifest.json").read_bytes()
    assert (one / "manifest.sig.json").read_bytes() == (other / "manifest.sig.json").read_bytes()
    assert hash_files(one) == hash_files(other)


def test_the_manifest_lists_every_file_with_its_hash(built):
    manifest = json.loads((built / "manifest.json").read_text(encoding="utf-8"))
    present = {path.relative_to(built).as_posix() for path in built.rglob("*") if path.is_file()}
    assert set(manifest["files"]) == present - {"manifest.json", "manifest.sig.json"}
    for name, sha256 in manifest["files"].items():
        assert hashlib.sha256((built / name).read_bytes()).hexdigest() == sha256
    assert manifest["verdict"] == "review"
    wanted = {"model/model.safetensors", "model/primum.json", "model/calibration.json", "model/conformal.json"}
    assert wanted | {"model/novelty.json", "policy.yaml", "card.json", "verdict.json", "sbom.cdx.json"} <= present


def test_no_record_and_no_place_of_this_machine_goes_along(built, overseen_run):
    onnx = pytest.importorskip("onnx")
    places = [str(overseen_run.parent.parent), str(Path(primum.__file__).parent), str(Path(onnx.__file__).parents[1])]
    for path in built.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert path.suffix != ".parquet"
            assert [place for place in places if place.encode() in data] == [], path
    study = yaml.safe_load((built / "study.yaml").read_text(encoding="utf-8"))
    assert (study["cohort"]["source"], study["policy"]) == ("records.csv", "policy.yaml")


def test_a_release_needs_no_signature_where_its_policy_asks_for_none(run, tmp_path, key, judged_by):
    judged_by(run, "[clinical_lead, ethics_board]", "[]")
    built = build_release(run, tmp_path / "out", key=key)
    assert built.manifest.expires == ""
    assert verify_release(built.path).ok


def test_the_key_never_stands_in_the_release(built, key: SigningKey):
    secret = key.private.private_bytes_raw()
    for path in built.rglob("*"):
        if path.is_file():
            assert secret not in path.read_bytes() and secret.hex().encode() not in path.read_bytes()
