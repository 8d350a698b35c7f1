"""A model that reads each text and picture once says what the model says, and reads each once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from primum.cohort.records import Records, TextList, VitalColumn
from primum.model.adapters import Adaptation
from primum.model.backbones import locate_backbone
from primum.model.building import NetSpec, build_net
from primum.model.inputs import ImageInput, PixelForm, TextInput, VitalsInput
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


class Pictures:
    """An ImageColumn in memory that counts what is read; the third record has none, the fifth shows the first's."""

    size, channels = 32, 1
    keys = np.array(["k0", "k1", None, "k3", "k0", "k5", "k6"], dtype=object)

    def __init__(self):
        self.pixels = np.random.default_rng(2).integers(256, size=(7, 32, 32, 1), dtype=np.uint8)
        self.pixels[4] = self.pixels[0]
        self.read = 0

    def __len__(self):
        return 7

    def take(self, rows):
        self.read += len(rows)
        return self.pixels[np.asarray(rows)]


def test_each_picture_is_read_once_and_one_told_of_never(predictor):
    form = PixelForm(architecture="efficientnet-lite0")
    inputs = {**predictor.inputs, "image": ImageInput(form, colour=False)}
    spec = NetSpec(head=predictor.spec.head, adaptation=Adaptation(method="head"), image=Adaptation(), width=8)
    net = build_net(spec, inputs, backbone_folder=locate_backbone("minilm"), pretrained=True).eval()
    with_pictures = Predictor(
        net=net, spec=spec, inputs=inputs, classes=("a", "b"), backbone_folder=predictor.backbone_folder
    )
    pictures = Pictures()
    records, older = (replace(_records(age=age), image=pictures) for age in (AGE, AGE + 30))
    plain, later = with_pictures.predict(records), with_pictures.predict(older)
    pictures.read = 0
    model = ReadOnce(with_pictures)
    np.testing.assert_allclose(model.predict(records), plain, atol=1e-5)
    np.testing.assert_allclose(model.predict(older), later, atol=1e-5)
    assert pictures.read == 5 and np.abs(later - plain).max() > 1e-3
    told = ReadOnce(with_pictures)
    told.tell("image", pictures.keys.tolist(), with_pictures.prepare(records)["image"], np.arange(7))
    pictures.read = 0
    np.testing.assert_allclose(told.predict(records), plain, atol=1e-5)
    assert pictures.read == 0
    bare = replace(records, text=None)
    np.testing.assert_allclose(told.predict(bare), with_pictures.predict(bare), atol=1e-5)
