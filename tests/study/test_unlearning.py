"""An erasure carried through: unlearnt by shards, retrained from the queue, recorded, and no trace of the patient."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml

from primum.cli.main import main
from primum.errors import ShreddedError, StudyError
from primum.ethics.ledger import Ledger
from primum.ethics.signing import hash_files
from primum.files import sha256_of
from primum.privacy.at_rest import Place, Vault, new_key, read_keys
from primum.privacy.erasure import must_rebuild, waiting
from primum.study import Study
from primum.study.erasing import erase
from primum.study.forgetting import forget

N = 120
CANARY = "zanzibarite"
QUIET = {
    name: False
    for name in ("baselines", "counterfactual", "novelty", "privacy", "robustness", "adversarial", "explanations")
}


def write_study(
    folder: Path, rows: list[dict[str, str]], *, shards: int | None, split: object, backbone: Path
) -> Study:
    folder.mkdir(parents=True)
    columns = list(rows[0])
    lines = [",".join(columns), *(",".join(row[column] for column in columns) for row in rows)]
    (folder / "records.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    study = {
        "study": "small",
        "cohort": {
            "source": "records.csv",
            "id": "id",
            "patient": "who",
            "inputs": {"text": "note"},
            "target": {"column": "dx"},
            "sensitive": ["sex"],
            "split": split,
            "deid": False,
        },
        "model": {"backbone": str(backbone), "adapt": "head", "max_tokens": 32, "ensemble": None},
        "training": {"epochs": 3, "track": [], "precision": "fp32", "optimizer": {"head_lr": 0.01}},
        "assess": {**QUIET, "resamples": 100},
    }
    if shards:
        study["training"]["shards"] = shards
    (folder / "study.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")
    return Study.load(folder / "study.yaml")


def records() -> list[dict[str, str]]:
    """60 patients with two notes each; the note of one holds a word that stands nowhere else."""
    rng = np.random.default_rng(3)
    words = {"ill": ["fever", "cough", "chills", "rash"], "well": ["running", "sleep", "appetite", "garden"]}
    rows = []
    for i in range(N):
        dx = ("ill", "well")[i // 2 % 2]
        note = " ".join(rng.choice(words[dx], 3)) + f" on day {i}"
        rows.append({"id": f"r{i:03d}", "who": f"P{i // 2:04d}", "sex": "FM"[i // 2 % 3 % 2], "dx": dx, "note": note})
    return rows


def patient_of(run: Path, split: str, rows: list[dict[str, str]]) -> str:
    table = pq.read_table(run / "splits.parquet").to_pylist()
    of = {row["id"]: row["who"] for row in rows}
    return next(of[one["id"]] for one in table if one["split"] == split)


def held(file: Path) -> str:
    return str(pq.read_table(file).to_pydict()) if file.suffix == ".parquet" else file.read_bytes().decode("latin-1")


@pytest.fixture(scope="module")
def sharded(tmp_path_factory, short_backbone):
    """A run by three shards and its records; to be copied."""
    folder = tmp_path_factory.mktemp("sharded")
    rows = records()
    study = write_study(folder / "study", rows, shards=3, split={"seed": 5}, backbone=short_backbone)
    return study.run(out=folder / "runs" / "first").path, rows, folder


def copied(sharded, tmp_path) -> tuple[Path, Path]:
    """Return a copy of the study and of its run, which names the copied study's records."""
    run, _, folder = sharded
    shutil.copytree(folder, tmp_path / "copy")
    place = tmp_path / "copy" / "runs" / run.name
    text = (place / "study.yaml").read_text().replace(str(folder), str(tmp_path / "copy"))
    (place / "study.yaml").write_text(text)
    return tmp_path / "copy" / "study", place


