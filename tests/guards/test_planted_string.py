"""What a patient's record says is never told: a planted string turns up in no file, no message, no log.

Unique strings are planted in notes (a word, names in English and Chinese, a number, a whole note), a category,
a column without a role, a record id and a patient id. Every command then runs in a process of its own, and everything
it wrote is searched: stdout, stderr, traceback files, what a crash leaves, and each file of the run, in every spelling
that JSON, XML and UTF-16 have for it. Ids may stand in the tables of records, which are that by nature; nothing else,
not even there. A hospital of two patients is named in no table of counts. Erased patients may stand in none of them.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from html import escape
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

NOTE, CATEGORY, RECORD, PATIENT = "qzxnoteplanted", "qzxcategoryplanted", "qzxrecordplanted", "qzxpatientplanted"
SITE, UNUSED, ERASED = "qzxsiteplanted", "qzxunusedplanted", "qzxerasedplanted"
NAMES = ("Qzelda O'Quixworth", "欧阳秋植", "qz-777-0313-x")
WHOLE = f'{NAMES[0]} ({NAMES[1]}, {NAMES[2]}) has chest pain on effort & says: "never again".'
SECRET = (NOTE, CATEGORY, UNUSED, WHOLE, *NAMES)
"""What may stand nowhere at all."""
PLANTED = (*SECRET, RECORD, PATIENT, ERASED)
ALWAYS = ("predictions.parquet", "splits.parquet", "suspects.parquet")
TABLES = (*ALWAYS, "uncalibrated.parquet")
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
                "hospital": ("north", "south")[i % 2 ^ i // 4 % 2],
                "contact": f"{UNUSED}{i}",
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
    # A record's words in full, in both classes and in several splits; a hospital of two patients.
    for i in (3, 4, 30, 31, 60, 61, 90, 91):
        rows[i]["note"] = WHOLE
    rows[20]["hospital"] = rows[21]["hospital"] = SITE
    rows[40]["patient_id"] = rows[41]["patient_id"] = ERASED
    rows[41]["diagnosis"] = rows[40]["diagnosis"]
    return rows


def _write(folder: Path, rows: list[dict[str, str]], *, backbone: Path | str = "minilm", **cohort: object) -> Path:
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
            "site": "hospital",
            **cohort,
        },
        "model": {"backbone": str(backbone), "adapt": {"method": "head"}, "max_tokens": 16},
        "training": {"epochs": 2},
        "assess": {"resamples": 100, "inputs_alone": False},
    }
    (folder / "study.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")
    return folder / "study.yaml"


def _surroundings(folder: Path) -> dict[str, str]:
    """Return what a command's environment has, and make its folder for what is short-lived."""
    (folder / "tmp").mkdir(exist_ok=True)
    return {"TMPDIR": str(folder / "tmp"), "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}


def _primum(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Carry out a command in a process of its own from its first import on."""
    return subprocess.run(
        [sys.executable, "-m", "primum", *arguments],
        cwd=folder,
        env={**os.environ, **_surroundings(folder)},
        capture_output=True,
        text=True,
    )


@pytest.fixture
def primum(forks):
    """Carry out a command in a process of its own that has imported the libraries already."""
    return lambda folder, *arguments: forks.run(*arguments, cwd=folder, env=_surroundings(folder))


def _told(text: str, planted: tuple[str, ...] = PLANTED) -> list[str]:
    """Return the planted strings that stand in a text, as they are or as JSON or XML spells them."""
    return [word for word in planted if any(form in text for form in _forms(word))]


def _forms(word: str) -> tuple[str, ...]:
    once, plain = json.dumps(word), json.dumps(word, ensure_ascii=False)
    return (
        word,
        once[1:-1],
        json.dumps(once)[3:-3],
        plain[1:-1],
        json.dumps(plain, ensure_ascii=False)[3:-3],
        escape(word),
    )


def _told_in_bytes(content: bytes, planted: tuple[str, ...] = PLANTED) -> list[str]:
    found = _told(content.decode("utf-8", "replace"), planted)
    return found + [word for word in planted if word.encode("utf-16-le") in content and word not in found]


def _told_in_files(folder: Path) -> dict[str, list[str]]:
    told = {}
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        if path.name in TABLES:
            found = _told(json.dumps(pq.read_table(path).to_pylist(), default=str), SECRET)
        elif path.suffix == ".parquet":
            found = _told(json.dumps(pq.read_table(path).to_pylist(), default=str))
        else:
            found = _told_in_bytes(path.read_bytes())
        if found:
            told[str(path.relative_to(folder))] = found
    return told


@pytest.fixture(scope="module")
def finished(tmp_path_factory, short_backbone) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """A finished run of the planted study, and what the run said."""
    folder = tmp_path_factory.mktemp("planted")
    study = _write(folder, _rows(), backbone=short_backbone)
    return folder, _primum(folder, "run", str(study), "--out", "run", "--json")


@pytest.mark.slow
def test_a_run_tells_nothing(finished):
    folder, done = finished
    assert done.returncode in (0, 3, 4), done.stderr
    assert _told(done.stdout + done.stderr) == []
    written = {path.name for path in (folder / "run").rglob("*") if path.is_file()}
    assert {"cohort.json", "findings.jsonl", "verdict.json", "report.html", *ALWAYS} <= written
    assert RECORD in json.dumps(pq.read_table(folder / "run" / "predictions.parquet").column("id").to_pylist())
    assert _told_in_files(folder / "run") == {}
    assert _told_in_files(folder / "tmp") == {}
    assert SITE not in (folder / "run" / "cohort.json").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("command", [["check", "study.yaml"], ["report", "run", "--lang", "zh"]])
def test_other_commands_tell_nothing(finished, primum, command):
    folder, _ = finished
    done = primum(folder, *command)
    assert done.returncode in ((0, 3, 4) if command[0] == "check" else (0,)), done.stderr
    assert _told(done.stdout + done.stderr) == []
    assert _told_in_files(folder / "run") == {}


@pytest.mark.slow
def test_predicting_and_auditing_tell_nothing(finished, primum):
    folder, _ = finished
    done = primum(folder, "predict", "run", "records.csv", "--out", "new.csv")
    assert done.returncode == 0, done.stderr
    assert _told(done.stdout + done.stderr) == []
    assert _told((folder / "new.csv").read_text(encoding="utf-8"), SECRET) == []
    audit = primum(folder, "assess", "run/predictions.parquet", "--spec", "study.yaml", "--out", "audit", "--json")
    assert audit.returncode in (0, 3, 4), audit.stderr
    assert _told(audit.stdout + audit.stderr) == []
    assert _told_in_files(folder / "audit") == {}
    assert _told_in_files(folder / "tmp") == {}


@pytest.mark.slow
def test_erasing_tells_nothing_and_leaves_nothing(finished, primum, short_backbone, tmp_path):
    folder, _ = finished
    copied = _write(tmp_path, _rows(), backbone=short_backbone)
    shutil.copytree(folder / "run", tmp_path / "run")
    resolved = tmp_path / "run" / "study.yaml"
    resolved.write_text(resolved.read_text(encoding="utf-8").replace(str(folder), str(tmp_path)), encoding="utf-8")
    tables = sorted(path for path in (tmp_path / "run").glob("*.parquet"))
    before = {path.name: pq.read_table(path).to_pydict() for path in tables}
    assert ERASED in before["predictions.parquet"]["patient"]
    done = primum(tmp_path, "erase", "--patient", ERASED, "--study", str(copied), "--runs", "run", "--json")
    assert done.returncode == 0, done.stderr
    for command in (["report", "run"], ["check", str(copied), "--json"]):
        again = primum(tmp_path, *command)
        assert again.returncode in (0, 3, 4), again.stderr
        assert _told(again.stdout + again.stderr) == []
    assert _told(done.stdout + done.stderr) == []
    assert {"erased.json", "erased.key", "retune"} <= {path.name for path in tmp_path.iterdir()}
    for path in tables:
        left = pq.read_table(path).to_pydict()
        gone = {"r40", "r41"} & set(before[path.name]["id"])
        assert set(left["id"]) == set(before[path.name]["id"]) - gone
    (tmp_path / "records.csv").unlink()
    for path in tmp_path.rglob("*"):
        if path.is_file():
            held = json.dumps(pq.read_table(path).to_pylist(), default=str).encode() if path in tables else b""
            assert ERASED.encode() not in path.read_bytes() + held, path
    assert _told_in_files(tmp_path) == {}


def _vitals_only(folder: Path) -> Path:
    """Write the planted study without its text, which trains in a second; category and ids are planted still."""
    return _write(folder, _rows(), inputs={"vitals": ["age", "smoker"]})


@pytest.mark.slow
def test_a_killed_run_leaves_nothing(forks, tmp_path):
    study = _vitals_only(tmp_path)
    arguments = ("run", str(study), "--out", "run", "--set", "training.epochs=4000")
    process = forks.begin(*arguments, cwd=tmp_path, env=_surroundings(tmp_path))
    while process.poll() is None and not list((tmp_path / "run").glob("checkpoints/checkpoint-*/trainer_state.json")):
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    done = process.wait()
    said = done.stdout + done.stderr
    assert done.returncode == -signal.SIGKILL, said
    assert {"splits.parquet", "cohort.json", "checkpoints"} <= {path.name for path in (tmp_path / "run").iterdir()}
    assert _told(said) == []
    assert _told_in_files(tmp_path / "run") == {}
    assert _told_in_files(tmp_path / "tmp") == {}


@pytest.mark.slow
@pytest.mark.parametrize("step", ["fit_net", "predictions_of", "all_findings", "membership_of", "judge"])
def test_a_crash_in_the_middle_of_a_run_leaves_nothing(forks, tmp_path, step):
    """A library that puts a record's words into its error, in five steps of a run."""
    study = _vitals_only(tmp_path)
    code = (
        "import sys, primum.cli.main as m, primum.study.runner as runner\n"
        f"def fails(*_, **__): raise ValueError({WHOLE!r})\n"
        f"runner.{step} = fails\n"
        f"sys.exit(m.main(['run', {str(study)!r}, '--out', 'run', '--json']))\n"
    )
    done = forks.run(cwd=tmp_path, env=_surroundings(tmp_path), code=code)
    assert done.returncode == 1, done.stderr
    assert len(list((tmp_path / "tmp").glob("primum-traceback-*.txt"))) == 1
    assert (tmp_path / "run" / "cohort.json").is_file()
    assert _told(done.stdout + done.stderr) == []
    assert _told_in_files(tmp_path / "run") == {}
    assert _told_in_files(tmp_path / "tmp") == {}


def test_sealed_notes_tell_nothing(tmp_path):
    from primum.privacy.at_rest import Place, Vault, new_key, read_keys

    (tmp_path / "key").write_text(new_key())
    (tmp_path / "key").chmod(0o600)
    vault = Vault(path=tmp_path / "store" / "keys.db", masters=read_keys(tmp_path / "key"))
    for row in _rows()[:12]:
        place = Place(patient=row["patient_id"], record=row["id"], field="note")
        (tmp_path / "store" / f"{len(list((tmp_path / 'store').glob('*')))}.sealed").write_bytes(
            vault.seal(row["note"] + row["smoker"] + row["contact"], place)
        )
    assert len(list((tmp_path / "store").iterdir())) == 13
    assert _told_in_files(tmp_path / "store") == {}


def test_the_search_itself_finds_every_spelling(tmp_path):
    for number, content in enumerate(
        (
            json.dumps({"note": WHOLE}).encode(),
            json.dumps({"note": WHOLE}, ensure_ascii=False).encode(),
            json.dumps(json.dumps({"note": WHOLE})).encode(),
            escape(WHOLE).encode(),
            f"{WHOLE}".encode("utf-16-le"),
            WHOLE.encode(),
        )
    ):
        (tmp_path / str(number)).write_bytes(b"\0" + content)
    pq.write_table(pa.table({"text": [WHOLE], "id": [1]}), tmp_path / "other.parquet", compression="zstd")
    pq.write_table(pa.table({"text": [WHOLE], "id": [1]}), tmp_path / "splits.parquet", compression="zstd")
    told = _told_in_files(tmp_path)
    assert set(told) == {"0", "1", "2", "3", "4", "5", "other.parquet", "splits.parquet"}
    assert all(WHOLE in words for words in told.values())


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
def test_an_error_tells_nothing(fault, primum, tmp_path):
    rows, cohort = FAULTS[fault]
    study = _write(tmp_path, rows, **cohort)
    done = primum(tmp_path, "check", str(study), "--json")
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
