"""What a patient's record says is never told: a planted string turns up in no file, no message, no log.

Unique strings are planted in a note, a category, a record id and a patient id. Every command then runs in a process of
its own, and everything it wrote is searched: stdout, stderr, traceback files and each file of the run. Ids may stand
in predictions.parquet, splits.parquet and suspects.parquet, which are tables of records by nature; notes and categories
not even there.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml

NOTE, CATEGORY, RECORD, PATIENT = "qzxnoteplanted", "qzxcategoryplanted", "qzxrecordplanted", "qzxpatientplanted"
PLANTED = (NOTE, CATEGORY, RECORD, PATIENT)
TABLES = ("predictions.parquet", "splits.parquet", "suspects.parquet")
N = 160


def _rows() -> list[dict[str, str]]:
    rows = []
    for i in range(N):
        sick = i % 2 == 0
        rows.append(
            {
                "id": f"r{i}",
                "patient_id": f"p{i}",
                "note": "chest pain on effort" if sick else "routine visit, no complaint",
                "age": str(40 + i % 30),
                "smoker": ("yes", "no", "former")[i % 3],
                "sex": ("Female", "Male")[(i // 2) % 2],
                "diagnosis": "ill" if sick else "well",
            }
        )
    # Planted several times over, so that at least one stands in every split, in both classes.
    for i in (*range(0, 40), 100, 101):
        rows[i]["note"] += f" {NOTE}"
    for i in (5, 6, 50, 51):
        rows[i]["smoker"] = CATEGORY
    rows[7]["id"], rows[8]["patient_id"] = RECORD, PATIENT
    return rows


def _write(folder: Path, rows: list[dict[str, str]], **cohort: object) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "records.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    study = {
        "study": "planted",
        "cohort": {
            "source": "records.csv",
            "id": "id",
            "patient": "patient_id",
            "inputs": {"text": "note", "vitals": ["age", "smoker"]},
            "target": {"column": "diagnosis"},
            "sensitive": ["sex"],
            **cohort,
        },
        "model": {"adapt": {"method": "head"}, "max_tokens": 16},
        "training": {"epochs": 2},
        "assess": {"resamples": 100, "inputs_alone": False},
    }
    (folder / "study.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")
    return folder / "study.yaml"


def _primum(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    scratch = folder / "tmp"
    scratch.mkdir(exist_ok=True)
    environment = {**os.environ, "TMPDIR": str(scratch), "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    return subprocess.run(
        [sys.executable, "-m", "primum", *arguments], cwd=folder, env=environment, capture_output=True, text=True
    )


def _told(text: str, planted: tuple[str, ...] = PLANTED) -> list[str]:
    return [word for word in planted if word in text]


def _told_in_files(folder: Path) -> dict[str, list[str]]:
    told = {}
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        if path.name in TABLES:
            found = _told(json.dumps(pq.read_table(path).to_pylist(), default=str), (NOTE, CATEGORY))
        elif path.suffix == ".parquet":
            found = _told(json.dumps(pq.read_table(path).to_pylist(), default=str))
        else:
            found = _told(path.read_bytes().decode("latin-1"))
        if found:
            told[str(path.relative_to(folder))] = found
    return told


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """A finished run of the planted study, and what the run said."""
    folder = tmp_path_factory.mktemp("planted")
    study = _write(folder, _rows())
    return folder, _primum(folder, "run", str(study), "--out", "run", "--json")


@pytest.mark.slow
def test_a_run_tells_nothing(finished):
    folder, done = finished
    assert done.returncode in (0, 3, 4), done.stderr
    assert _told(done.stdout + done.stderr) == []
    written = {path.name for path in (folder / "run").rglob("*") if path.is_file()}
    assert {"cohort.json", "findings.jsonl", "verdict.json", "report.html", *TABLES} <= written
    assert RECORD in json.dumps(pq.read_table(folder / "run" / "predictions.parquet").column("id").to_pylist())
    assert _told_in_files(folder / "run") == {}


@pytest.mark.slow
@pytest.mark.parametrize("command", [["check", "study.yaml"], ["report", "run", "--lang", "zh"]])
def test_other_commands_tell_nothing(finished, command):
    folder, _ = finished
    done = _primum(folder, *command)
    assert done.returncode in ((0, 3, 4) if command[0] == "check" else (0,)), done.stderr
    assert _told(done.stdout + done.stderr) == []
    assert _told_in_files(folder / "run") == {}


@pytest.mark.slow
def test_predicting_and_auditing_tell_nothing(finished):
    folder, _ = finished
    done = _primum(folder, "predict", "run", "records.csv", "--out", "new.csv")
    assert done.returncode == 0, done.stderr
    assert _told(done.stdout + done.stderr) == []
    assert _told((folder / "new.csv").read_text(encoding="utf-8"), (NOTE, CATEGORY)) == []
    audit = _primum(folder, "assess", "run/predictions.parquet", "--spec", "study.yaml", "--out", "audit", "--json")
    assert audit.returncode in (0, 3, 4), audit.stderr
    assert _told(audit.stdout + audit.stderr) == []
    assert _told_in_files(folder / "audit") == {}


def _with(**changes: tuple[int, str]) -> list[dict[str, str]]:
    rows = _rows()
    for column, (row, value) in changes.items():
        rows[row][column] = value
    return rows


FAULTS = {
    "the same id twice": (_with(id=(9, RECORD)), {}),
    "a target that is missing": (_with(diagnosis=(7, "")), {}),
    "words in a number": (
        _with(age=(3, f"{NOTE} years")),
        {"inputs": {"text": "note", "vitals": [{"column": "age", "type": "number"}]}},
    ),
    "words in a number target": (_with(age=(3, NOTE)), {"target": {"column": "age", "type": "number"}}),
    "words in a time": (
        _with(age=(3, NOTE)),
        {"time": "age", "inputs": {"text": "note"}, "split": {"external": {"time": {"start": 60}}}},
    ),
    "words in a binned attribute": (_with(age=(3, NOTE)), {"sensitive": [{"column": "age", "bins": [0, 50, 100]}]}),
    "no consent at all": (_rows(), {"consent": {"column": "smoker", "granted": ["granted"]}}),
    "a column that is not there": (_rows(), {"site": "hospitl"}),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_an_error_tells_nothing(fault, tmp_path):
    rows, cohort = FAULTS[fault]
    study = _write(tmp_path, rows, **cohort)
    done = _primum(tmp_path, "check", str(study), "--json")
    assert done.returncode == 2, done.stdout + done.stderr
    assert json.loads(done.stdout)["error"]
    assert _told(done.stdout + done.stderr) == []
    assert _told_in_files(tmp_path / "tmp") == {}


def test_a_defect_tells_nothing(tmp_path):
    code = (
        "import sys, primum.cli.main as m\n"
        f"def fails(**_): raise ValueError('could not convert {NOTE}'.upper().lower())\n"
        "m.app = fails\n"
        "sys.exit(m.main(['studies', '--json']))\n"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert len(list(tmp_path.glob("primum-traceback-*.txt"))) == 1
    assert _told(done.stdout + done.stderr) == []
    assert _told_in_files(tmp_path) == {}
