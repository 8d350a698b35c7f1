"""Adversarial debiasing: features from which a second network cannot tell the group.

Source: Ganin et al. 2016, "Domain-adversarial training of neural networks", JMLR 17, section 3.1 (gradient reversal);
Zhang, Lemoine and Mitchell 2018, AIES, section 3 (the adversary also sees the truth for equalised odds, and only the
model's answer where nothing before the answer can be trained).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional

from primum.model.net import AbstractObjective, Net, Terms
from primum.training.fairness.method import METHODS, Method, Mitigation, Setting
from primum.training.fairness.penalty import STRENGTH, gap_judge

WIDTH = 64
"""Hidden width of the adversary."""


class _Reversal(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, value: torch.Tensor, strength: float) -> torch.Tensor:
        ctx.strength = strength
        return value.view_as(value)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None]:
        return -ctx.strength * gradients[0], None


def reversed_gradient(value: torch.Tensor, strength: float) -> torch.Tensor:
    """Return `value`; its gradient is multiplied by minus `strength` on the way back."""
    reversed_: torch.Tensor = _Reversal.apply(value, strength)  # type: ignore[no-untyped-call]
    return reversed_


class Adversary(AbstractObjective):
    """Predicts the group; adds its own loss, which it makes small and the model, by the reversal, large."""

    def __init__(self, width: int, n_groups: int, *, truths: int, strength: float, reads_answer: bool) -> None:
        """Begin with an untrained adversary.

        Args:
            width: of the features, or of the model's outputs when it reads these.
            n_groups: how many groups there are to tell apart.
            truths: width of the coded truth that it is also given; 0: none.
            strength: of the reversed gradient.
            reads_answer: whether it reads the outputs instead of the fused features.
        """
        super().__init__()
        self.truths, self.strength, self.reads_answer = truths, strength, reads_answer
        self.network = nn.Sequential(nn.Linear(width + truths, WIDTH), nn.ReLU(), nn.Linear(WIDTH, n_groups))

    def forward(self, terms: Terms) -> torch.Tensor:
        """Return each record's loss plus the adversary's cross-entropy for its group."""
        read = reversed_gradient((terms.outputs if self.reads_answer else terms.fused).float(), self.strength)
        if self.truths:
            read = torch.cat([read, self._truth(terms.labels)], dim=1)
        return terms.losses + functional.cross_entropy(self.network(read).float(), terms.groups, reduction="none")

    def _truth(self, labels: torch.Tensor) -> torch.Tensor:
        return labels.float() if labels.ndim == 2 else functional.one_hot(labels, self.truths).float()


def _apply(setting: Setting) -> Mitigation:
    target = setting.cohort.target
    truths = len(target.classes) if setting.plan.criterion == "equalised_odds" else 0

    def made(net: Net) -> Adversary:
        below = [*net.encoders.parameters(), *net.fusion.parameters()]
        reads_answer = not any(parameter.requires_grad for parameter in below)
        width = net.head.out.out_features if reads_answer else net.fusion.width
        n_groups = len(setting.groups)
        return Adversary(width, n_groups, truths=truths, strength=setting.strength, reads_answer=reads_answer)

    # An adversary's training swings: the epoch is chosen by the gap as well, or the least fair one would win.
    return Mitigation(objective=made, judge=gap_judge(setting, strength=STRENGTH))


METHODS.register("adversarial")(Method(apply=_apply, strength=1.0, strongest=100.0, targets=("classes", "labels")))
