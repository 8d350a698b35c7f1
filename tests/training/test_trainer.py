"""The trainer's own parts: batches cut for memory add up to the whole batch's gradient."""

import copy

import numpy as np
import pytest
import torch

from primum.cohort.records import Records, TextList
from primum.model.adapters import Adaptation
from primum.model.backbones import locate_backbone
from primum.model.building import NetSpec, build_net
from primum.model.inputs import TextInput
from primum.model.net import HeadSpec
from primum.training.trainer import Collate, in_parts

FOLDER = locate_backbone("minilm")


@pytest.fixture(scope="module")
def net_and_batch():
    """A net without dropout, and a batch of five weighted notes of unequal length."""
    text = TextInput(FOLDER, max_tokens=64)
    spec = NetSpec(head=HeadSpec(kind="classes", outputs=2), adaptation=Adaptation(method="full"), dropout=0.0)
    torch.manual_seed(0)
    net = build_net(spec, {"text": text}, backbone_folder=FOLDER, pretrained=True)
    texts = ["cough", "fever and chills", None, "pain in the left arm " * 4, "rash"]
    prepared = text.prepare(Records(n=5, text=TextList(texts)))
    collate = Collate({"text": prepared}, torch.tensor([0, 1, 1, 0, 1]), torch.tensor([1.0, 2.0, 1.0, 0.5, 1.0]))
    return net, collate(range(5))


def test_a_batch_in_parts_has_the_gradient_of_the_whole(net_and_batch):
    net, batch = net_and_batch
    whole, cut = copy.deepcopy(net), copy.deepcopy(net)
    whole(**batch)["loss"].backward()
    width = batch["inputs"]["text"]["ids"].shape[1]
    parts = in_parts(batch, 2 * width)
    assert [len(part["labels"]) for part in parts] == [2, 2, 1]
    for part in parts:
        cut(**part)["loss"].backward()
    for (name, one), two in zip(whole.named_parameters(), cut.parameters(), strict=True):
        np.testing.assert_allclose(two.grad, one.grad, atol=2e-5, err_msg=name)


def test_a_batch_that_fits_is_left_whole_and_a_record_is_never_divided(net_and_batch):
    _, batch = net_and_batch
    width = batch["inputs"]["text"]["ids"].shape[1]
    assert in_parts(batch, 5 * width) == [batch]
    assert [len(part["labels"]) for part in in_parts(batch, 1)] == [1] * 5
