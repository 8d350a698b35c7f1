"""Adversarial training: each record moves as far as it should, towards more loss, and what is padding stays."""

import numpy as np
import pytest
import torch

from primum.cohort.records import Records, TextList, VitalColumn
from primum.model.adapters import Adaptation
from primum.model.backbones import locate_backbone
from primum.model.building import NetSpec, build_net
from primum.model.inputs import TextInput, VitalsInput
from primum.model.net import HeadSpec
from primum.study.hardening import changed_copies
from primum.training.fit import FitRequest, fit
from primum.training.plan import RobustnessPlan, TrainingPlan
from primum.training.robustness import moved, opened
from primum.training.trainer import Collate

FOLDER = locate_backbone("minilm")
RECORDS = Records(
    n=4,
    text=TextList(["cough", "fever and chills since yesterday", None, "pain in the left arm"]),
    vitals={"age": VitalColumn(name="age", kind="number", values=np.array([40.0, 61.0, 55.0, np.nan]))},
)


def _net(method):
    inputs = {"text": TextInput(FOLDER, max_tokens=32), "vitals": VitalsInput.fit(RECORDS.vitals, np.arange(4))}
    spec = NetSpec(head=HeadSpec(kind="classes", outputs=2), adaptation=Adaptation(method=method), dropout=0.0, width=8)
    torch.manual_seed(0)
    net = build_net(spec, inputs, backbone_folder=FOLDER, pretrained=True)
    prepared = {name: one.prepare(RECORDS) for name, one in inputs.items()}
    return net, Collate(prepared, torch.tensor([0, 1, 1, 0]))(range(4))


@pytest.mark.parametrize("method", ["full", "lora", "prefix"])
def test_embedded_words_answer_as_ids_do_and_a_move_costs(method):
    net, batch = _net(method)
    net.eval()
    inputs = opened(net, batch["inputs"])
    outputs = net(inputs, batch["labels"])
    assert torch.allclose(outputs["logits"], net(batch["inputs"])["logits"], atol=1e-5)
    after = moved(inputs, outputs["loss"], 0.01)
    assert net(after, batch["labels"])["loss"] > outputs["loss"]
    step = (after["text"]["embedded"] - inputs["text"]["embedded"]).detach()
    mask = batch["inputs"]["text"]["mask"].bool()
    assert not step[~mask].any() and not step[2].any()  # padding, and a record without text
    for row in (0, 1, 3):
        length = inputs["text"]["embedded"].detach()[row][mask[row]].norm()
        assert float(step[row].norm()) == pytest.approx(0.01 * float(length), rel=1e-3)
    numbers = (after["vitals"]["numbers"] - inputs["vitals"]["numbers"]).detach()[:, 0]
    assert torch.isnan(numbers[3])  # a missing number stays missing
    values = batch["inputs"]["vitals"]["numbers"][:3, 0]
    np.testing.assert_allclose(numbers[:3].abs(), 0.01 * values.abs(), rtol=1e-3, atol=1e-7)
    assert "embedded" not in batch["inputs"]["text"]


def test_copies_are_changed_training_records_with_their_own_rows(symptoms):
    cohort, split = symptoms
    copies = changed_copies(cohort, split, RobustnessPlan(method="augmentation", strength=0.5), seed=7)
    assert len(copies.rows) == 40 and set(split[copies.rows]) == {"train"}
    before = cohort.records.text.take(copies.rows)
    after = copies.records.text.take(np.arange(40))
    assert sum(a != b for a, b in zip(before, after, strict=True)) > 30
    assert changed_copies(cohort, split, RobustnessPlan(method="fgm", strength=0.1), seed=7) is None


def test_a_model_trains_with_both_and_the_run_says_so(symptoms, tmp_path):
    cohort, split = symptoms
    request = FitRequest(
        cohort=cohort,
        split=split,
        spec=NetSpec(head=HeadSpec(kind="classes", outputs=4), adaptation=Adaptation(method="head"), width=16),
        plan=TrainingPlan(
            epochs=3, batch=8, head_lr=5e-3, precision="fp32", robustness=RobustnessPlan(method="fgm", strength=0.1)
        ),
        backbone_folder=FOLDER,
        max_tokens=48,
        input_names=("text",),
        folder=tmp_path,
        model_folder=tmp_path / "model",
        copies=changed_copies(cohort, split, RobustnessPlan(method="augmentation", strength=0.5), seed=7),
        probe=False,
    )
    fitted = fit(request)
    assert fitted.history["robustness"] == {"method": "fgm", "strength": 0.1}
    answers = fitted.predictor.predict_prepared(fitted.prepared)
    assert (answers.argmax(1) == cohort.target.values)[split == "test"].mean() > 0.7