def test_an_erasure_unlearns_the_patient_as_if_they_had_never_been(sharded, short_backbone, tmp_path, capsys):
    study, run = copied(sharded, tmp_path)
    rows = sharded[1]
    patient = patient_of(run, "train", rows)
    known = hash_files(run).sha256
    heads = (run / "shards" / "heads.safetensors").read_bytes()
    code = main(["erase", "--patient", patient, "--study", str(study / "study.yaml"), "--runs", str(run.parent),
                 "--json", "--quiet"])  # fmt: skip
    said = json.loads(capsys.readouterr().out)
    (unlearnt,) = said["unlearnt"]
    new = Path(unlearnt["after"])
    assert code == 0 and (unlearnt["shards"], unlearnt["trained"]) == (3, 1) and new.name == "first-unlearnt"
    assert said["waiting"] == [] and waiting(study / "erased.json", "small") == []
    assert must_rebuild(run) and not (run / "shards").exists() and not must_rebuild(new)
    assert heads != (new / "shards" / "heads.safetensors").read_bytes()

    # The oracle: another study, without the patient's rows and with the others' splits, trained from the start.
    splits = dict(zip(*pq.read_table(new / "splits.parquet").to_pydict().values(), strict=True))
    before = dict(zip(*pq.read_table(sharded[0] / "splits.parquet").to_pydict().values(), strict=True))
    left = [{**row, "split": splits[row["id"]]} for row in rows if row["who"] != patient]
    assert splits == {one: split for one, split in before.items() if one in {row["id"] for row in left}}
    alone = write_study(tmp_path / "oracle", left, shards=3, split={"column": "split"}, backbone=short_backbone)
    oracle = alone.run(out=tmp_path / "never").path
    model = [file for file in (oracle / "model").rglob("*") if file.is_file() and file.name != "README.md"]
    assert {"model.safetensors", "primum.json", "calibration.json"} <= {file.name for file in model}
    for file in model:  # README.md names the study's hash, and the studies split by other means
        assert file.read_bytes() == (new / file.relative_to(oracle)).read_bytes(), file
    assert (oracle / "shards" / "heads.safetensors").read_bytes() == (new / "shards/heads.safetensors").read_bytes()
    assert pq.read_table(oracle / "predictions.parquet").equals(pq.read_table(new / "predictions.parquet"))
    assert "1 learnt in this run, 2 were kept" in (new / "report.html").read_text()
    assert {"report.html", "verdict.json", "card.md"} <= {file.name for file in new.iterdir()}
    measured = [
        [
            line
            for line in (place / "findings.jsonl").read_text().splitlines()
            if json.loads(line)["metric"] not in ("erased_records", "test_looks")  # of the list, and of the ledger
        ]
        for place in (oracle, new)
    ]
    assert measured[0] == measured[1] and len(measured[0]) > 20

    mine = {patient, *(row["id"] for row in rows if row["who"] == patient)}
    for file in new.rglob("*"):
        if file.is_file() and file.suffix not in (".onnx", ".safetensors"):
            assert not [one for one in mine if f"'{one}'" in held(file) or f'"{one}"' in held(file)], file

    with Ledger.open(str(run.parent / "ledger.sqlite")) as ledger:
        entries = [entry for entry in ledger.entries() if entry.kind == "erasure"]
        assert ledger.verify().ok
    assert [entry.content["method"] for entry in entries] == ["list", "rows", "unlearning"]
    assert {entry.subject for entry in entries} == {said["request"]}
    assert entries[0].content == {"method": "list", "records": 2, "folders": 1, "before": "",
                                  "after": sha256_of(study / "erased.json")}  # fmt: skip
    assert (entries[1].content["before"] == known) == (run.name == "first")
    assert entries[2].content == {"method": "unlearning", "heads": 1, "before": hash_files(run).sha256,
                                  "after": hash_files(new).sha256}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(("split", "trained"), [("validation", 3), ("test", 0)])
def test_a_patient_of_another_split_costs_all_heads_or_none(sharded, tmp_path, split, trained):
    study, run = copied(sharded, tmp_path)
    done = forget(patient_of(run, split, sharded[1]), study=Study.load(study / "study.yaml"), folders=[run.parent])
    (unlearnt,) = done.unlearnt
    assert (unlearnt.trained, unlearnt.shards) == (trained, 3) and done.waiting == ()


@pytest.mark.slow
def test_two_erasures_in_a_row_and_records_that_changed(sharded, tmp_path):
    study, run = copied(sharded, tmp_path)
    loaded, rows = Study.load(study / "study.yaml"), sharded[1]
    later = forget(patient_of(run, "train", rows), study=loaded, folders=[run.parent], later=True)
    assert later.unlearnt == () and len(later.waiting) == 1 and (run / "shards").is_dir()
    second = forget(patient_of(run, "train", rows), study=loaded, folders=[run.parent])
    (unlearnt,) = second.unlearnt
    assert 1 <= unlearnt.trained <= 2 and waiting(study / "erased.json", "small") == []
    assert len(pq.read_table(unlearnt.after / "splits.parquet")) == N - 4
    third = forget(patient_of(unlearnt.after, "train", rows), study=loaded, folders=[run.parent])
    assert [one.after.name for one in third.unlearnt] == ["first-unlearnt-2"]  # the run of the start has no heads now
    with (study / "records.csv").open("a") as stream:
        stream.write("r999,P9999,F,ill,fever again\n")
    newest = third.unlearnt[0].after
    fourth = forget(patient_of(newest, "train", rows), study=loaded, folders=[newest])
    assert fourth.unlearnt == () and len(fourth.waiting) == 1 and (newest / "shards").is_dir()
    assert not (run.parent / "first-unlearnt-3").exists()


