"""Every optimiser on real text, against its published update rule in numpy, over the identical batches.

The oracle runs its own loop: Hugging Face's model under a plain linear head, one backward pass a batch, its own
schedule, clipping and weight decay. Only the batches' rows are taken from the training.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers import AutoModel

from primum.cohort.records import Records, TextList
from primum.model.adapters import Adaptation
from primum.model.backbones import locate_backbone
from primum.model.building import NetSpec, build_net
from primum.model.inputs import TextInput
from primum.model.net import Head, HeadSpec
from primum.training.optimizers import parameter_groups
from primum.training.plan import TrainingPlan
from primum.training.trainer import Collate, StudyTrainer

FOLDER = locate_backbone("minilm")
RECORDS, BATCH, EPOCHS = 34, 6, 2
FROZEN = 5
"""Of six layers: the rule is the same for one."""
PLANS = {
    "adamw": {"lr": 2e-4, "head_lr": 1e-3, "weight_decay": 0.1},
    "adamw, two batches a step": {"lr": 2e-4, "head_lr": 1e-3, "weight_decay": 0.1, "accumulate": 2},
    "sgd": {"lr": 0.02, "head_lr": 0.1, "weight_decay": 0.01, "momentum": 0.8},
    "adafactor": {"lr": 5e-3, "head_lr": 5e-2, "weight_decay": 0.1},
    "adagrad": {"lr": 2e-3, "head_lr": 2e-2, "weight_decay": 0.01},
}


def adamw(weight, gradient, state, step, lr, decay, plan):
    """Loshchilov and Hutter 2019, algorithm 2."""
    state["m"] = 0.9 * state.get("m", 0.0) + 0.1 * gradient
    state["v"] = 0.999 * state.get("v", 0.0) + 0.001 * gradient**2
    m, v = state["m"] / (1 - 0.9**step), state["v"] / (1 - 0.999**step)
    return weight * (1 - lr * decay) - lr * m / (np.sqrt(v) + 1e-8)


def sgd(weight, gradient, state, step, lr, decay, plan):
    """Heavy ball on the loss with half the squared norm times `decay` added (Sutskever et al. 2013, section 2)."""
    gradient = gradient + decay * weight
    state["velocity"] = plan.momentum * state["velocity"] + gradient if "velocity" in state else gradient
    return weight - lr * state["velocity"]


def adafactor(weight, gradient, state, step, lr, decay, plan):
    """Shazeer and Stern 2018, algorithms 4 and 5: factored second moment, clipped update, steps relative to weights."""
    kept = 1 - step**-0.8
    size = max(1e-3, np.sqrt((weight**2).mean()))
    if weight.ndim == 2:
        state["row"] = kept * state.get("row", 0.0) + (1 - kept) * (gradient**2).mean(1)
        state["column"] = kept * state.get("column", 0.0) + (1 - kept) * (gradient**2).mean(0)
        second = np.outer(state["row"], state["column"]) / state["row"].mean()
    else:
        state["v"] = kept * state.get("v", 0.0) + (1 - kept) * gradient**2
        second = state["v"]
    update = gradient / np.sqrt(np.maximum(second, 1e-30))
    update = update / max(1.0, np.sqrt((update**2).mean()))
    return weight * (1 - lr * decay) - size * min(lr, step**-0.5) * update


def adagrad(weight, gradient, state, step, lr, decay, plan):
    """Duchi et al. 2011, figure 1 with diagonal matrices, on the loss with the squared norm added."""
    gradient = gradient + decay * weight
    state["sum"] = state.get("sum", 0.0) + gradient**2
    return weight - lr * gradient / (np.sqrt(state["sum"]) + 1e-10)


RULES = {"adamw": adamw, "sgd": sgd, "adafactor": adafactor, "adagrad": adagrad}


class _Seen(Collate):
    """Remembers which records came in which batch."""

    batches: list[list[int]]

    def __call__(self, rows):
        self.batches.append(list(rows))
        return super().__call__(rows)


class _PlainModel(torch.nn.Module):
    """The backbone as Hugging Face opens it, averaged over the real tokens, under a linear layer."""

    def __init__(self, head):
        super().__init__()
        self.backbone = AutoModel.from_pretrained(str(FOLDER), attn_implementation="eager", dtype=torch.float32)
        self.backbone.requires_grad_(False)
        self.backbone.encoder.layer[FROZEN:].requires_grad_(True)
        self.head = torch.nn.Linear(*reversed(head["weight"].shape))
        self.head.load_state_dict(head)

    def forward(self, ids, mask):
        states = self.backbone(input_ids=ids, attention_mask=mask).last_hidden_state
        return self.head((states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True))


def _trained(symptoms, folder, plan):
    cohort, split = symptoms
    rows = np.flatnonzero(split == "train")[:RECORDS]
    records = Records(n=len(rows), text=TextList(cohort.records.text.take(rows.tolist())))
    text = TextInput(FOLDER, max_tokens=20)
    spec = NetSpec(
        head=HeadSpec(kind="classes", outputs=4),
        adaptation=Adaptation(method="full", freeze_layers=FROZEN),
        dropout=0.0,
    )
    torch.manual_seed(0)
    net = build_net(spec, {"text": text}, backbone_folder=FOLDER, pretrained=True)
    head = {name: value.detach().clone() for name, value in net.head.out.state_dict().items()}
    labels = torch.from_numpy(cohort.target.values[rows])
    collate = _Seen({"text": text.prepare(records)}, labels, torch.linspace(0.5, 1.5, len(rows)))
    collate.batches = []
    everyone = np.arange(len(rows))
    trainer = StudyTrainer(net, plan, collate=collate, train_rows=everyone, validation_rows=everyone[:0], folder=folder)
    trainer.args.save_strategy = "no"
    trainer.train()
    return net, head, collate


def _by_hand(plan, head, collate):
    model = _PlainModel(head).eval()  # no dropout, as in the plan
    weights = {n: p.detach().double().numpy().copy() for n, p in model.named_parameters() if p.requires_grad}
    states = {name: {} for name in weights}
    parts = _steps(collate.batches, plan)
    for step, batches in enumerate(parts, start=1):
        model.zero_grad()
        for rows in batches:
            _loss(model, collate, rows, 1 / len(batches)).backward()
        gradients = {name: model.get_parameter(name).grad.double().numpy() for name in weights}
        norm = np.sqrt(sum((gradient**2).sum() for gradient in gradients.values()))
        clipped = min(1.0, plan.clip / (norm + 1e-6))
        for name, weight in weights.items():
            peak = plan.head_lr if name.startswith("head.") else plan.lr
            decay = plan.weight_decay if weight.ndim == 2 else 0.0
            lr = peak * _share(step - 1, len(parts), plan)
            rule = RULES[plan.optimizer]
            weights[name] = rule(weight, gradients[name] * clipped, states[name], step, lr, decay, plan)
            model.get_parameter(name).data.copy_(torch.from_numpy(weights[name]))
    return model, weights


def _steps(batches, plan):
    """Cut each epoch's batches into optimiser steps."""
    epochs = np.array_split(np.arange(len(batches)), EPOCHS)
    return [
        [batches[i] for i in epoch[start : start + plan.accumulate]]
        for epoch in epochs
        for start in range(0, len(epoch), plan.accumulate)
    ]


