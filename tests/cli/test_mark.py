"""`primum mark` as a user meets it."""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest

from primum.cli.main import main

pydicom = pytest.importorskip("pydicom")
pytest.importorskip("highdicom")

STUDY = """
study: films
cohort: {source: records.csv, inputs: {image: {column: film, frame: 0}}, target: {column: dx}}
"""


@pytest.fixture
def run(tmp_path):
    (tmp_path / "run" / "model").mkdir(parents=True)
    (tmp_path / "run" / "study.yaml").write_text(STUDY, encoding="utf-8")
    (tmp_path / "run" / "model" / "model.safetensors").write_bytes(b"weights")
    return tmp_path / "run"


@pytest.fixture
def scan():
    return pydicom.data.get_testdata_file("CT_small.dcm", download=False)


def test_marks_are_written_and_name_the_model(run, scan, tmp_path, capsys):
    (tmp_path / "r.jsonl").write_text('{"label": "nodule", "box": [10, 20, 30, 40], "score": 0.9}\n', encoding="utf-8")
    np.save(tmp_path / "h.npy", np.zeros((128, 128)))
    given = ["--regions", str(tmp_path / "r.jsonl"), "--heat", str(tmp_path / "h.npy"), "--class", "nodule"]
    out = tmp_path / "out"
    assert main(["mark", str(run), scan, *given, "--as", "png, seg,sr,pr,sc", "--out", str(out), "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["files"] == ["overlay.png", "heat-seg.dcm", "sr.dcm", "pr.dcm", "sc.dcm"]
    assert sorted(answer["files"]) == sorted(path.name for path in out.iterdir())
    assert hashlib.sha256(b"weights").hexdigest() in str(pydicom.dcmread(out / "sr.dcm"))


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ([], "marks: there is no region and no heat map."),
        (["--as", "pdf"], "'pdf' is no output"),
        (["--regions", "absent.jsonl"], "absent.jsonl: it cannot be opened"),
    ],
)
def test_wrong_input_ends_with_2_and_writes_nothing(given, says, run, scan, tmp_path, capsys):
    assert main(["mark", str(run), scan, *given, "--out", str(tmp_path / "out"), "--quiet"]) == 2
    said = capsys.readouterr().err
    assert says in said and len(said.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_a_model_that_reads_no_images_marks_none(run, scan, tmp_path, capsys):
    (run / "study.yaml").write_text(STUDY.replace("image: {column: film, frame: 0}", "vitals: [age]"), encoding="utf-8")
    assert main(["mark", str(run), scan, "--out", str(tmp_path / "out"), "--quiet"]) == 2
    assert "its model reads no images" in capsys.readouterr().err
