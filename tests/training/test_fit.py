"""Fitting on real text: every method and optimiser learns, a killed run ends where an undisturbed one does."""

import os
import pickle
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from primum.errors import TrainingFailedError
from primum.model.adapters import Adaptation
from primum.model.building import NetSpec
from primum.model.net import HeadSpec
from primum.training.fit import FitRequest, fit
from primum.training.plan import TrainingPlan

PLAN = TrainingPlan(epochs=2, batch=8, lr=5e-4, head_lr=5e-3, precision="fp32", patience=None)


@pytest.fixture(scope="module")
def fit_request(short_backbone):
    """Make the request of a small fit."""

    def made(symptoms, tmp_path, method="full", plan=PLAN, **options) -> FitRequest:
        cohort, split = symptoms
        head = HeadSpec(kind=options.pop("kind", "classes"), outputs=options.pop("outputs", 4))
        return FitRequest(
            cohort=cohort,
            split=split,
            spec=NetSpec(head=head, adaptation=Adaptation(method=method), width=16),
            plan=plan,
            backbone_folder=short_backbone,
            max_tokens=48,
            input_names=options.pop("input_names", ("text",)),
            folder=tmp_path,
            model_folder=tmp_path / "model",
        )

    return made


def _accuracy(fitted, symptoms):
    cohort, split = symptoms
    answers = fitted.predictor.predict_prepared(fitted.prepared)
    return float((answers.argmax(1) == cohort.target.values)[split == "test"].mean())


@pytest.mark.parametrize(
    ("method", "lr", "epochs"),
    [
        ("full", 5e-4, 2),
        ("head", 5e-4, 10),
        ("none", 5e-4, 10),
        ("lora", 1e-2, 2),
        ("adalora", 2e-2, 2),
        ("prefix", 5e-2, 6),
        ("adapter", 5e-3, 6),
    ],
)
def test_every_method_learns_and_proves_it(symptoms, tmp_path, method, lr, epochs, fit_request):
    fitted = fit(fit_request(symptoms, tmp_path, method, replace(PLAN, lr=lr, epochs=epochs)))
    assert _accuracy(fitted, symptoms) >= 0.7  # four diseases: guessing gives 0.25
    gain = fitted.findings[0]
    assert gain.metric == "learnt_log_loss_gain" and gain.low is not None and gain.low > 0
    checks = fitted.history["checks"]
    assert checks["head_moved"] and checks["frozen_unchanged"]
    assert 0 < checks["moved"] <= checks["trainable_tensors"]


@pytest.mark.parametrize(
    ("name", "lr", "head_lr"),
    [("sgd", 0.02, 0.1), ("adafactor", 5e-3, 5e-2), ("adagrad", 2e-3, 5e-2)],  # adamw learns in every other test
)
def test_every_optimizer_learns(symptoms, tmp_path, name, lr, head_lr, fit_request):
    plan = replace(PLAN, optimizer=name, lr=lr, head_lr=head_lr, epochs=4)
    assert _accuracy(fit(fit_request(symptoms, tmp_path, "full", plan)), symptoms) >= 0.7


def test_a_linear_head_on_frozen_features_reaches_the_convex_optimum(symptoms, tmp_path, fit_request):
    cohort, split = symptoms
    plan = replace(PLAN, epochs=150, head_lr=5e-2, weight_decay=0.0, warmup=0.0, clip=0.0, metric="log_loss")
    fitted = fit(fit_request(symptoms, tmp_path, "none", plan))
    features = fitted.untuned_features
    train = split == "train"
    oracle = LogisticRegression(C=1e4, max_iter=5000).fit(features[train], cohort.target.values[train])
    # both are near the optimum of the same convex problem: they agree about the held-out records
    ours = fitted.predictor.predict_prepared(fitted.prepared)[split == "test"].argmax(1)
    theirs = oracle.predict(features[split == "test"])
    assert (ours == theirs).mean() >= 0.9


def test_early_stopping_keeps_the_best_epoch(symptoms, tmp_path, fit_request):
    cohort, split = symptoms
    fitted = fit(fit_request(symptoms, tmp_path, "full", replace(PLAN, epochs=8, lr=1e-3, patience=1)))
    curve = [entry["log_loss"] for entry in fitted.history["validation"]]
    rows = split == "validation"
    answers = fitted.predictor.predict_prepared(fitted.prepared)[rows]
    assert log_loss(cohort.target.values[rows], answers, labels=range(4)) == pytest.approx(min(curve), rel=1e-4)
    assert fitted.history["stopped_early"] == (len(curve) < 8)


def test_text_and_vitals_train_together(symptoms, tmp_path, fit_request):
    fitted = fit(fit_request(symptoms, tmp_path, input_names=("text", "vitals")))
    assert set(fitted.predictor.inputs) == {"text", "vitals"}
    assert _accuracy(fitted, symptoms) >= 0.7