def _loss(model, collate, rows, share):
    """The weighted loss: every record counts the same, whatever the size of its batch."""
    tokens = collate.prepared["text"].collate(rows)
    losses = torch.nn.functional.cross_entropy(
        model(tokens["ids"], tokens["mask"]), collate.labels[rows], reduction="none"
    )
    batches = -(-RECORDS // BATCH)
    return (losses * collate.weights[rows]).sum() * batches / RECORDS * share


def _share(done, steps, plan):
    """The learning rate's share of its peak: up from zero over the first quarter of the steps, then down to zero."""
    warm = np.ceil(plan.warmup * steps)
    return done / warm if done < warm else (steps - done) / (steps - warm)


@pytest.mark.parametrize("name", list(PLANS))
def test_an_optimizer_walks_where_its_published_rule_does(symptoms, tmp_path, name):
    plan = TrainingPlan(
        epochs=EPOCHS, batch=BATCH, optimizer=name.split(",")[0], warmup=0.25, clip=0.7, precision="fp32", **PLANS[name]
    )
    net, head, collate = _trained(symptoms, tmp_path, plan)
    assert [sorted(sum(part, [])) for part in np.array_split(np.array(collate.batches, object), EPOCHS)] == [
        list(range(RECORDS))
    ] * EPOCHS
    model, weights = _by_hand(plan, head, collate)
    begun = dict(_PlainModel(head).named_parameters())
    ours = dict(net.encoders["text"].backbone.named_parameters(prefix="backbone")) | {
        f"head.{part}": value for part, value in net.head.out.named_parameters()
    }
    assert len(weights) == 16 + 2
    for part, by_hand in weights.items():
        if part.endswith("key.bias"):
            continue  # softmax does not see it: its gradient is nothing but rounding
        start = begun[part].detach().double().numpy()
        away = np.linalg.norm(ours[part].detach().double().numpy() - by_hand)
        assert away < 5e-4 * np.linalg.norm(by_hand - start), part


def test_every_optimizer_has_an_oracle():
    from primum.training.optimizers import OPTIMIZERS

    assert set(RULES) == set(OPTIMIZERS) == {name.split(",")[0] for name in PLANS}


def test_rates_fall_from_layer_to_layer_and_a_head_keeps_its_own():
    net = build_net(
        NetSpec(head=HeadSpec(kind="classes", outputs=2), adaptation=Adaptation(method="upper")),
        {"text": TextInput(FOLDER, max_tokens=8)},
        backbone_folder=FOLDER,
        pretrained=False,
    )
    plan = TrainingPlan(lr=0.08, head_lr=0.5, layer_decay=0.5)
    rate = {id(p): group["lr"] for group in parameter_groups(net, plan) for p in group["params"]}
    found = {name: rate.get(id(p)) for name, p in net.named_parameters()}
    for name, lr in found.items():
        layer = next((int(part) for part in name.split(".") if part.isdigit()), None)
        wanted = {5: 0.08, 4: 0.04, 3: 0.02}.get(layer)  # of six layers the lower three, and the embeddings, stay
        assert lr == pytest.approx(0.5 if name.startswith("head.") else wanted) if lr else wanted is None


def test_what_lies_before_the_layers_learns_as_the_lowest_and_what_lies_after_them_as_the_highest():
    net = torch.nn.Module()
    net.encoder = torch.nn.Module()
    net.encoder.backbone = torch.nn.Module()
    net.encoder.backbone.stem = torch.nn.Linear(1, 1, bias=False)
    net.encoder.backbone.blocks = torch.nn.ModuleList(torch.nn.Linear(1, 1, bias=False) for _ in range(3))
    net.encoder.backbone.last = torch.nn.Linear(1, 1, bias=False)
    groups = parameter_groups(net, TrainingPlan(lr=1.0, layer_decay=0.1))
    rate = {id(p): group["lr"] for group in groups for p in group["params"]}
    assert [rate[id(p)] for p in net.parameters()] == pytest.approx([0.01, 0.01, 0.1, 1.0, 1.0])


@pytest.mark.parametrize("kind", ["classes", "labels"])
def test_smoothed_labels_are_the_loss_on_labels_that_are_spread(kind):
    head = Head(HeadSpec(kind=kind, outputs=3), 4, dropout=0.0)
    outputs = torch.randn(5, 3, generator=torch.Generator().manual_seed(2))
    certain = np.eye(3)[[0, 2, 1, 1, 0]]
    labels = torch.tensor(certain.argmax(1)) if kind == "classes" else torch.tensor(certain)
    found = head.losses(outputs, labels, smoothing=0.2).numpy()
    logits = outputs.double().numpy()
    if kind == "classes":
        logs = logits - np.log(np.exp(logits).sum(1, keepdims=True))
        wanted = -((0.8 * certain + 0.2 / 3) * logs).sum(1)
    else:
        p = 1 / (1 + np.exp(-logits))
        spread = 0.8 * certain + 0.1
        wanted = -(spread * np.log(p) + (1 - spread) * np.log(1 - p)).mean(1)
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
