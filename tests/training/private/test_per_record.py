"""Records' clipped gradients: one pass for all against one backward pass a record, in double precision."""

import numpy as np
import pytest
import torch
from torch import nn

from primum.cohort.records import Records, TextList, VitalColumn
from primum.errors import StudyError
from primum.model.adapters import Adaptation
from primum.model.backbones import locate_backbone
from primum.model.building import NetSpec, build_net
from primum.model.inputs import TextInput, VitalsInput
from primum.model.net import HeadSpec
from primum.training.private import PerRecord, self_test
from primum.training.private.self_test import losses_of
from primum.training.trainer import Collate

TEXTS = [
    "Chest pain.",
    "No fever, but a cough at night and some wheezing since Monday.",
    "",
    "Pain pain pain in a knee.",
]
CLIP = 0.5


def _net_and_collate(method, names=("text", "vitals"), kind="classes", **options):
    torch.manual_seed(3)
    age = VitalColumn(name="age", kind="number", values=np.array([61.0, np.nan, 70.0, 33.0]))
    sex = VitalColumn(name="sex", kind="category", values=np.array(["f", "m", None, "m"], object))
    records = Records(n=4, text=TextList(TEXTS), vitals={"age": age, "sex": sex})
    folder = locate_backbone("minilm")
    inputs = {"text": TextInput(folder, max_tokens=24), "vitals": VitalsInput.fit(records.vitals, np.arange(4))}
    inputs = {name: inputs[name] for name in names}
    head = HeadSpec(kind=kind, outputs=1 if kind == "number" else 3)
    net = build_net(
        NetSpec(head=head, adaptation=Adaptation(method=method, **options), width=16),
        inputs,
        backbone_folder=folder,
        pretrained=True,
    )
    for name, p in net.named_parameters():  # weights that begin at zero would hide an error behind them
        if p.requires_grad and not p.any():
            nn.init.normal_(p, std=0.05, generator=torch.Generator().manual_seed(len(name)))
    labels = {
        "classes": torch.tensor([0, 2, 1, 2]),
        "labels": torch.tensor([[1, 0, 1], [0, 0, 0], [1, 1, 1], [0, 1, 0]]),
        "number": torch.tensor([0.3, -1.0, 2.0, 0.0]),
    }[kind]
    return net.eval(), Collate({name: one.prepare(records) for name, one in inputs.items()}, labels)


def _one_at_a_time(net, collate):
    """Return each record's norm and the clipped sums, from a network in double precision."""
    parameters = [p for p in net.parameters() if p.requires_grad]
    norms, sums = [], [torch.zeros_like(p) for p in parameters]
    for row in range(4):
        batch = collate([row])
        for block in batch["inputs"].values():
            block.update({k: v.double() for k, v in block.items() if v.dtype == torch.float32})
        outputs = net(batch["inputs"])["logits"]
        loss = net.head.losses(outputs, batch["labels"]).sum()
        gradients = torch.autograd.grad(loss, parameters, allow_unused=True)
        norm = sum(float(g.square().sum()) for g in gradients if g is not None) ** 0.5
        norms.append(norm)
        for total, g in zip(sums, gradients, strict=True):
            if g is not None:
                total += g * min(1.0, CLIP / norm)
    return np.array(norms), sums


@pytest.mark.parametrize(
    ("method", "names", "kind", "options"),
    [
        ("full", ("text", "vitals"), "classes", {}),
        ("full", ("text",), "labels", {"freeze_layers": 5}),
        ("lora", ("text", "vitals"), "classes", {}),
        ("adapter", ("text",), "classes", {}),
        ("prefix", ("text",), "classes", {}),
        ("head", ("text", "vitals"), "number", {}),
        ("full", ("vitals",), "classes", {}),
    ],
)
def test_norms_and_sum_are_those_of_one_backward_pass_a_record(method, names, kind, options):
    net, collate = _net_and_collate(method, names, kind, **options)
    fast = PerRecord(net)
    batch = collate([0, 1, 2, 3])
    norms = fast.add_clipped(losses_of(net, batch), records=4, clip=CLIP)
    found = [p.grad for p in fast.parameters()]
    if method in ("full", "head", "lora"):  # the others cannot be made double throughout
        net = net.double()
    wanted_norms, wanted = _one_at_a_time(net, collate) if method in ("full", "head", "lora") else _single(net, collate)
    np.testing.assert_allclose(norms, wanted_norms, rtol=1e-5)
    scale = max(float(w.abs().max()) for w in wanted)
    for f, w in zip(found, wanted, strict=True):
        difference = w.abs().max() if f is None else (f - w).abs().max()
        assert float(difference) <= 1e-5 * scale


