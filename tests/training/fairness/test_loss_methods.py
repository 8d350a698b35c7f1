"""Group DRO, the gap penalty and the adversary: their terms against hand computation and autograd."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from primum.model.net import Terms
from primum.training.fairness.adversarial import Adversary, reversed_gradient
from primum.training.fairness.group_dro import GroupDRO, worst_group_judge
from primum.training.fairness.groups import Groups
from primum.training.fairness.penalty import GapPenalty, cells_of


def _terms(outputs, labels, groups, fused=None):
    of_labels = labels.ndim == 2
    losses = (
        functional.binary_cross_entropy_with_logits(outputs, labels.float(), reduction="none").mean(1)
        if of_labels
        else functional.cross_entropy(outputs, labels, reduction="none")
    )
    fused = outputs if fused is None else fused
    return Terms(losses=losses, outputs=outputs, fused=fused, labels=labels, groups=groups)


def test_group_weights_follow_the_papers_update():
    shares, step = np.array([0.5, 0.3, 0.2]), 0.1
    objective = GroupDRO(shares, step=step)
    q = np.full(3, 1 / 3)
    rng = np.random.default_rng(0)
    for _ in range(5):
        losses, groups = rng.random(8).astype(np.float32), rng.integers(0, 2, 8)  # group 2 never comes
        terms = Terms(
            losses=torch.tensor(losses),
            outputs=torch.zeros(8, 2),
            fused=torch.zeros(8, 2),
            labels=torch.zeros(8, dtype=torch.int64),
            groups=torch.tensor(groups),
        )
        said = objective(terms).numpy()
        for group in set(groups):  # Sagawa et al. 2020, algorithm 1, line 5: q_g <- q_g exp(eta loss_g), then normalise
            q[group] *= np.exp(step * losses[groups == group].mean())
        q /= q.sum()
        np.testing.assert_allclose(objective.log_q.exp().numpy(), q, rtol=1e-5)
        np.testing.assert_allclose(said, losses * (q / shares)[groups], rtol=1e-5)


def test_the_expected_group_dro_loss_is_the_weighted_sum_of_the_groups_means():
    rng = np.random.default_rng(1)
    groups = np.repeat([0, 1, 2], [50, 30, 20])
    losses = torch.tensor(rng.random(100).astype(np.float32))
    objective = GroupDRO(np.array([0.5, 0.3, 0.2]), step=0.5)
    terms = Terms(losses=losses, outputs=losses, fused=losses, labels=losses, groups=torch.tensor(groups))
    total = float(objective(terms).mean())
    q = objective.log_q.exp().numpy()
    assert total == pytest.approx(sum(q[g] * losses.numpy()[groups == g].mean() for g in range(3)), rel=1e-5)


def test_the_worst_group_is_judged_and_single_records_are_not():
    codes = np.array([0] * 5 + [1] * 5 + [2, -1])
    groups = Groups(codes=codes, names=("a", "b", "c"), counts=np.ones(3, np.int64))
    losses = np.array([0.1] * 5 + [0.4] * 5 + [9.0, 9.0])
    assert worst_group_judge(groups)(np.arange(12), losses, losses) == pytest.approx(0.4)


def _penalty_by_brute_force(p, labels, groups, odds):
    """Sum over truths and answers of the population variance over groups of the mean probability."""
    total = 0.0
    for answer in range(p.shape[1]):
        if labels.ndim == 2:
            truths = [labels[:, answer] == t for t in (0, 1)] if odds else [np.ones(len(p), bool)]
        else:
            truths = [labels == t for t in range(p.shape[1])] if odds else [np.ones(len(p), bool)]
        for truth in truths:
            means = [
                p[truth & (groups == g), answer].mean() for g in np.unique(groups) if (truth & (groups == g)).sum() >= 5
            ]
            total += np.var(means)
    return total


@pytest.mark.parametrize("odds", [True, False])
@pytest.mark.parametrize("kind", ["binary", "classes", "labels"])
def test_the_penalty_and_its_gradient_are_those_of_finite_differences(kind, odds):
    rng = np.random.default_rng(2)
    n, k = 120, {"binary": 2, "classes": 3, "labels": 2}[kind]
    logits = rng.normal(size=(n, k))
    labels = rng.integers(0, 2, (n, k)) if kind == "labels" else rng.integers(0, k, n)
    groups = rng.integers(0, 3, n)

    def probabilities(z):
        return 1 / (1 + np.exp(-z)) if kind == "labels" else np.exp(z) / np.exp(z).sum(1, keepdims=True)

    cells = cells_of(torch.tensor(groups), torch.tensor(labels), k, n_groups=3, odds=odds)
    objective = GapPenalty(cells.mean(0), strength=1.0, window=0, odds=odds)
    outputs = torch.tensor(logits, dtype=torch.float32, requires_grad=True)
    terms = _terms(outputs, torch.tensor(labels), torch.tensor(groups))
    added = (objective(terms) - terms.losses).mean()
    assert float(added.detach()) == pytest.approx(
        _penalty_by_brute_force(probabilities(logits), labels, groups, odds), rel=1e-4
    )
    added.backward()
    for row, column in [(0, 0), (7, 1), (50, 0), (119, 1)]:
        nudged = []
        for sign in (1, -1):
            moved = logits.copy()
            moved[row, column] += sign * 1e-5
            nudged.append(_penalty_by_brute_force(probabilities(moved), labels, groups, odds))
        assert float(outputs.grad[row, column]) == pytest.approx((nudged[0] - nudged[1]) / 2e-5, rel=1e-2, abs=1e-7)


def test_small_batches_add_up_to_the_gradient_of_the_whole():
    """With settled running means, the mean gradient over batches of 4 is that of one batch of everybody."""
    rng = np.random.default_rng(3)
    n = 400
    logits = torch.tensor(rng.normal(size=(n, 2)), dtype=torch.float32, requires_grad=True)
    labels, groups = torch.tensor(rng.integers(0, 2, n)), torch.tensor(rng.integers(0, 2, n))
    cells = cells_of(groups, labels, 2, n_groups=2, odds=True)
    whole = GapPenalty(cells.mean(0), strength=1.0, window=0, odds=True)
    whole(_terms(logits, labels, groups)).mean().backward()
    wanted, logits.grad = logits.grad.clone(), None
    small = GapPenalty(cells.mean(0), strength=1.0, window=1e9, odds=True)
    with torch.no_grad():
        for _ in range(20):
            small(_terms(logits, labels, groups))
    for start in range(0, n, 4):
        rows = slice(start, start + 4)
        (small(_terms(logits[rows], labels[rows], groups[rows])).sum() / n).backward()
    np.testing.assert_allclose(logits.grad, wanted, atol=2e-5)


def test_the_reversed_gradient_is_minus_strength_times_the_plain_one():
    value = torch.randn(5, 3, requires_grad=True)
    weight = torch.randn(3, 2)
    (reversed_gradient(value, 0.7) @ weight).square().sum().backward()
    plain = torch.autograd.grad((value @ weight).square().sum(), value)[0]
    torch.testing.assert_close(value.grad, -0.7 * plain)


@pytest.mark.parametrize(("truths", "reads_answer"), [(2, False), (0, False), (2, True)])
def test_the_adversary_learns_the_group_and_the_model_unlearns_it(truths, reads_answer):
    torch.manual_seed(0)
    adversary = Adversary(2 if reads_answer else 3, 2, truths=truths, strength=2.0, reads_answer=reads_answer)
    outputs, fused = torch.randn(6, 2, requires_grad=True), torch.randn(6, 3, requires_grad=True)
    labels, groups = torch.randint(0, 2, (6,)), torch.randint(0, 2, (6,))
    terms = Terms(losses=torch.zeros(6), outputs=outputs, fused=fused, labels=labels, groups=groups)
    adversary(terms).sum().backward()
    read = (outputs if reads_answer else fused).detach().requires_grad_()
    given = torch.cat([read, functional.one_hot(labels, 2).float()], 1) if truths else read
    loss = functional.cross_entropy(adversary.network(given), groups, reduction="sum")
    wanted = torch.autograd.grad(loss, [read, *adversary.network.parameters()])
    torch.testing.assert_close((outputs if reads_answer else fused).grad, -2.0 * wanted[0])
    for parameter, gradient in zip(adversary.network.parameters(), wanted[1:], strict=True):
        torch.testing.assert_close(parameter.grad, gradient)
