"""A penalty on the gap: the soft decisions of all groups shall have the same mean, given the truth or overall.

The penalised quantity is the sum over truths and answers of the variance over groups of the mean predicted
probability. Given the true class it is the equalised-odds gap, without it the demographic-parity gap (Bechavod and
Ligett 2017, "Penalizing unfairness in binary classification", section 3; Agarwal et al. 2018, ICML, section 2, give the
constraints for more classes).

A batch of 16 holds too few records of a cell to know a gap. So the means are running sums over about the last
`WINDOW` records, and the gradient is that of the penalty at these means, passed to each record by the chance of
meeting its cell: an unbiased step however small the batch.
"""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional

from primum.model.net import AbstractObjective, Terms
from primum.training.fairness.method import METHODS, FloatArray, IntArray, Judge, Method, Mitigation, Setting

WINDOW = 1000
"""Records over which the running means reach, or the training records if they are fewer."""
STRENGTH = 10.0
"""Weight of the penalty. Much more, and all probabilities shrink to one value, on whose sides the groups may lie."""
FEWEST = 5.0
"""A cell with a lower running count says nothing yet."""


def cells_of(groups: torch.Tensor, labels: torch.Tensor, answers: int, *, n_groups: int, odds: bool) -> torch.Tensor:
    """Return 1 where a record is in the cell of a group, truth and answer, shape (b, groups, truths, answers).

    Args:
        groups: codes, shape (b,).
        labels: classes (b,), or 0/1 for each label (b, answers).
        answers: number of classes or labels.
        n_groups: number of groups.
        odds: whether a cell is of one truth (as many as classes, two for a label); else of any.
    """
    of_group = functional.one_hot(groups, n_groups).float()
    if not odds:
        truth = of_group.new_ones((len(groups), 1, answers))
    elif labels.ndim == 1:
        truth = functional.one_hot(labels, answers).float().unsqueeze(-1).expand(-1, -1, answers)
    else:
        truth = torch.stack([1 - labels, labels], dim=1).float()
    return of_group[:, :, None, None] * truth[:, None]


def gap_variance(sums: torch.Tensor, counts: torch.Tensor) -> torch.Tensor:
    """Return the sum over truths and answers of the variance over groups of sums / counts.

    Args:
        sums: of the predicted probabilities, shape (groups, truths, answers).
        counts: of the records, same shape; cells below FEWEST are left out.
    """
    known = (counts >= FEWEST).to(sums.dtype)
    means = sums / counts.clamp(min=1e-9)
    groups = known.sum(0).clamp(min=1.0)
    centre = (means * known).sum(0) / groups
    return (((means - centre) ** 2 * known).sum(0) / groups).sum()


class GapPenalty(AbstractObjective):
    """Adds strength times the penalty at the running means of the cells."""

    sums: torch.Tensor
    counts: torch.Tensor
    shares: torch.Tensor

    def __init__(self, shares: torch.Tensor, *, strength: float, window: float, odds: bool) -> None:
        """Begin with nothing seen.

        Args:
            shares: each cell's share of the training records, shape (groups, truths, answers).
            strength: of the penalty beside the loss.
            window: records over which the running means reach; 0: no further than the batch.
            odds: see `cells_of`.
        """
        super().__init__()
        self.strength, self.window, self.odds = strength, window, odds
        self.register_buffer("shares", shares)
        self.register_buffer("sums", torch.zeros_like(shares))
        self.register_buffer("counts", torch.zeros_like(shares))

    def forward(self, terms: Terms) -> torch.Tensor:
        """Return each record's loss plus the penalty: its value, with the gradient of the record's part in it."""
        n_groups, _, answers = self.shares.shape
        cells = cells_of(terms.groups, terms.labels, answers, n_groups=n_groups, odds=self.odds)
        outputs = terms.outputs.float()
        soft = torch.softmax(outputs, dim=1) if terms.labels.ndim == 1 else torch.sigmoid(outputs)
        keep = float(np.exp(-len(soft) / self.window)) if self.window else 0.0
        self.sums = keep * self.sums + torch.einsum("bgta,ba->gta", cells, soft.detach())
        self.counts = keep * self.counts + cells.sum(0)
        value, slope = self._at_the_means()
        part = torch.einsum("bgta,gta,ba->b", cells, slope / self.shares.clamp(min=1e-9), soft)
        return terms.losses + self.strength * (value + part - part.detach())

    @torch.enable_grad()
    def _at_the_means(self) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the penalty and its derivative by each cell's mean."""
        sums = self.sums.detach().requires_grad_()
        value = gap_variance(sums, self.counts)
        return value.detach(), torch.autograd.grad(value, sums)[0] * self.counts


def _labels(setting: Setting, rows: IntArray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(setting.cohort.target.values[rows].astype(np.int64)))


def _cells(setting: Setting, rows: IntArray) -> torch.Tensor:
    """Return the cells of these records, all of a known group, summed over none."""
    return cells_of(
        torch.from_numpy(setting.groups.codes[rows]),
        _labels(setting, rows),
        len(setting.cohort.target.classes),
        n_groups=len(setting.groups),
        odds=setting.plan.criterion == "equalised_odds",
    )


def gap_judge(setting: Setting, *, strength: float) -> Judge:
    """Return loss plus strength times the penalty, both over the whole validation split."""

    def judge(rows: IntArray, losses: FloatArray, answers: FloatArray) -> float:
        known = setting.groups.codes[rows] >= 0
        cells = _cells(setting, rows[known])
        soft = torch.from_numpy(answers[known]).float()
        gap = gap_variance(torch.einsum("bgta,ba->gta", cells, soft), cells.sum(0))
        return float(losses.mean()) + strength * float(gap)

    return judge


def _apply(setting: Setting) -> Mitigation:
    shares = torch.zeros(0)
    for rows in np.array_split(setting.train_rows, max(len(setting.train_rows) // 4096, 1)):
        summed = _cells(setting, rows).sum(0)
        shares = summed if not len(shares) else shares + summed
    shares = shares / len(setting.train_rows)
    window = float(min(WINDOW, len(setting.train_rows)))
    odds = setting.plan.criterion == "equalised_odds"
    return Mitigation(
        objective=lambda net: GapPenalty(shares, strength=setting.strength, window=window, odds=odds),
        judge=gap_judge(setting, strength=setting.strength),
    )


METHODS.register("penalty")(Method(apply=_apply, strength=STRENGTH, strongest=1e4, targets=("classes", "labels")))
