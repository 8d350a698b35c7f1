"""Optimisers by name, with one learning rate for pretrained weights and one for new ones."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from primum.registry import Registry
from primum.training.plan import TrainingPlan

ParamGroups = list[dict[str, Any]]
_NUMBERED = re.compile(r"\.(?:blocks|layers?)\.(\d+)\.")
OPTIMIZERS: Registry[Callable[[ParamGroups, TrainingPlan], torch.optim.Optimizer]] = Registry("optimizer")


def build_optimizer(net: nn.Module, plan: TrainingPlan) -> torch.optim.Optimizer:
    """Return the plan's optimiser over the net's trainable weights.

    Biases, norms and single vectors are not decayed (Loshchilov and Hutter 2019 decay weights; shrinking a norm's gain
    to zero is no regularisation).
    """
    return OPTIMIZERS.get(plan.optimizer)(parameter_groups(net, plan), plan)


def parameter_groups(net: nn.Module, plan: TrainingPlan) -> ParamGroups:
    """Return groups by learning rate and decay: pretrained, layer by layer, or new; frozen weights are in none.

    Source of rates that fall from layer to layer: Howard and Ruder 2018, "ULMFiT", section 3.2.
    """
    below = _layers_above(net) if plan.layer_decay != 1.0 else defaultdict[str, int](int)
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in net.named_parameters():
        if not parameter.requires_grad:
            continue
        lr = plan.lr * plan.layer_decay ** below[name] if ".backbone." in name else plan.head_lr
        decay = plan.weight_decay if parameter.ndim >= 2 else 0.0
        groups.setdefault((lr, decay), []).append(parameter)
    return [{"params": params, "lr": lr, "weight_decay": decay} for (lr, decay), params in groups.items()]


def _layers_above(net: nn.Module) -> dict[str, int]:
    """Return how many layers lie above each trainable weight of a pretrained network.

    Layers are told by the number after `blocks`, `layer` or `layers` in a weight's name. What has none comes before
    them, and is as far down as the first, or after them, and is at the top: networks name their weights in order.
    """
    found: dict[str, int] = {}
    names = [name for name, one in net.named_parameters() if ".backbone." in name and one.requires_grad]
    for encoder in {name.split(".backbone.")[0] for name in names}:
        own = [name for name in names if name.startswith(f"{encoder}.backbone.")]
        numbers = [int(at[1]) if (at := _NUMBERED.search(name)) else None for name in own]
        top, reached = max((n for n in numbers if n is not None), default=0), False
        lowest = min((n for n in numbers if n is not None), default=0)
        for name, number in zip(own, numbers, strict=True):
            reached = reached or number is not None
            found[name] = top - number if number is not None else 0 if reached else top - lowest
    return found


@OPTIMIZERS.register("adamw")
def _adamw(groups: ParamGroups, plan: TrainingPlan) -> torch.optim.Optimizer:
    return torch.optim.AdamW(groups, lr=plan.lr, fused=True)


@OPTIMIZERS.register("sgd")
def _sgd(groups: ParamGroups, plan: TrainingPlan) -> torch.optim.Optimizer:
    return torch.optim.SGD(groups, lr=plan.lr, momentum=plan.momentum)


@OPTIMIZERS.register("adafactor")
def _adafactor(groups: ParamGroups, plan: TrainingPlan) -> torch.optim.Optimizer:
    # The paper's floor of 1e-30 under the second moment (torch squares what it is given): torch's own, 1e-7, is above
    # the squared gradients of a large matrix after clipping.
    return torch.optim.Adafactor(groups, lr=plan.lr, eps=(1e-15, 1e-3))


@OPTIMIZERS.register("adagrad")
def _adagrad(groups: ParamGroups, plan: TrainingPlan) -> torch.optim.Optimizer:
    return torch.optim.Adagrad(groups, lr=plan.lr)
