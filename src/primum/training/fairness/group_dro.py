"""Group DRO: the slice with the largest loss weighs most, and more the longer it stays the worst.

Source: Sagawa et al. 2020, "Distributionally robust neural networks for group shifts", ICLR, algorithm 1. There a
step draws a group uniformly; here batches are plain draws and each record's loss is divided by its group's share, which
gives the same expected gradient, sum over groups of q times the group's mean loss.
"""

from __future__ import annotations

import numpy as np
import torch

from primum.model.net import AbstractObjective, Terms
from primum.training.fairness.groups import Groups
from primum.training.fairness.method import METHODS, FloatArray, IntArray, Judge, Method, Mitigation, Setting


class GroupDRO(AbstractObjective):
    """Weights of the groups, moved by exponentiated gradient ascent at every step."""

    log_q: torch.Tensor
    shares: torch.Tensor

    def __init__(self, shares: FloatArray, *, step: float) -> None:
        """Begin with equal weights.

        Args:
            shares: each group's share of the training records, above 0.
            step: eta of the paper.
        """
        super().__init__()
        self.step = step
        self.register_buffer("shares", torch.tensor(shares, dtype=torch.float32))
        self.register_buffer("log_q", torch.full((len(shares),), -float(np.log(len(shares)))))

    def forward(self, terms: Terms) -> torch.Tensor:
        """Return each record's loss times its group's weight over its group's share, after moving the weights."""
        groups = terms.groups
        counts = torch.zeros_like(self.log_q).index_add_(0, groups, torch.ones_like(terms.losses))
        sums = torch.zeros_like(self.log_q).index_add_(0, groups, terms.losses.detach())
        moved = self.log_q + self.step * sums / counts.clamp(min=1.0)  # an absent group's weight stays as it is
        self.log_q = moved - torch.logsumexp(moved, 0)
        return terms.losses * (self.log_q.exp() / self.shares)[groups]


def worst_group_judge(groups: Groups) -> Judge:
    """Return the mean loss of the worst group as the validation figure.

    Groups with fewer than five validation records are left out, unless all have fewer: one record is no group.
    """

    def judge(rows: IntArray, losses: FloatArray, answers: FloatArray) -> float:
        codes = groups.codes[rows]
        sizes = {code: int((codes == code).sum()) for code in np.unique(codes[codes >= 0]).tolist()}
        judged = [code for code, size in sizes.items() if size >= 5] or list(sizes)
        return max((float(losses[codes == code].mean()) for code in judged), default=float(losses.mean()))

    return judge


def _apply(setting: Setting) -> Mitigation:
    shares, step = setting.groups.shares, setting.strength
    return Mitigation(objective=lambda net: GroupDRO(shares, step=step), judge=worst_group_judge(setting.groups))


METHODS.register("group_dro")(
    Method(apply=_apply, strength=0.01, strongest=10.0, targets=("classes", "labels", "number"))
)
