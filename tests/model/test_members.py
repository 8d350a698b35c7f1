"""Members answer by the arithmetic they promise, alone as in company, and come back from disk as they were."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from primum.cohort.records import Records, VitalColumn
from primum.errors import InputError
from primum.model.adapters import Adaptation
from primum.model.building import NetSpec, build_net
from primum.model.inputs import VitalsInput
from primum.model.members import ENSEMBLE_FILE, DropoutMembers, TrainedMembers, load_members
from primum.model.net import HeadSpec
from primum.model.predictor import Predictor


def _records(n: int) -> Records:
    rng = np.random.default_rng(0)
    columns = {name: VitalColumn(name=name, kind="number", values=rng.normal(size=n)) for name in ("age", "chol")}
    return Records(n=n, vitals=columns)


def _predictor(seed: int, kind: str = "classes") -> Predictor:
    torch.manual_seed(seed)
    spec = NetSpec(head=HeadSpec(kind=kind, outputs=1 if kind == "number" else 3), adaptation=Adaptation(method="full"))
    inputs = {"vitals": VitalsInput.fit(_records(50).vitals, np.arange(50))}
    net = build_net(spec, inputs, backbone_folder=None, pretrained=False).eval()
    classes = () if kind == "number" else ("a", "b", "c")
    return Predictor(net=net, spec=spec, inputs=inputs, classes=classes, backbone_folder=None)


def _asked(predictor: Predictor, n: int):
    prepared = predictor.prepare(_records(50))
    inside = predictor.inside_prepared(prepared)
    assert len(inside.features) == 50
    return prepared, inside.features[:n]


@pytest.mark.parametrize("kind", ["classes", "labels", "number"])
def test_a_dropout_member_is_the_head_without_its_part_of_the_features(kind):
    predictor = _predictor(1, kind)
    prepared, features = _asked(predictor, 50)
    members = DropoutMembers(members=7, rate=0.25, seed=5)
    answers = members.answers(predictor, prepared, features)
    kept = np.random.default_rng(5).random((7, features.shape[1])) >= 0.25
    weight, bias = predictor.net.head.out.weight.detach().numpy(), predictor.net.head.out.bias.detach().numpy()
    for member in range(7):
        logits = (features * kept[member] / 0.75) @ weight.T + bias
        if kind == "classes":
            wanted = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        else:
            wanted = 1 / (1 + np.exp(-logits)) if kind == "labels" else logits[:, 0]
        assert answers[member] == pytest.approx(wanted, abs=1e-5)


def test_a_record_is_answered_alone_as_in_company():
    predictor = _predictor(1)
    prepared, features = _asked(predictor, 50)
    members = DropoutMembers(members=4, rate=0.5, seed=0)
    together = members.answers(predictor, prepared, features)
    assert members.answers(predictor, prepared, features[7:8])[:, 0] == pytest.approx(together[:, 7], abs=1e-6)


def test_trained_members_answer_as_the_models_that_they_are(tmp_path):
    predictor, others = _predictor(1), [_predictor(seed) for seed in (2, 3)]
    prepared, features = _asked(predictor, 50)
    members = TrainedMembers.of(predictor, iter(others))
    before = predictor.predict_prepared(prepared)
    answers = members.answers(predictor, prepared, features)
    for place, other in enumerate(others):
        assert answers[place] == pytest.approx(other.predict_prepared(prepared))
    assert predictor.predict_prepared(prepared) == pytest.approx(before)
    members.save(tmp_path)
    assert load_members(tmp_path).answers(predictor, prepared, features) == pytest.approx(answers)


def test_only_weights_that_differ_are_kept():
    predictor, other = _predictor(1), _predictor(1)
    with torch.no_grad():
        other.net.head.out.bias += 1.0
    (difference,) = TrainedMembers.of(predictor, [other]).differences
    assert list(difference) == ["head.out.bias"]


def test_what_is_saved_comes_back(tmp_path):
    assert load_members(tmp_path) is None
    members = DropoutMembers(members=4, rate=0.5, seed=9)
    members.save(tmp_path)
    assert load_members(tmp_path) == members


@pytest.mark.parametrize(
    "text", ["{", '{"format": 2, "how": "dropout"}', '{"format": 1, "how": "training", "members": 1}']
)
def test_a_damaged_ensemble_is_refused(tmp_path, text):
    (tmp_path / ENSEMBLE_FILE).write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="not an ensemble that primum wrote"):
        load_members(tmp_path)
