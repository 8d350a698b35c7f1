"""An ensemble of either kind is saved with a run, told of in findings, and gives its disagreement with new answers."""

import csv
import json

import pytest

from primum.errors import StudyError
from primum.study import Study
from primum.study.predicting import predict_run

STUDY = """
study: small
cohort:
  source: records.csv
  id: id
  inputs: {vitals: [age, pulse]}
  target: {column: dx}
model: {ensemble: ENSEMBLE}
training: {epochs: 2, track: []}
assess: {baselines: false, resamples: 100, privacy: false, robustness: false, adversarial: false, novelty: false}
"""


def _run(folder, ensemble):
    lines = [f"r{i},{30 + i % 50},{60 + (7 * i) % 40},{('ill', 'well')[(i * i // 3) % 2]}" for i in range(200)]
    (folder / "records.csv").write_text("\n".join(["id,age,pulse,dx", *lines]), encoding="utf-8")
    (folder / "study.yaml").write_text(STUDY.replace("ENSEMBLE", ensemble), encoding="utf-8")
    return Study.load(folder / "study.yaml").run(out=folder / "run")


def _disagreements(run, folder):
    (folder / "new.csv").write_text("id,age,pulse\nq1,61,70\nq2,35,95\n", encoding="utf-8")
    predict_run(run.path, folder / "new.csv", folder / "answers.csv")
    with (folder / "answers.csv").open(encoding="utf-8") as stream:
        return [row.get("disagreement") for row in csv.DictReader(stream)]


@pytest.mark.parametrize("how", ["dropout", "training"])
def test_members_advise_and_their_disagreement_is_given(tmp_path, how):
    run = _run(tmp_path, f"{{how: {how}, members: 3}}")
    rates = [f for f in run.findings if f.metric == "disagreement_rate"]
    assert [f.split for f in rates] == ["test"]
    assert rates[0].detail == {"how": how, "members": 3}
    assert json.loads((run.path / "model" / "ensemble.json").read_text(encoding="utf-8"))["members"] == 3
    found = [float(value) for value in _disagreements(run, tmp_path)]
    assert all(round(3 * value) == pytest.approx(3 * value) and 0 <= value <= 1 for value in found)
    assert not (run.path / "twins").exists()


def test_without_an_ensemble_nothing_is_said(tmp_path):
    run = _run(tmp_path, "null")
    assert not [f for f in run.findings if f.metric.startswith("disagreement")]
    assert _disagreements(run, tmp_path) == [None, None]


def test_trained_members_would_spend_a_promise_again(tmp_path):
    with pytest.raises(StudyError, match="spend the epsilon once more"):
        Study.load("heart", overrides=["model.ensemble.how=training", "training.privacy.epsilon=8"])
