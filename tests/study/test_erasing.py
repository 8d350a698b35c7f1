"""Erasing a patient from a study and from folders that runs of it wrote."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from primum.cli.main import main
from primum.cohort import read_erased, summarise
from primum.errors import InputError, StudyError
from primum.files import sha256_of, write_json
from primum.privacy.erasure import must_rebuild, waiting
from primum.study import Study
from primum.study.checking import check_study
from primum.study.erasing import erase
from primum.study.resolving import resolved_study

N = 120


@pytest.fixture
def study(tmp_path) -> Study:
    """60 patients with two records each."""
    folder = tmp_path / "study"
    folder.mkdir()
    rows = [f"r{i},p{i // 2},{30 + i % 40},{'FM'[i // 2 % 2]},{'ill' if i // 2 % 2 else 'well'}" for i in range(N)]
    (folder / "records.csv").write_text("\n".join(["id,who,age,sex,dx", *rows]) + "\n")
    cohort = {
        "source": "records.csv",
        "id": "id",
        "patient": "who",
        "inputs": {"vitals": ["age"]},
        "target": {"column": "dx"},
        "sensitive": ["sex"],
    }
    (folder / "study.yaml").write_text(yaml.safe_dump({"study": "small", "cohort": cohort}))
    return Study.load(folder)


def make_run(study: Study, place: Path, *, finished: bool = True) -> dict[str, str]:
    """Write what a run of the study stores, and return the split of each patient."""
    cohort = study.read_cohort()
    split = study.split(cohort)
    place.mkdir(parents=True)
    (place / "study.yaml").write_text(yaml.safe_dump(resolved_study(study)))
    pq.write_table(pa.table({"id": cohort.ids, "split": split}), place / "splits.parquet")
    columns = {"id": cohort.ids, "split": split, "age": [1.5] * len(cohort)}
    pq.write_table(pa.table(columns).replace_schema_metadata({"primum": "{}"}), place / "predictions.parquet")
    pq.write_table(pa.table({"check": ["x"] * 3, "rank": [1, 2, 3], "id": cohort.ids[:3]}), place / "suspects.parquet")
    write_json(place / "cohort.json", summarise(cohort, split))
    (place / "model").mkdir()
    (place / "model" / "weights").touch()
    if finished:
        (place / "report.html").touch()
    else:
        (place / "checkpoints").mkdir()
    return dict(zip(cohort.patients, split, strict=True))


def first_of(splits: dict[str, str], name: str) -> str:
    return next(patient for patient, split in splits.items() if split == name)


def ids_in(place: Path) -> dict[str, set[str]]:
    return {file.name: set(pq.read_table(file)["id"].to_pylist()) for file in place.glob("*.parquet")}


@pytest.mark.parametrize(
    ("split", "rebuild"),
    [
        ("train", ("model", "calibration", "findings")),
        ("validation", ("model", "calibration", "findings")),
        ("calibration", ("calibration", "findings")),
        ("test", ("findings",)),
    ],
)
def test_each_split_says_what_must_be_rebuilt(study, tmp_path, split, rebuild):
    run = tmp_path / "runs" / "one"
    patient = first_of(make_run(study, run), split)
    before, model = ids_in(run), sha256_of(run / "model" / "weights")
    done = erase(patient, study=study, folders=[tmp_path / "runs"])
    (what,) = done.places
    assert (what.splits, what.learnt, what.rebuild) == ((split,), split != "test", rebuild)
    mine = {f"r{2 * int(patient[1:])}", f"r{2 * int(patient[1:]) + 1}"}
    assert ids_in(run) == {name: ids - mine for name, ids in before.items()}
    assert set(what.cleared) == {name for name, ids in before.items() if ids & mine} >= {"splits.parquet"}
    assert pq.read_schema(run / "predictions.parquet").metadata[b"primum"] == b"{}"
    assert sha256_of(run / "model" / "weights") == model
    assert must_rebuild(run) == (split != "test")
    (request,) = done.queue
    said = json.loads(request.read_text())
    assert (said["state"], said["study"], said["rebuild"][0]["rebuild"]) == ("waiting", "small", list(rebuild))
    assert waiting(done.lists[0], "small") == [request] and waiting(done.lists[0], "other") == []


def test_nothing_that_is_written_names_the_patient(study, tmp_path):
    run = tmp_path / "runs" / "one"
    make_run(study, run)
    records = study.source.read_bytes()
    erase("p17", study=study, folders=[run])
    assert study.source.read_bytes() == records
    for file in tmp_path.rglob("*"):
        if file.is_file() and file != study.source:
            held = str(pq.read_table(file).to_pydict()) if file.suffix == ".parquet" else file.read_text()
            assert "p17" not in held and "'r34'" not in held and "'r35'" not in held, file


def test_check_leaves_the_patient_out_and_says_so(study, tmp_path):
    make_run(study, tmp_path / "run")
    full = check_study(study)
    assert not [f for f in full.findings if f.metric == "erased_records"]
    for number, patient in enumerate(("p1", "p2", "p3", "p4", "p5", "p6"), start=1):
        erase(patient, study=study)
        checked = check_study(study)
        assert patient not in checked.cohort.patients and len(checked.cohort) == N - 2 * number
        (found,) = (f for f in checked.findings if f.metric == "erased_records")
        few = number < 5
        assert found.value == (None if few else 2 * number) and found.enough == (not few)
        counted = {"patients": None, "records": None} if few else {"patients": number, "records": 2 * number}
        assert checked.summary()["erased"] == counted
    again = Study.load(tmp_path / "run" / "study.yaml").read_cohort()
    assert set(full.cohort.patients) - set(again.patients) == {"p1", "p2", "p3", "p4", "p5", "p6"}


def test_a_stopped_run_begins_anew(study, tmp_path):
    run = tmp_path / "run"
    patient = first_of(make_run(study, run, finished=False), "train")
    (what,) = erase(patient, study=study, folders=[run]).places
    assert what.learnt and what.rebuild == () and set(what.work) == {"checkpoints", "model"}
    assert not (run / "checkpoints").exists() and not (run / "model").exists() and not must_rebuild(run)


def test_a_release_of_the_same_cohort_is_what_its_run_is(study, tmp_path):
    patient = first_of(make_run(study, tmp_path / "out" / "run"), "train")
    fingerprint = study.read_cohort().fingerprint
    release, other = tmp_path / "out" / "release", tmp_path / "out" / "other"
    for place, of in ((release, fingerprint), (other, "another")):
        place.mkdir()
        write_json(place / "manifest.json", {})
        write_json(place / "card.json", {"cohort": {"fingerprint": of}})
    done = erase(patient, study=study, folders=[tmp_path / "out"])
    by_name = {one.path.name: one for one in done.places}
    assert by_name["release"].learnt and by_name["release"].kind == "release"
    assert not by_name["other"].known and by_name["other"].rebuild[0] == "model"
    assert len(json.loads(done.queue[0].read_text())["rebuild"]) == 3


def test_asked_twice_it_says_the_same(study, tmp_path):
    run = tmp_path / "run"
    patient = first_of(make_run(study, run), "train")
    first = erase(patient, study=study, folders=[run])
    second = erase(patient, study=study, folders=[run])
    assert second.places[0].splits == first.places[0].splits and second.places[0].cleared == ()
    assert len(read_erased(first.lists[0]).entries) == 1


def test_the_patient_is_found_by_the_run_when_the_records_are_gone(study, tmp_path):
    run = tmp_path / "run"
    splits = make_run(study, run)
    patient = first_of(splits, "train")
    lines = study.source.read_text().splitlines()
    study.source.write_text("\n".join(one for one in lines if f",{patient}," not in one) + "\n")
    with pytest.raises(InputError, match="has that id; give it as it stands"):
        erase(patient, folders=[run])
    (what,) = erase(patient, study=study, folders=[run], unseen=True).places
    assert not what.known and what.rebuild[0] == "model"
    table = pq.read_table(run / "predictions.parquet")
    patients = [f"p{int(one[1:]) // 2}" for one in table["id"].to_pylist()]
    pq.write_table(table.append_column("patient", pa.array(patients)), run / "predictions.parquet")
    (what,) = erase(patient, folders=[run]).places
    assert what.known and what.splits == ("train",)


def test_an_id_that_nobody_has_is_refused(study, tmp_path):
    with pytest.raises(InputError, match=r"has that id \(1 ids differ from it in case") as caught:
        erase("P-17", study=study)
    assert "17" not in str(caught.value)
    with pytest.raises(InputError, match="has that id; give it as it stands"):
        erase("qzx", study=study)
    assert {one.name for one in study.folder.iterdir()} == {"records.csv", "study.yaml"}
    assert erase("qzx", study=study, unseen=True).places == ()
    assert len(read_erased(study.folder / "erased.json").entries) == 1


def test_wrong_input_says_how_to_mend_it(study, tmp_path):
    with pytest.raises(InputError, match="the id is empty"):
        erase("  ", study=study)
    with pytest.raises(InputError, match="give --study STUDY, --runs FOLDER, or both"):
        erase("p1")
    with pytest.raises(InputError, match="no such folder"):
        erase("p1", study=study, folders=[tmp_path / "none"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no run and no release"):
        erase("p1", study=study, folders=[tmp_path / "empty"])
    with pytest.raises(StudyError, match="comes with primum"):
        erase("1", study=Study.load("heart"))
    spec = yaml.safe_load((study.folder / "study.yaml").read_text())
    del spec["cohort"]["patient"], spec["cohort"]["id"]
    (study.folder / "study.yaml").write_text(yaml.safe_dump(spec))
    with pytest.raises(StudyError, match="no column says whose record is whose"):
        erase("p1", study=Study.load(study.folder))
    assert not (study.folder / "erased.json").exists()


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_command_answers_in_words_and_in_json(study, tmp_path, capsys, monkeypatch, lang):
    monkeypatch.chdir(tmp_path)
    patient = first_of(make_run(study, tmp_path / "runs" / "one"), "train")
    assert main(["erase", "--patient", patient, "--study", str(study.folder), "--quiet", "--lang", lang]) == 0
    said = capsys.readouterr().out
    assert str(Path("runs") / "one") in said and patient not in said.replace(str(tmp_path), "")
    assert ("learnt from this patient" if lang == "en" else "曾用该患者学习") in said
    assert main(["erase", "--patient", patient, "--json", "--quiet", "runs/one"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert value["places"][0]["learnt"] and value["places"][0]["splits"] == ["train"]
    assert [Path(one).is_file() for one in (*value["lists"], *value["queue"])] == [True, True]


def test_the_id_is_read_from_the_standard_input(study):
    done = subprocess.run(
        [sys.executable, "-m", "primum", "erase", "--patient", "-", "--study", str(study.folder), "--json", "--quiet"],
        input="p3\n",
        capture_output=True,
        text=True,
        cwd=study.folder,
    )
    assert done.returncode == 0, done.stderr
    assert "p3" not in Study.load(study.folder).read_cohort().patients