def test_a_number_is_learnt_in_its_own_unit(symptoms, tmp_path, fit_request):
    cohort, split = symptoms
    values = 100.0 + 25.0 * cohort.target.values.astype(float)
    numbers = replace(cohort, target=replace(cohort.target, kind="number", classes=(), values=values))
    plan = replace(PLAN, metric="mae", epochs=4)
    fitted = fit(fit_request((numbers, split), tmp_path, plan=plan, kind="number", outputs=1))
    answers = fitted.predictor.predict_prepared(fitted.prepared)
    test, train = split == "test", split == "train"
    assert np.abs(answers - values)[test].mean() < 0.6 * np.abs(values[test] - values[train].mean()).mean()


def test_several_labels_at_once_are_learnt(symptoms, tmp_path, fit_request):
    cohort, split = symptoms
    codes = cohort.target.values
    several = np.stack([codes < 2, codes % 2 == 0], axis=1).astype(np.int64)
    labelled = replace(cohort, target=replace(cohort.target, kind="labels", classes=("low", "even"), values=several))
    fitted = fit(fit_request((labelled, split), tmp_path, plan=replace(PLAN, epochs=4), kind="labels", outputs=2))
    answers = fitted.predictor.predict_prepared(fitted.prepared)
    assert ((answers >= 0.5) == several)[split == "test"].mean() >= 0.8


def test_weights_that_cannot_move_fail_the_run(symptoms, tmp_path, fit_request):
    plan = replace(PLAN, lr=0.0, head_lr=0.0, epochs=1)
    with pytest.raises(TrainingFailedError, match="did not move"):
        fit(fit_request(symptoms, tmp_path, "full", plan))


def test_a_head_lost_on_saving_fails_the_run(symptoms, tmp_path, monkeypatch, fit_request):
    from primum.model import predictor

    original = predictor.Predictor.save

    def lossy(self, folder):
        kept = self.net.head.out.weight.detach().clone()
        self.net.head.out.weight.data.normal_()
        original(self, folder)
        self.net.head.out.weight.data.copy_(kept)

    monkeypatch.setattr(predictor.Predictor, "save", lossy)
    with pytest.raises(TrainingFailedError, match="answers differently"):
        fit(fit_request(symptoms, tmp_path, "head", replace(PLAN, epochs=1)))


_SCRIPT = """
import sys, pickle, pathlib, numpy as np
from primum.training.fit import fit
request = pickle.loads(pathlib.Path(sys.argv[1]).read_bytes())
fitted = fit(request)
np.save(sys.argv[2], fitted.predictor.predict_prepared(fitted.prepared))
"""


def test_a_killed_training_ends_where_an_undisturbed_one_does(symptoms, tmp_path, fit_request, forks):
    plan = replace(PLAN, epochs=6, patience=6)
    answers = []
    for name in ("undisturbed", "killed"):
        folder = tmp_path / name
        folder.mkdir()
        request = fit_request(symptoms, folder, "full", plan)
        request = replace(request, spec=replace(request.spec, backbone_dropout=0.1))
        (folder / "request").write_bytes(pickle.dumps(request))
        asked = (str(folder / "request"), str(folder / "answers.npy"))
        if name == "killed":
            process = forks.begin(*asked, cwd=folder, code=_SCRIPT)
            while not list((folder / "checkpoints").glob("checkpoint-*/trainer_state.json")) and process.poll() is None:
                time.sleep(0.05)
            time.sleep(0.2)  # into the next epoch
            os.kill(process.pid, signal.SIGKILL)
            assert process.wait().returncode == -signal.SIGKILL
            assert not (folder / "answers.npy").exists()
        done = forks.run(*asked, cwd=folder, code=_SCRIPT)
        assert done.returncode == 0, done.stderr
        answers.append(np.load(folder / "answers.npy"))
    np.testing.assert_allclose(answers[0], answers[1], atol=1e-7)


@pytest.mark.slow
def test_two_processes_train_one_model(symptoms, tmp_path, fit_request):
    cohort, split = symptoms
    request = fit_request(symptoms, tmp_path, "full", replace(PLAN, epochs=3))
    (tmp_path / "request").write_bytes(pickle.dumps(request))
    (tmp_path / "script.py").write_text(_SCRIPT)
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node=2", "--master_port=29611"]
    command += [str(tmp_path / "script.py"), str(tmp_path / "request"), str(tmp_path / "answers.npy")]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    subprocess.run(command, env=environment, check=True, timeout=400)
    answers = np.load(tmp_path / "answers.npy")
    assert (answers.argmax(1) == cohort.target.values)[split == "test"].mean() >= 0.7
