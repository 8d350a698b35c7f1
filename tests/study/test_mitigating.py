"""A mitigated run: its twin, its changes, its thresholds, and what a resume and a prediction make of them."""

import json

import numpy as np
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest

from primum.errors import StudyError
from primum.evidence import read_predictions
from primum.fairness import DECISIONS_FILE
from primum.study import Study, mitigating
from primum.study.predicting import predict_run

QUICK = [
    "cohort.inputs.text=[]",
    "training.epochs=4",
    "assess.resamples=200",
    "assess.baselines=false",
    "training.track=[]",
]
FAIRNESS = "training.objective.fairness"
BOTH = [
    f"{FAIRNESS}.method=penalty",
    f"{FAIRNESS}.attributes=sex",
    f"{FAIRNESS}.thresholds.attribute=age",
    f"{FAIRNESS}.thresholds.criterion=equal_opportunity",
]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return Study.load("heart", overrides=[*QUICK, *BOTH]).run(out=tmp_path_factory.mktemp("runs") / "heart")


def test_the_twin_is_the_same_study_without_mitigation(run, tmp_path):
    plain = Study.load("heart", overrides=QUICK).run(out=tmp_path / "plain")
    twin = read_predictions(run.path / "unmitigated.parquet")
    alone = read_predictions(plain.path / "predictions.parquet")
    np.testing.assert_array_equal(twin.probabilities, alone.probabilities)
    assert not [f for f in plain.findings if f.metric.endswith("_change")]


def test_changes_and_costs_are_found_on_both_splits(run):
    for split in ("test", "external"):
        changes = [f for f in run.findings if f.metric.endswith("_change") and f.split == split]
        assert {"tpr_gap_change", "equalised_odds_difference_change"} <= {f.metric for f in changes}
        costs = {f.metric for f in run.findings if f.versus == {"baseline": "unmitigated"} and f.split == split}
        assert {"accuracy_gain", "balanced_accuracy_gain", "auroc_gain"} <= costs
    aims = [f for f in run.findings if f.detail.get("role") == "aim" and f.split == "test"]
    assert {(f.detail["attribute"], f.metric) for f in aims} == {
        ("sex", "equalised_odds_difference_change"),
        ("age", "equal_opportunity_difference_change"),
    }


def test_the_verdict_asks_about_a_mitigation_that_was_not_shown_to_help(run):
    rules = {r["rule"]: r for r in json.loads((run.path / "verdict.json").read_text())["rules"]}
    for name, metric in (("equalised_odds", "equalised_odds"), ("equal_opportunity", "equal_opportunity")):
        aims = [f for f in run.findings if f.detail.get("role") == "aim" and f.metric == f"{metric}_difference_change"]
        helped = all(f.high is not None and f.high < 0 and f.enough for f in aims)
        assert (rules[f"fairness.mitigation_{name}"]["outcome"] == "pass") == helped


def test_new_records_are_decided_as_the_run_decided(run, tmp_path):
    source = Study.load("heart").source
    predict_run(run.path, source, tmp_path / "out.csv")
    new = {row["id"]: row for row in pc.read_csv(tmp_path / "out.csv").to_pylist()}
    old = pq.read_table(run.path / "predictions.parquet").to_pylist()
    assert len(new) == len(old) == 920
    assert all(new[int(row["id"])]["predicted"] == row["predicted"] for row in old)
    assert all(abs(new[int(r["id"])]["p:Heart_Disease"] - r["p:Heart_Disease"]) < 1e-6 for r in old)
    assert json.loads((run.path / "model" / DECISIONS_FILE).read_text())["attribute"] == "age"


def test_a_resumed_run_does_not_train_the_twin_again(tmp_path, monkeypatch):
    study = Study.load("heart", overrides=[*QUICK, *BOTH])
    first = study.run(out=tmp_path / "run")
    before = (first.path / "predictions.parquet").read_bytes()
    (first.path / "report.html").unlink()

    def refuse(*args, **kwargs):
        raise AssertionError("the twin was trained again")

    monkeypatch.setattr(mitigating, "_trained", refuse)
    again = study.run(out=tmp_path / "run", resume=True)
    assert (again.path / "predictions.parquet").read_bytes() == before
    assert [f.to_json() for f in again.findings] == [f.to_json() for f in first.findings]


def test_with_thresholds_alone_the_twin_is_the_model_itself(tmp_path, monkeypatch):
    monkeypatch.setattr(mitigating, "_trained", None)
    run = Study.load("heart", overrides=[*QUICK, f"{FAIRNESS}.thresholds.attribute=sex"]).run(out=tmp_path / "run")
    twin, model = (read_predictions(run.path / name) for name in ("unmitigated.parquet", "predictions.parquet"))
    assert (twin.predicted == twin.probabilities.argmax(1)).all()
    assert len(twin) == len(model)


@pytest.mark.parametrize(
    ("override", "said"),
    [
        (f"{FAIRNESS}.method=reweigh", "did you mean 'reweighing'"),
        (f"{FAIRNESS}.attributes=[sexx]", "name a method or thresholds"),
        (f"{FAIRNESS}.thresholds.attribute=agee", "did you mean 'age'"),
        (f"{FAIRNESS}.thresholds={{attribute: sex, criterion: equal_odds}}", "did you mean 'equalised_odds'"),
        (f"{FAIRNESS}.thresholds={{attribute: sex, slak: 0.1}}", "did you mean 'slack'"),
    ],
)
def test_a_wrong_key_or_value_is_one_sentence_with_the_nearest_name(override, said):
    with pytest.raises(StudyError, match=said):
        Study.load("heart", overrides=[override])


def test_a_method_that_does_not_fit_is_refused_before_anything_is_written(tmp_path):
    study = Study.load("heart", overrides=[*QUICK, f"{FAIRNESS}.method=text_augmentation"])
    with pytest.raises(StudyError, match="needs a text input"):
        study.run(out=tmp_path / "run")
    assert not (tmp_path / "run").exists()
    without = ["cohort.sensitive=[]", f"{FAIRNESS}.method=penalty"]
    with pytest.raises(StudyError, match="names no attribute"):
        Study.load("heart", overrides=without)


def test_the_registry_and_the_study_file_know_the_same_methods():
    from typing import get_args

    from primum.study.spec_training import MitigationName
    from primum.training.fairness import METHODS

    assert set(get_args(MitigationName)) == {"none", *METHODS}