@pytest.mark.parametrize(
    ("keys", "because"),
    [
        (["model.adapt=full"], "model.adapt.method full moves weights below the head"),
        (["cohort.inputs.vitals=[age]"], "the encoder of vitals lies below the head"),
        (["cohort.inputs.image={column: film, size: 32}"], "training by shards is of texts alone"),
        (["training.privacy={epsilon: 3}"], "training.privacy promises its epsilon for one model"),
        (["training.objective.fairness={method: reweighing}"], "fairness.method reweighing is set by counts"),
        (["training.objective.robustness={method: augmentation}"], "adds records that are of no shard"),
        (["assess.canaries=50"], "assess.canaries are records of no patient"),
        (["training.shards=1"], "training.shards"),
    ],
)
def test_what_cannot_be_sharded_is_refused_with_its_reason(sharded, keys, because):
    with pytest.raises(StudyError, match=because):
        Study.load(sharded[2] / "study" / "study.yaml", overrides=keys)


def test_a_run_again_after_an_erasure_knows_nothing_of_the_patient(short_backbone, tmp_path):
    rows = records()
    rows[34]["note"] += f" {CANARY}"
    patient, mine = rows[34]["who"], {row["id"] for row in rows if row["who"] == rows[34]["who"]}
    study = write_study(tmp_path / "study", rows, shards=None, split={"seed": 5}, backbone=short_backbone)
    before = study.run(out=tmp_path / "runs" / "before").path
    done = erase(patient, study=study, folders=[tmp_path / "runs"])
    assert waiting(done.lists[0], "small") == list(done.queue)
    # A later export holds the patient again, in another spelling of the file and with one more record.
    rows.append({**rows[34], "id": "r900", "note": f"fever {CANARY} once more"})
    columns = list(reversed(rows[0]))
    lines = [",".join(columns), *(",".join(row[column] for column in columns) for row in reversed(rows))]
    (tmp_path / "study" / "records.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    after = study.run(out=tmp_path / "runs" / "after").path
    assert waiting(done.lists[0], "small") == []
    assert json.loads(done.queue[0].read_text())["by"] == str(after.resolve())
    counts = json.loads((after / "cohort.json").read_text())
    assert counts["records"] == N - 2 and counts["patients"] == N // 2 - 1
    ids = set(pq.read_table(after / "splits.parquet")["id"].to_pylist())
    assert ids == {row["id"] for row in rows} - mine - {"r900"}
    files = [file for file in after.rglob("*") if file.is_file()]
    assert len(files) > 15
    for file in files:
        inside = held(file)
        assert CANARY not in inside, file
        if file.suffix not in (".onnx", ".safetensors"):
            assert not [one for one in {patient, "r900", *mine} if one in inside], file
    assert sha256_of(before / "model" / "model.safetensors") != sha256_of(after / "model" / "model.safetensors")


def test_the_key_to_cases_at_rest_is_destroyed_and_that_is_recorded(tmp_path, capsys):
    (tmp_path / "master.key").write_text(new_key() + "\n")
    (tmp_path / "master.key").chmod(0o600)
    vault = Vault(path=tmp_path / "keys.db", masters=read_keys(f"file:{tmp_path / 'master.key'}"))
    mine, other = (Place(patient=who, record="case-1", field="note") for who in ("P0017", "P0018"))
    sealed = [vault.seal("chest pain", place) for place in (mine, other)]
    keys = ["--vault", str(vault.path), "--master-key", f"file:{tmp_path / 'master.key'}", "--json", "--quiet"]
    for shredded in (True, False):
        assert main(["erase", "--patient", "P0017", *keys, "--db", str(tmp_path / "record.sqlite")]) == 0
        said = json.loads(capsys.readouterr().out)
        assert said["shredded"] is shredded and said["places"] == [] and said["recorded"] == 1
    with pytest.raises(ShreddedError, match="key was destroyed"):
        vault.unseal(sealed[0], mine)
    assert vault.unseal(sealed[1], other) == "chest pain"
    with Ledger.open(str(tmp_path / "record.sqlite")) as ledger:
        entries = list(ledger.entries())
    assert [dict(entry.content) for entry in entries] == [{"method": "shredding", "keys": n} for n in (1, 0)]
    assert b"P0017" not in (tmp_path / "record.sqlite").read_bytes()
    for wrong, because in ((["--vault", str(tmp_path / "none.db")], "no such file of patients' keys"),
                           (["--vault", str(vault.path)], "say what wraps the patients' keys")):  # fmt: skip
        assert main(["erase", "--patient", "P0018", *wrong, "--quiet"]) == 2
        assert because in capsys.readouterr().err
    assert not (tmp_path / "none.db").exists()
