"""Frozen layers read once: the same features and gradients as when every layer runs."""

import numpy as np
import pytest
import torch
from torch import nn

from primum.cohort.records import Records, TextList
from primum.model import known
from primum.model.adapters import Adaptation, layers_of
from primum.model.backbones import locate_backbone
from primum.model.building import NetSpec, build_net
from primum.model.inputs import TextInput
from primum.model.known import PreparedStates
from primum.model.net import HeadSpec

FOLDER = locate_backbone("minilm")
NOTES = ["Chest pain since this morning.", None, "No fever.", "The rash on both elbows is itchy and silvery.", "x"]


@pytest.fixture(scope="module")
def text():
    return TextInput(FOLDER, max_tokens=32)


def _net(text, depth, method="full"):
    torch.manual_seed(0)
    spec = NetSpec(
        head=HeadSpec(kind="classes", outputs=2),
        adaptation=Adaptation(method=method, freeze_layers=depth),
        backbone_dropout=0.1,
        dropout=0.0,
    )
    return build_net(spec, {"text": text}, backbone_folder=FOLDER, pretrained=True).eval()


def _prepared(text, notes=NOTES):
    return text.prepare(Records(n=len(notes), text=TextList(notes)))


@pytest.mark.parametrize("depth", [1, 4, 6])
def test_features_and_gradients_are_those_of_the_whole_network(text, depth):
    net, tokens = _net(text, depth), _prepared(text)
    states = net.encoders["text"].known(tokens)
    assert isinstance(states, PreparedStates)
    found = []
    for prepared in (tokens, states):
        net.zero_grad()
        outputs = net({"text": prepared.collate([0, 3, 1])}, labels=torch.tensor([0, 1, 1]))
        outputs["loss"].backward()
        found.append((outputs["logits"].detach(), {n: p.grad for n, p in net.named_parameters() if p.requires_grad}))
    (whole, gradients), (above, others) = found
    torch.testing.assert_close(above, whole, atol=1e-5, rtol=1e-4)
    assert gradients.keys() == others.keys()
    assert len(gradients) == 16 * (6 - depth) + 2
    for name, gradient in gradients.items():
        torch.testing.assert_close(others[name], gradient, atol=1e-5, rtol=1e-3)


def test_the_frozen_layers_are_in_their_place_again(text):
    net = _net(text, 4)
    layers = layers_of(net.encoders["text"].backbone)
    before = list(layers)
    states = net.encoders["text"].known(_prepared(text))
    net({"text": states.collate([0])})
    assert all(a is b for a, b in zip(layers, before, strict=True))


def test_no_frozen_layer_runs_again(text):
    net = _net(text, 4)
    states = net.encoders["text"].known(_prepared(text))
    runs = []
    for i, layer in enumerate(layers_of(net.encoders["text"].backbone)):
        layer.register_forward_hook(lambda *_, i=i: runs.append(i))
    net({"text": states.collate([0, 2])})
    assert runs == [4, 5]


def test_joined_states_are_those_of_both(text):
    encoder = _net(text, 3).encoders["text"]
    together = encoder.known(_prepared(text))
    apart = encoder.known(_prepared(text, NOTES[:2])).joined(encoder.known(_prepared(text, NOTES[2:])))
    assert isinstance(apart, PreparedStates)
    np.testing.assert_allclose(apart.states, together.states, atol=1e-5)
    assert not isinstance(together.joined(_prepared(text)), PreparedStates)


def test_nothing_is_kept_without_frozen_layers_or_above_the_limit(text, monkeypatch):
    tokens = _prepared(text)
    assert _net(text, 0).encoders["text"].known(tokens) is tokens
    assert _net(text, 2, method="lora").encoders["text"].known(tokens) is tokens
    monkeypatch.setattr(known, "MOST_BYTES", 1000)
    assert _net(text, 2).encoders["text"].known(tokens) is tokens


class _Pairs(nn.Module):
    """A layer of another kind: it answers more than states."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, states, *args, **kwargs):
        return (self.layer(states, *args, **kwargs), None)


def test_layers_that_do_not_hand_their_states_on_are_run_each_time(text):
    encoder = _net(text, 2).encoders["text"]
    layers = layers_of(encoder.backbone)
    layers[1] = _Pairs(layers[1])
    tokens = _prepared(text)
    assert encoder.known(tokens) is tokens
