"""The cut-down word embedding: same answers, same gradients, same steps as the whole table."""

import copy

import numpy as np
import torch
from torch import nn

from primum.cohort.records import Records, TextList
from primum.model.adapters import Adaptation
from primum.model.backbones import locate_backbone
from primum.model.building import NetSpec, build_net
from primum.model.compact import CompactEmbedding, compact_embedding, restore_embedding
from primum.model.inputs import TextInput
from primum.model.net import HeadSpec

FOLDER = locate_backbone("minilm")
WORDS = "encoders.text.backbone.embeddings.word_embeddings.weight"


def _net(method="full"):
    text = TextInput(FOLDER, max_tokens=16)
    spec = NetSpec(head=HeadSpec(kind="classes", outputs=2), adaptation=Adaptation(method=method), dropout=0.0)
    torch.manual_seed(0)
    net = build_net(spec, {"text": text}, backbone_folder=FOLDER, pretrained=True)
    return net, text.prepare(Records(n=3, text=TextList(["chest pain at night", "no pain", "rash on the arm"])))


def test_two_steps_equal_two_steps_of_the_whole_table():
    whole, prepared = _net()
    cut = copy.deepcopy(whole)
    before = whole.state_dict()[WORDS].clone()
    assert compact_embedding(cut, prepared.ids)
    batch, labels = {"text": prepared.collate([0, 1, 2])}, torch.tensor([0, 1, 1])
    for net in (whole, cut):
        optimiser = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=0.0)
        for _ in range(2):
            optimiser.zero_grad()
            net(batch, labels)["loss"].backward()
            optimiser.step()
    restore_embedding(cut)
    found, wanted = cut.state_dict(), whole.state_dict()
    assert found.keys() == wanted.keys()
    for name, tensor in wanted.items():
        torch.testing.assert_close(found[name], tensor, atol=2e-5, rtol=1e-4)
    moved = (found[WORDS] != before).any(1).numpy()
    used = set(np.unique(prepared.ids)) - {0}
    assert set(np.flatnonzero(moved)) == used


def test_it_keeps_away_where_nothing_is_to_be_gained():
    frozen, prepared = _net("lora")
    assert not compact_embedding(frozen, prepared.ids)
    net, _ = _net()
    assert not compact_embedding(net, np.arange(20_000, dtype=np.int32))
    restore_embedding(net)  # nothing to restore: left as it is
    assert type(net.encoders["text"].backbone.get_input_embeddings()) is nn.Embedding


def test_padding_gets_no_gradient():
    embedding = nn.Embedding(10, 2, padding_idx=0)
    cut = CompactEmbedding(embedding, np.array([0, 3, 7]))
    cut(torch.tensor([[3, 7, 0, 0]])).sum().backward()
    assert cut.rows.grad.tolist() == [[0.0, 0.0], [1.0, 1.0], [1.0, 1.0]]
