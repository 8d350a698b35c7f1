"""Bad input ends in one sentence, exit code 2, and nothing half-written."""

from __future__ import annotations

import json

import pytest
import yaml

from primum.cli.main import main

HEADER = "id,age,diagnosis,fold\n"


def _records(n=60, diagnosis=lambda i: ("ill", "well")[i % 2]):
    folds = (
        "train",
        "train",
        "train",
        "train",
        "validation",
        "validation",
        "test",
        "test",
        "calibration",
        "calibration",
    )
    return HEADER + "".join(f"r{i},{30 + i % 40},{diagnosis(i)},{folds[i % 10]}\n" for i in range(n))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a good study and good records, in which the program stands."""
    (tmp_path / "records.csv").write_text(_records(), encoding="utf-8")
    _study(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _study(folder, **changes):
    study = {
        "study": "small",
        "cohort": {
            "source": "records.csv",
            "id": "id",
            "inputs": {"vitals": ["age"]},
            "target": {"column": "diagnosis"},
        },
        "training": {"epochs": 1},
    }
    study["cohort"].update(changes.pop("cohort", {}))
    study.update(changes)
    (folder / "study.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")


def _refused(folder, capsys, *arguments):
    """Return the one sentence with which `primum run` refuses."""
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert main(["run", "study.yaml", "--out", "out", "--json", *arguments]) == 2
    said = capsys.readouterr()
    answer = json.loads(said.out)
    assert answer["ok"] is False
    assert answer["error"] in said.err
    assert "Traceback" not in said.err
    assert answer["error"].count("\n") == 0
    after = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert {path for path in after if path.parts[-2] != "__pycache__"} == set(before)
    assert all(after[path] == content for path, content in before.items())
    return answer["error"]


def test_missing_study(folder, capsys):
    (folder / "study.yaml").rename(folder / "other.yaml")
    assert "study.yaml" in _refused(folder, capsys)


def test_missing_records(folder, capsys):
    (folder / "records.csv").unlink()
    assert "records.csv" in _refused(folder, capsys)


@pytest.mark.parametrize("content", ["", HEADER])
def test_empty_records(folder, capsys, content):
    (folder / "records.csv").write_text(content, encoding="utf-8")
    assert "records.csv" in _refused(folder, capsys)


def test_unknown_key_names_the_nearest(folder, capsys):
    _study(folder, trainning={})
    assert "did you mean 'training'?" in _refused(folder, capsys)


def test_missing_column_names_the_nearest(folder, capsys):
    _study(folder, cohort={"target": {"column": "diagnosys"}})
    said = _refused(folder, capsys)
    assert "diagnosys" in said
    assert "did you mean 'diagnosis'?" in said


def test_one_class_only(folder, capsys):
    (folder / "records.csv").write_text(_records(diagnosis=lambda i: "ill"), encoding="utf-8")
    assert "diagnosis" in _refused(folder, capsys)


def test_too_few_patients_of_a_class(folder, capsys):
    (folder / "records.csv").write_text(_records(diagnosis=lambda i: "rare" if i == 0 else "well"), encoding="utf-8")
    assert "rare" in _refused(folder, capsys)


def test_unreadable_encoding(folder, capsys):
    (folder / "records.csv").write_bytes(_records().encode() + b"r99,3\xff\xfe\x81\x00\xff,ill,train\n")
    assert "records.csv" in _refused(folder, capsys)


def test_target_with_missing_values(folder, capsys):
    (folder / "records.csv").write_text(_records(diagnosis=lambda i: ("ill", "well", "")[i % 3]), encoding="utf-8")
    assert "diagnosis" in _refused(folder, capsys)


def test_duplicate_ids(folder, capsys):
    content = _records()
    (folder / "records.csv").write_text(content + content.splitlines()[1] + "\n", encoding="utf-8")
    said = _refused(folder, capsys)
    assert "id" in said
    assert "r0" not in said.replace("row", "")


def test_split_column_with_unknown_names(folder, capsys):
    (folder / "records.csv").write_text(_records().replace("calibration", "dev"), encoding="utf-8")
    _study(folder, cohort={"split": {"column": "fold"}})
    assert "fold" in _refused(folder, capsys)


def test_backbone_folder_without_safetensors(folder, capsys):
    (folder / "bert").mkdir()
    (folder / "bert" / "config.json").write_text('{"model_type": "bert"}', encoding="utf-8")
    (folder / "bert" / "pytorch_model.bin").write_bytes(b"never opened")
    (folder / "records.csv").write_text(_records().replace("age", "note", 1), encoding="utf-8")
    _study(folder, cohort={"inputs": {"text": "note"}}, model={"backbone": "bert"})
    assert "safetensors" in _refused(folder, capsys)


@pytest.mark.parametrize("override", ["training.epochs=many", "training.epochs=[1, 2]", "model.adapt.rank=-3"])
def test_set_of_a_wrong_type_names_the_key(folder, capsys, override):
    assert override.partition("=")[0] in _refused(folder, capsys, "--set", override)


@pytest.mark.parametrize("override", ["training.epochs", "training.epochs.more=3", "training.epochs=[1"])
def test_set_that_is_no_setting(folder, capsys, override):
    assert "training.epochs" in _refused(folder, capsys, "--set", override)


def test_out_is_a_file(folder, capsys):
    (folder / "out").write_text("mine", encoding="utf-8")
    assert "out" in _refused(folder, capsys)


def test_report_of_no_run(folder, capsys):
    assert main(["report", "nowhere"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_predict_with_no_run(folder, capsys):
    assert main(["predict", "nowhere", "records.csv", "--out", "p.csv", "--quiet"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (folder / "p.csv").exists()
