"""A model that reads each text once says what the model says, and reads each text once."""

from __future__ import annotations

import numpy as np
import pytest

from primum.cohort.records import Records, TextList, VitalColumn
from primum.model.adapters import Adaptation
from primum.model.backbones import locate_backbone
from primum.model.building import NetSpec, build_net
from primum.model.inputs import TextInput, VitalsInput
from primum.model.net import HeadSpec
from primum.model.predictor import Predictor
from primum.model.read_once import ReadOnce

TEXTS = ["chest pain on effort", None, "routine visit", "", "fever", "chest pain on effort", "  "]
AGE = np.array([61.0, 50.0, np.nan, 40.0, 33.0, 20.0, 70.0])


def _records(texts=TEXTS, age=AGE):
    column = VitalColumn(name="age", kind="number", values=np.asarray(age, dtype=np.float64))
    return Records(n=len(texts), text=TextList(texts), vitals={"age": column})


@pytest.fixture(scope="module")
def predictor():
    records = _records()
    inputs = {
        "text": TextInput(locate_backbone("minilm"), max_tokens=16),
        "vitals": VitalsInput.fit(records.vitals, np.arange(len(records))),
    }
    spec = NetSpec(
        head=HeadSpec(kind="classes", outputs=2), adaptation=Adaptation(method="full", freeze_layers=5), width=8
    )
    net = build_net(spec, inputs, backbone_folder=locate_backbone("minilm"), pretrained=True)
    net.eval()
    return Predictor(net=net, spec=spec, inputs=inputs, classes=("a", "b"), backbone_folder=locate_backbone("minilm"))


def _watched(predictor):
    seen = []
    hook = predictor.net.encoders["text"].backbone.register_forward_hook(
        lambda module, given, output: seen.append(len(output.last_hidden_state))
    )
    return seen, hook


def test_it_says_what_the_model_says_and_reads_each_text_once(predictor):
    model = ReadOnce(predictor)
    records = _records()
    plain = predictor.predict(records)
    seen, hook = _watched(predictor)
    np.testing.assert_allclose(model.predict(records), plain, atol=1e-5)
    older = _records(age=AGE + 30)
    changed = model.predict(older)
    hook.remove()
    assert sum(seen) == 4  # three texts that say something, and blanks once; nothing of the second time
    np.testing.assert_allclose(changed, predictor.predict(older), atol=1e-5)
    assert np.abs(changed - plain).max() > 1e-3


def test_records_without_any_text_and_without_a_text_column(predictor):
    model = ReadOnce(predictor)
    for records in (_records([None] * 7), Records(n=7, vitals=_records().vitals)):
        np.testing.assert_allclose(model.predict(records), predictor.predict(records), atol=1e-5)


def test_what_frozen_layers_made_of_the_texts_is_used(predictor):
    records = _records()
    prepared = predictor.prepare(records)["text"]
    known = predictor.net.encoders["text"].known(prepared)
    assert type(known) is not type(prepared)  # the first five layers are frozen, so that there is something to know
    layers = []
    hook = (
        predictor.net.encoders["text"].backbone.encoder.layer[0].register_forward_hook(lambda *given: layers.append(1))
    )
    model = ReadOnce(predictor)
    model.tell("text", TEXTS, known, np.arange(7))
    found = model.predict(records)
    hook.remove()
    assert not layers
    np.testing.assert_allclose(found, predictor.predict(records), atol=1e-4)
