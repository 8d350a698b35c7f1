"""A run with calibration, conformal sets and abstention: answers in use are the same everywhere."""

from __future__ import annotations

import json

import numpy as np
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest

from primum.errors import StudyError
from primum.evidence import read_predictions
from primum.study import Study
from primum.study.predicting import predict_run

QUICK = [
    "cohort.inputs.text=[]",
    "training.epochs=2",
    "assess.resamples=100",
    "assess.baselines=false",
    "training.track=[]",
    "cohort.split.train=0.4",
    "cohort.split.calibration=0.3",
]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    asked = ["model.calibration=beta", "model.abstention.risk=0.25"]
    return Study.load("heart", overrides=[*QUICK, *asked]).run(out=tmp_path_factory.mktemp("runs") / "heart")


def test_predictions_are_the_calibrated_ones_and_the_others_are_kept(run):
    after, before = (read_predictions(run.path / f"{name}.parquet") for name in ("predictions", "uncalibrated"))
    assert not np.allclose(after.probabilities, before.probabilities, atol=1e-3)
    saved = json.loads((run.path / "model" / "calibration.json").read_text())
    assert saved["common"]["method"] == "beta" and saved["why"] == "asked"
    gains = {f.metric for f in run.findings if f.versus == {"baseline": "uncalibrated"}}
    assert gains == {"ece_gain", "log_loss_gain", "brier_gain"}


def test_new_records_get_the_runs_answers_sets_and_abstention(run, tmp_path):
    predict_run(run.path, Study.load("heart").source, tmp_path / "out.csv")
    new = {str(row["id"]): row for row in pc.read_csv(tmp_path / "out.csv").to_pylist()}
    old = pq.read_table(run.path / "predictions.parquet").to_pylist()
    assert all(abs(new[row["id"]]["p:Heart_Disease"] - row["p:Heart_Disease"]) < 1e-6 for row in old)
    assert all(new[row["id"]]["predicted"] == row["predicted"] for row in old)
    abstention = json.loads((run.path / "model" / "abstention.json").read_text())
    for row in new.values():
        sure = max(row["p:Healthy"], row["p:Heart_Disease"])
        assert row["abstain"] == (abstention["threshold"] is None or sure <= abstention["threshold"])
        assert bool(row["abstain_because"]) == row["abstain"]
    test = [row for row in old if row["split"] == "test"]
    covered = np.mean([row["target"] in new[row["id"]]["set"].split(";") for row in test])
    [found] = [
        f for f in run.findings
        if f.metric == "conformal_coverage" and f.split == "test" and not f.slice and f.class_ is None
    ]  # fmt: skip
    assert covered == pytest.approx(found.value)


def test_records_without_the_columns_of_groups_get_wider_sets(run, tmp_path):
    table = pc.read_csv(Study.load("heart").source)
    pc.write_csv(table.drop_columns(["dataset"]), tmp_path / "new.csv")
    for name, source in (("full", Study.load("heart").source), ("bare", tmp_path / "new.csv")):
        predict_run(run.path, source, tmp_path / f"{name}.csv")
    sizes = [
        np.mean([len(s.split(";")) if s else 0 for s in pc.read_csv(tmp_path / f"{n}.csv")["set"].to_pylist()])
        for n in ("full", "bare")
    ]
    assert sizes[1] >= sizes[0]


def test_the_card_and_the_report_say_what_is_in_use(run):
    card = (run.path / "card.md").read_text()
    assert "Calibration: beta (as the study asks; " in card
    assert "at most 25 % wrong among the answered, with 95 % confidence" in card
    report = (run.path / "report.html").read_text()
    assert 'id="trust"' in report and "How far its probabilities can be trusted" in report
    assert "beta calibration" in report


def test_the_counterfactual_audit_asks_the_calibrated_model(run, monkeypatch):
    predictions = read_predictions(run.path / "predictions.parquet")
    test = predictions.of_split("test")
    shifts = [f for f in run.findings if f.metric == "counterfactual_shift" and f.split == "test"]
    assert shifts and all(abs(f.value) <= np.ptp(test.probabilities[:, 1]) for f in shifts)


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("model.calibration=temprature", "did you mean 'temperature'"),
        ("model.conformal.score=raps2", "did you mean 'raps'"),
        ("model.abstention={risk: 0}", "risk"),
        ("model.abstention={risk: 0.1, confidance: 0.9}", "did you mean 'confidence'"),
    ],
)
def test_a_wrong_key_or_value_is_one_sentence(override, said):
    with pytest.raises(StudyError, match=said):
        Study.load("heart", overrides=[override])


def test_what_does_not_fit_the_target_is_refused():
    with pytest.raises(StudyError, match="has intervals, no wrong answers"):
        Study.load("heart", overrides=["cohort.target.type=number", "model.abstention.risk=0.1",
                                       "training.early_stopping.metric=mae"])  # fmt: skip
    with pytest.raises(StudyError, match="cohort.split.calibration must be above 0"):
        Study.load(
            "heart", overrides=["cohort.split.calibration=0", "cohort.split.train=0.7", "model.abstention.risk=0.1"]
        )