def _single(net, collate):
    """As _one_at_a_time, in single precision."""
    parameters = [p for p in net.parameters() if p.requires_grad]
    norms, sums = [], [torch.zeros_like(p) for p in parameters]
    for row in range(4):
        gradients = torch.autograd.grad(losses_of(net, collate([row]))(net).sum(), parameters, allow_unused=True)
        norm = sum(float(g.double().square().sum()) for g in gradients if g is not None) ** 0.5
        norms.append(norm)
        for total, g in zip(sums, gradients, strict=True):
            if g is not None:
                total += g * min(1.0, CLIP / norm)
    return np.array(norms), sums


def test_a_layer_used_twice_counts_both_uses_together():
    torch.manual_seed(0)

    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.table, self.norm, self.layer = nn.Embedding(9, 6, padding_idx=0), nn.LayerNorm(6), nn.Linear(6, 6)

        def forward(self, ids):
            x = self.norm(self.table(ids) + self.table(ids.flip(1)))
            return self.layer(torch.tanh(self.layer(self.norm(x)))).sum((1, 2))

    net, ids = Twice(), torch.randint(0, 9, (5, 7))
    fast = PerRecord(net)
    norms = fast.norms(lambda call: call(ids) ** 2, records=5)
    for row in range(5):
        gradients = torch.autograd.grad((net(ids[row : row + 1]) ** 2).sum(), list(net.parameters()))
        wanted = torch.stack([g.double().square().sum() for g in gradients]).sum().sqrt()
        assert float(norms[row]) == pytest.approx(float(wanted), rel=1e-5)


@pytest.mark.parametrize("method", ["full", "lora", "adapter", "head"])
def test_in_half_precision_a_record_adds_exactly_what_its_norm_says(method):
    net, collate = _net_and_collate(method, ("text", "vitals"))
    fast = PerRecord(net)
    for row in range(4):
        for p in fast.parameters():
            p.grad = None
        batch = collate([row])
        with torch.autocast("cpu", torch.bfloat16):
            [norm] = fast.add_clipped(losses_of(net, batch), records=1, clip=1e9)
        total = sum(float(p.grad.double().square().sum()) for p in fast.parameters() if p.grad is not None) ** 0.5
        assert total == pytest.approx(float(norm), rel=1e-5)


def test_in_half_precision_no_record_adds_more_than_the_clip():
    net, collate = _net_and_collate("full", ("text",))
    fast = PerRecord(net)
    for row in range(4):
        for p in fast.parameters():
            p.grad = None
        batch = collate([row])
        with torch.autocast("cpu", torch.bfloat16):
            fast.add_clipped(losses_of(net, batch), records=1, clip=CLIP)
        total = sum(float(p.grad.double().square().sum()) for p in fast.parameters() if p.grad is not None) ** 0.5
        assert total <= CLIP * (1 + 1e-5)


def test_what_cannot_be_bounded_is_refused_by_name():
    with pytest.raises(StudyError, match="the layer 1 mixes the records of a batch"):
        PerRecord(nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)))
    tied = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    tied[1].weight = tied[0].weight
    with pytest.raises(StudyError, match=r"0\.weight and 1\.weight are one weight"):
        PerRecord(tied)

    class Flat(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(4, 1)

        def forward(self, x):
            return self.layer(x.flatten(0, 1)).view(len(x), -1).sum(1)

    with pytest.raises(StudyError, match="the layer layer does not keep records apart"):
        PerRecord(Flat()).norms(lambda call: call(torch.ones(2, 3, 4)), records=2)


def test_the_self_test_catches_a_model_whose_records_touch(monkeypatch):
    net, collate = _net_and_collate("full", ("vitals",))
    batch, singles = collate([0, 1, 2, 3]), [collate([row]) for row in range(4)]
    assert self_test(net, batch, singles, clip=CLIP) < 1e-4
    plain = net.fusion.forward
    monkeypatch.setattr(net.fusion, "forward", lambda f, p: plain(f, p) - plain(f, p).mean(0))
    with pytest.raises(StudyError, match="no epsilon can be claimed"):
        self_test(net, batch, singles, clip=CLIP)
