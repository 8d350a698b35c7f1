"""A whole run on the built-in study: what it writes, what its figures mean, and what a kill does to it."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml
from sklearn.metrics import accuracy_score, log_loss, roc_auc_score

from primum.errors import OutputError, StudyError
from primum.study import Study

QUICK = [
    "cohort.inputs.text=[]",
    "training.epochs=6",
    "training.early_stopping.patience=6",
    "assess.resamples=200",
    "training.track=[]",
]
FILES = {
    "study.yaml",
    "environment.json",
    "cohort.json",
    "splits.parquet",
    "predictions.parquet",
    "findings.jsonl",
    "verdict.json",
    "report.html",
    "card.md",
    "card.json",
    "card.xml",
    "history.json",
    "baselines.json",
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return Study.load("heart", overrides=QUICK).run(out=tmp_path_factory.mktemp("runs") / "heart")


def test_the_folder_holds_what_the_contract_lists(run):
    names = {path.name for path in run.path.iterdir()}
    assert FILES <= names
    assert not {"checkpoints", "twins"} & names
    suffixes = {p.suffix for p in (run.path / "model").rglob("*") if p.is_file() and p.name != "README.md"}
    assert suffixes <= {".safetensors", ".json", ".txt", ".onnx"}


def test_predictions_have_the_contracts_columns_and_probabilities(run):
    table = pq.read_table(run.path / "predictions.parquet")
    wanted = ["id", "split", "target", "predicted", "p:Healthy", "p:Heart_Disease", "sex", "age", "site"]
    assert table.column_names[: len(wanted)] == wanted
    assert len(table) == 920
    total = np.array(table["p:Healthy"]) + np.array(table["p:Heart_Disease"])
    np.testing.assert_allclose(total, 1.0, atol=1e-9)


@pytest.mark.parametrize("split", ["test", "external"])
def test_findings_equal_scikit_learn_on_the_written_predictions(run, split):
    rows = [row for row in pq.read_table(run.path / "predictions.parquet").to_pylist() if row["split"] == split]
    truth = np.array([row["target"] == "Heart_Disease" for row in rows])
    score = np.array([row["p:Heart_Disease"] for row in rows])
    said = np.array([row["predicted"] == "Heart_Disease" for row in rows])
    wanted = {
        "auroc": roc_auc_score(truth, score),
        "accuracy": accuracy_score(truth, said),
        "log_loss": log_loss(truth, score),
    }
    for metric, value in wanted.items():
        found = [
            f
            for f in run.findings
            if f.metric == metric and f.split == split and not f.slice and not f.versus and f.class_ is None
        ]
        assert [f.value for f in found] == [pytest.approx(value, abs=1e-9)]
        assert found[0].low <= value <= found[0].high
        assert found[0].n == len(rows)


def test_the_verdict_is_the_worst_of_its_rules_and_names_existing_findings(run):
    verdict = json.loads((run.path / "verdict.json").read_text())
    order = ["pass", "note", "review", "block"]
    worst = max((rule["outcome"] for rule in verdict["rules"]), key=order.index)
    assert verdict["verdict"] == ("pass" if worst == "note" else worst)
    n = len((run.path / "findings.jsonl").read_text().splitlines())
    assert all(0 <= i < n for rule in verdict["rules"] for i in rule["findings"])


def test_every_default_stands_in_the_resolved_study_which_runs_again_to_the_same_predictions(run, tmp_path):
    resolved = yaml.safe_load((run.path / "study.yaml").read_text())
    assert resolved["training"]["optimizer"]["weight_decay"] == 0.01
    again = Study.load(run.path / "study.yaml").run(out=tmp_path / "again")
    one, two = (pq.read_table(r.path / "predictions.parquet") for r in (run, again))
    assert one.equals(two)


def test_a_taken_folder_and_a_resume_of_nothing_are_refused(run, tmp_path):
    study = Study.load("heart", overrides=QUICK)
    with pytest.raises(OutputError, match="not empty"):
        study.run(out=run.path)
    with pytest.raises(OutputError, match="no stopped run"):
        study.run(out=tmp_path / "nothing", resume=True)
    assert not (tmp_path / "nothing").exists()


def test_resuming_a_finished_run_changes_nothing(run):
    before = {p: p.stat().st_mtime_ns for p in run.path.rglob("*") if p.is_file()}
    again = Study.load("heart", overrides=QUICK).run(out=run.path, resume=True)
    assert again.verdict.outcome == run.verdict.outcome
    assert {p: p.stat().st_mtime_ns for p in run.path.rglob("*") if p.is_file()} == before


def test_resuming_with_another_study_is_refused(tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    resolved = Study.load("heart", overrides=QUICK)
    from primum.study.resolving import resolved_study

    (folder / "study.yaml").write_text(yaml.safe_dump(resolved_study(resolved)))
    with pytest.raises(OutputError, match="training.epochs"):
        Study.load("heart", overrides=[*QUICK, "training.epochs=7"]).run(out=folder, resume=True)


def test_a_finished_run_is_not_given_out_as_that_of_another_study(run):
    with pytest.raises(OutputError, match="training.epochs"):
        Study.load("heart", overrides=[*QUICK, "training.epochs=7"]).run(out=run.path, resume=True)


def _command(out, *more):
    overrides = [
        part for key in (*QUICK, "training.epochs=40", "training.early_stopping.patience=40") for part in ("--set", key)
    ]
    return ["run", "heart", "--out", str(out), "--quiet", *overrides, *more]


def test_a_killed_run_resumes_to_the_predictions_of_an_undisturbed_one(forks, tmp_path):
    undisturbed = forks.run(*_command(tmp_path / "a"), cwd=tmp_path)
    assert undisturbed.returncode in (0, 3, 4), undisturbed.stderr
    process = forks.begin(*_command(tmp_path / "b"), cwd=tmp_path)
    while process.poll() is None and not list((tmp_path / "b").glob("checkpoints/checkpoint-*/trainer_state.json")):
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait().returncode == -signal.SIGKILL
    assert not (tmp_path / "b" / "predictions.parquet").exists()
    # From its first import on: sets lie in another order there, which the answers may not show.
    command = [sys.executable, "-m", "primum", *_command(tmp_path / "b", "--resume")]
    resumed = subprocess.run(command, capture_output=True, text=True)
    assert resumed.returncode == undisturbed.returncode, resumed.stderr
    one, two = (pq.read_table(tmp_path / name / "predictions.parquet") for name in "ab")
    assert one.equals(two)


def test_a_study_without_anything_to_judge_by_is_refused(tmp_path):
    with pytest.raises(StudyError, match="must each be above 0"):
        Study.load("heart", overrides=["cohort.split.test=0", "cohort.split.train=0.8"])


def test_findings_hold_the_records_and_what_another_sex_would_have_got(run):
    metrics = {finding.metric for finding in run.findings}
    assert {
        "representation",
        "base_rate",
        "missing_rate",
        "counterfactual_flip_rate",
        "counterfactual_shift",
    } <= metrics
    flips = [f for f in run.findings if f.metric == "counterfactual_flip_rate" and "sex" in f.slice]
    assert {(f.split, f.slice["sex"]) for f in flips} == {
        (split, sex) for split in ("test", "external") for sex in ("Female", "Male")
    }
    # Every record of heart states its sex among the vitals, so every one of the split was asked about again.
    table = pq.read_table(run.path / "predictions.parquet").to_pylist()
    for finding in flips:
        rows = [row for row in table if (row["split"], row["sex"]) == (finding.split, finding.slice["sex"])]
        assert finding.n == len(rows)


def test_counterfactual_questions_can_be_switched_off(tmp_path):
    off = [*QUICK, "training.epochs=1", "assess.baselines=false", "assess.counterfactual=false"]
    found = Study.load("heart", overrides=off).run(out=tmp_path / "run").findings
    assert not [f for f in found if f.pillar == "fairness" and f.metric.startswith("counterfactual")]
