"""Optimisers by name, with one learning rate for pretrained weights and one for new ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from primum.registry import Registry
from primum.training.plan import TrainingPlan

ParamGroups = list[dict[str, Any]]
OPTIMIZERS: Registry[Callable[[ParamGroups, TrainingPlan], torch.optim.Optimizer]] = Registry("optimizer")


def build_optimizer(net: nn.Module, plan: TrainingPlan) -> torch.optim.Optimizer:
    """Return the plan's optimiser over the net's trainable weights.

    Biases, norms and single vectors are not decayed (Loshchilov and Hutter 2019 decay weights; shrinking a norm's gain
    to zero is no regularisation).
    """
    return OPTIMIZERS.get(plan.optimizer)(parameter_groups(net, plan), plan)


def parameter_groups(net: nn.Module, plan: TrainingPlan) -> ParamGroups:
    """Return up to four groups: pretrained or new, decayed or not; frozen weights are in none."""
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in net.named_parameters():
        if not parameter.requires_grad:
            continue
        lr = plan.lr if ".backbone." in name else plan.head_lr
        decay = plan.weight_decay if parameter.ndim >= 2 else 0.0
        groups.setdefault((lr, decay), []).append(parameter)
    return [{"params": params, "lr": lr, "weight_decay": decay} for (lr, decay), params in groups.items()]


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
