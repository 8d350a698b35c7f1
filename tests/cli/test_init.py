"""`primum init`."""

from __future__ import annotations

import json

import pytest
import yaml

from primum.cli.main import main
from primum.cli.scaffold import Proposal, scaffold
from primum.errors import OutputError
from primum.study.loading import validate
from primum.study.spec import StudySpec


def _study(folder):
    return yaml.safe_load((folder / "study.yaml").read_text(encoding="utf-8"))


def test_scaffold_is_a_valid_study(tmp_path, capsys):
    folder = tmp_path / "my study"
    assert main(["init", str(folder)]) == 0
    spec = validate(StudySpec, _study(folder), source="study.yaml")
    assert spec.study == "my study"
    assert spec.cohort.inputs.text == ("note",)
    assert "primum run" in capsys.readouterr().out
    assert "primum check study.yaml" in (folder / "README.md").read_text(encoding="utf-8")


def test_proposals_end_up_in_their_roles(tmp_path):
    roles = {
        "id": ["id"],
        "patient": ["patient: #1"],
        "text": ["note"],
        "vitals": ["age", "blood pressure"],
        "target": ["diagnosis"],
        "sensitive": ["sex"],
        "site": ["hospital"],
        "time": ["visited"],
        "consent": ["agreed"],
        "split": ["fold"],
    }
    proposals = [Proposal(column=c, role=role, why="because") for role, columns in roles.items() for c in columns]
    scaffold(tmp_path / "s", data=tmp_path / "r.csv", proposals=proposals)
    cohort = validate(StudySpec, _study(tmp_path / "s"), source="study.yaml").cohort
    assert cohort.source == "../r.csv"
    assert (cohort.id, cohort.patient, cohort.site, cohort.time) == ("id", "patient: #1", "hospital", "visited")
    assert [vital.column for vital in cohort.inputs.vitals] == ["age", "blood pressure"]
    assert cohort.inputs.text == ("note",)
    assert [attribute.column for attribute in cohort.sensitive] == ["sex"]
    assert cohort.consent is not None and cohort.consent.column == "agreed"
    assert cohort.split.column == "fold"


def test_only_one_kind_of_input_is_written_when_the_data_have_one(tmp_path):
    proposals = [
        Proposal(column="age", role="vitals", why="numbers"),
        Proposal(column="outcome", role="target", why="its name"),
    ]
    scaffold(tmp_path / "s", data=tmp_path / "r.csv", proposals=proposals)
    assert set(_study(tmp_path / "s")["cohort"]["inputs"]) == {"vitals"}


def test_a_study_of_images_alone_gets_the_network_of_images(tmp_path):
    proposals = [
        Proposal(column="film", role="image", why="its values name image files"),
        Proposal(column="outcome", role="target", why="its name"),
    ]
    scaffold(tmp_path / "s", data=tmp_path / "films", proposals=proposals)
    spec = validate(StudySpec, _study(tmp_path / "s"), source="study.yaml")
    assert spec.cohort.inputs.image is not None and spec.cohort.inputs.image.column == "film"
    assert (spec.image_backbone(), spec.image_adapt().method) == ("efficientnet-lite0", "upper")
    assert spec.training.optimizer.lr == 5e-4


def test_nothing_is_overwritten(tmp_path):
    (tmp_path / "README.md").write_text("mine", encoding="utf-8")
    with pytest.raises(OutputError, match=r"holds README.md already; choose another folder"):
        scaffold(tmp_path, data=None, proposals=[])
    assert (tmp_path / "README.md").read_text(encoding="utf-8") == "mine"
    assert not (tmp_path / "study.yaml").exists()


def test_a_file_is_no_folder(tmp_path):
    place = tmp_path / "file"
    place.write_text("", encoding="utf-8")
    with pytest.raises(OutputError, match="is a file"):
        scaffold(place, data=None, proposals=[])


def test_data_with_roles_as_json(tmp_path, capsys):
    data = tmp_path / "records.csv"
    rows = "".join(f"{i},{20 + i},{'fm'[i % 2]},{'yes' if i % 3 else 'no'}\n" for i in range(40))
    data.write_text("id,age,sex,diagnosis\n" + rows, encoding="utf-8")
    assert main(["init", str(tmp_path / "s"), "--data", str(data), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    roles = {row["column"]: row["role"] for row in answer["roles"]}
    assert roles["diagnosis"] == "target"
    assert all(row["why"] for row in answer["roles"])
    validate(StudySpec, _study(tmp_path / "s"), source="study.yaml")


def test_missing_data_writes_nothing(tmp_path, capsys):
    assert main(["init", str(tmp_path / "s"), "--data", str(tmp_path / "none.csv")]) == 2
    assert "none.csv" in capsys.readouterr().err
    assert not (tmp_path / "s").exists()
