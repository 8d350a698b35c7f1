"""Private training of a real backbone: it learns, tells nothing without noise, and states its epsilon."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from primum.errors import StudyError
from primum.model.adapters import Adaptation
from primum.model.backbones import locate_backbone
from primum.model.building import NetSpec
from primum.model.net import HeadSpec
from primum.training.fit import FitRequest, fit
from primum.training.plan import FairnessPlan, TrainingPlan
from primum.training.private import PrivacyPlan
from primum.training.private.trainer import PrivateTrainer


def _request(symptoms, folder, method="head", epsilon=8.0, **changes):
    cohort, split = symptoms
    plan = TrainingPlan(
        epochs=20,
        lr=2e-3,
        head_lr=2e-2,
        precision="fp32",
        patience=None,
        privacy=PrivacyPlan(epsilon=epsilon, batch=40),
    )
    return FitRequest(
        cohort=cohort,
        split=split,
        spec=NetSpec(head=HeadSpec(kind="classes", outputs=4), adaptation=Adaptation(method=method), width=16),
        plan=replace(plan, **changes),
        backbone_folder=locate_backbone("minilm"),
        max_tokens=48,
        input_names=("text",),
        folder=folder,
        model_folder=folder / "model",
        probe=False,
    )


def test_a_private_head_learns_and_states_its_epsilon(symptoms, tmp_path):
    fitted = fit(_request(symptoms, tmp_path))
    [promise] = [f for f in fitted.findings if f.metric == "epsilon"]
    assert promise.pillar == "privacy" and promise.n == 80 and 7.5 < promise.value <= 8.0
    assert promise.detail["delta"] == pytest.approx(0.1 / 80) and promise.detail["self_test"] < 1e-3
    assert fitted.history["privacy"]["steps_taken"] == 40
    cohort, split = symptoms
    answers = fitted.predictor.predict_prepared(fitted.prepared)
    test = split == "test"
    assert (answers[test].argmax(1) == cohort.target.values[test]).mean() > 0.6  # a quarter by chance


def test_no_loss_or_gradient_norm_of_training_records_is_written(symptoms, tmp_path):
    fitted = fit(_request(symptoms, tmp_path, epochs=2))
    assert fitted.history["train"] == [] and fitted.history["validation"]
    for state in tmp_path.rglob("trainer_state.json"):
        for entry in json.loads(state.read_text())["log_history"]:
            assert not {"loss", "train_loss"} & set(entry) and not entry.get("grad_norm")


def test_scales_are_read_from_validation_and_no_word_list_from_train(symptoms, tmp_path):
    cohort, split = symptoms
    moved = replace(cohort, records=replace(cohort.records, vitals={"rate": _far(cohort, split == "train")}))
    plain = fit(replace(_request((cohort, split), tmp_path / "a", epochs=1), input_names=("vitals",)))
    far = fit(replace(_request((moved, split), tmp_path / "b", epochs=1), input_names=("vitals",)))
    assert plain.predictor.inputs["vitals"].state() == far.predictor.inputs["vitals"].state()
    nobody = np.where(split == "validation", "unused", split)
    with pytest.raises(StudyError, match="reads scales and levels from the validation split"):
        fit(_request((cohort, nobody), tmp_path / "c"))


def _far(cohort, rows):
    column = cohort.records.vitals["rate"]
    return replace(column, values=np.where(rows, column.values + 1000.0, column.values))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"balanced_classes": True}, "class_weights: balanced"),
        ({"fairness": FairnessPlan(method="reweighing")}, "reweighing needs the training patients' groups"),
        ({"accumulate": 2}, "training.accumulate"),
    ],
)
def test_what_looks_at_training_patients_without_noise_is_refused(symptoms, tmp_path, changes, told):
    with pytest.raises(StudyError, match=told):
        fit(_request(symptoms, tmp_path, **changes))
    with pytest.raises(StudyError, match="adalora"):
        fit(_request(symptoms, tmp_path, method="adalora"))


def test_a_step_is_the_clipped_sum_with_noise_over_the_expected_number(symptoms, tmp_path, monkeypatch):
    """With all noise written down, what is left is the sum of clipped gradients; an empty draw is noise alone."""
    seen = {}
    plain = PrivateTrainer.training_step

    def step(self, model, inputs, num_items_in_batch=None):
        state = self._noise.get_state()
        result = plain(self, model, inputs, num_items_in_batch)
        again = torch.Generator()
        again.set_state(state)
        deviation = self.budget.noise * self.budget.clip
        total = 0.0
        for p in self.per_record.parameters():
            noise = torch.empty_like(p).normal_(0.0, deviation, generator=again)
            total += float(((p.grad * self._expected - noise) ** 2).sum())
        seen.setdefault(len(inputs["labels"]), total**0.5)
        return result

    monkeypatch.setattr(PrivateTrainer, "training_step", step)
    request = _request(symptoms, tmp_path, epochs=6)
    fit(replace(request, plan=replace(request.plan, privacy=PrivacyPlan(epsilon=50.0, batch=2, clip=0.01))))
    assert 0 in seen and seen[0] < 1e-4
    for records, size in seen.items():
        assert size <= records * 0.01 + 1e-4
    assert seen[1] == pytest.approx(0.01, rel=0.02)
