"""Self-supervised pretraining: the image network learns which changed copies are of one picture, before any label.

Source: Chen et al. 2020, ICML ("SimCLR"). We differ in that only the upper half of the network learns, above maps of
changed copies that the lower half has made once, so that it takes minutes on a CPU, and in the projection's width.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional

from primum.errors import StudyError, TrainingFailedError
from primum.evidence.finding import Finding
from primum.model.encoders import ImageEncoder
from primum.model.inference import fused_kernels, inference
from primum.model.inputs import Augmentation, PreparedImage
from primum.model.lite import LiteNet
from primum.model.lower_maps import PreparedLowerMaps, lower_maps
from primum.progress import Progress
from primum.training.plan import PretrainPlan
from primum.training.proof import learnt_finding
from primum.training.trainer import world_size

Rows = npt.NDArray[np.int64]
_CHANGES = Augmentation(degrees=15.0, crop=0.6, intensity=0.3, copies=8)
"""Stronger than in training: what stays the same under these is what is to be learnt (section 3 of the source)."""
_PROJECTED = 128
_COLLAPSED = 2.0
_MEASURED = 512
"""Pictures that loss and rank are told of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pretrained:
    """What pretraining came to."""

    losses: tuple[float, ...]
    """Mean loss of each epoch."""
    findings: tuple[Finding, ...]


def contrastive_losses(one: torch.Tensor, other: torch.Tensor, temperature: float) -> torch.Tensor:
    """Return each pair's loss, shape (b,): both ways' mean of NT-Xent, equation 1 of the source.

    Args:
        one: a view of each picture, shape (b, d).
        other: another view of the same, shape (b, d).
        temperature: above 0; the smaller, the more the nearest other pictures count.
    """
    b = len(one)
    views = functional.normalize(torch.cat([one, other]), dim=1)
    alike = views @ views.T / temperature  # (2b, 2b)
    alike = alike.masked_fill(torch.eye(2 * b, dtype=torch.bool, device=alike.device), -torch.inf)
    partner = torch.arange(2 * b, device=alike.device).roll(b)
    return functional.cross_entropy(alike, partner, reduction="none").reshape(2, b).mean(0)


def effective_rank(features: torch.Tensor) -> float:
    """Return in how many directions features of shape (n, d) differ, between 1 and min(n, d).

    Source: Roy and Vetterli 2007, EUSIPCO: the exponential of the entropy of the singular values' shares, here of the
    centred features.
    """
    values = torch.linalg.svdvals((features - features.mean(0)).double())
    shares = values / values.sum().clamp(min=1e-12)
    shares = shares[shares > 0]
    return float(torch.exp(-(shares * shares.log()).sum()))


def pretrain(
    encoder: ImageEncoder,
    image: PreparedImage,
    patients: npt.NDArray[np.object_],
    plan: PretrainPlan,
    *,
    seed: int,
    progress: Progress,
) -> Pretrained:
    """Tune an image network on pictures without labels, in place.

    Args:
        encoder: whose upper half learns; which weights are to be tuned later stays as it is set.
        image: the pictures; no others are looked at.
        patients: of each, by whom the interval is resampled.
        plan: how.
        seed: of copies, order and projection.
        progress: is told of every step.
    Raises:
        StudyError: fewer than eight different pictures, or several processes share the training.
        TrainingFailedError: the loss did not fall, or the features have collapsed.
    """
    network = encoder.backbone
    assert isinstance(network, LiteNet)
    if world_size() > 1:
        raise StudyError(
            f"training.pretrain: it runs in one process, and {world_size()} were started; start one, or leave it out."
        )
    rows = image.distinct()[0]
    rows = rows[image.present[rows]]
    if len(rows) < 8:
        raise StudyError(f"training.pretrain: {len(rows)} different pictures are too few to tell apart; give more.")
    wanted = {name: one.requires_grad for name, one in network.named_parameters()}
    home = next(network.parameters()).device
    network.to("cuda" if torch.cuda.is_available() else home)
    depth = len(network.blocks) // 2
    upper = ImageEncoder(network.requires_grad_(True), encoder.width, frozen_blocks=depth)
    for part in network.lower(depth):
        part.requires_grad_(False)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        changes = replace(_CHANGES, allow_flips=plan.allow_flips)
        maps = lower_maps(upper, image, rows, changes)
        if maps is None:
            raise StudyError("training.pretrain: the pictures take too much room; give fewer or smaller ones.")
        done = _trained(upper, maps, rows, patients, plan, progress)
    network.to(home)
    for name, one in network.named_parameters():
        one.requires_grad_(wanted[name])
    return done


def _trained(
    upper: ImageEncoder,
    maps: PreparedLowerMaps,
    rows: Rows,
    patients: npt.NDArray[np.object_],
    plan: PretrainPlan,
    progress: Progress,
) -> Pretrained:
    width = upper.width
    projection = nn.Sequential(nn.Linear(width, 256), nn.ReLU(), nn.Linear(256, _PROJECTED))
    net = nn.ModuleDict({"upper": upper, "projection": projection.to(next(upper.parameters()).device)})
    tuned = [one for one in net.parameters() if one.requires_grad]
    optimizer = torch.optim.AdamW(tuned, lr=plan.lr, weight_decay=1e-4)
    spread = rows[np.linspace(0, len(rows) - 1, min(len(rows), _MEASURED)).astype(np.int64)]
    fixed = [maps.pairs(part) for part in _parts(spread, plan.batch)]
    before = _measured(net, maps, spread, fixed, plan)
    steps, step, losses = plan.epochs * len(_parts(rows, plan.batch)), 0, []
    for _ in range(plan.epochs):
        order, told = rows[torch.randperm(len(rows)).cpu().numpy()], []
        for part in _parts(order, plan.batch):
            for group in optimizer.param_groups:
                group["lr"] = plan.lr * _share(step, steps)
            loss = _losses(net, maps.pairs(part), plan.temperature).mean()
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(tuned, 1.0)
            optimizer.step()
            told.append(float(loss.detach()))
            step += 1
            progress.advance(step, steps, loss=told[-1])
        losses.append(float(np.mean(told)))
    after = _measured(net, maps, spread, fixed, plan)
    _insist(before, after)
    return Pretrained(losses=tuple(losses), findings=_findings(before, after, patients[spread]))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measured:
    losses: npt.NDArray[np.float64]
    rank: float


def _measured(
    net: nn.ModuleDict,
    maps: PreparedLowerMaps,
    rows: Rows,
    pairs: list[tuple[torch.Tensor, torch.Tensor]],
    plan: PretrainPlan,
) -> _Measured:
    with inference():
        losses = torch.cat([_losses(net, pair, plan.temperature) for pair in pairs])
        features = torch.cat([_features(net, maps.collate(part)["map"]) for part in _parts(rows, plan.batch)])
    return _Measured(losses=losses.double().cpu().numpy(), rank=effective_rank(features))


def _features(net: nn.ModuleDict, maps: torch.Tensor) -> torch.Tensor:
    found: torch.Tensor = net["upper"]({"map": maps.to(next(net.parameters()).device)})
    return found


def _losses(net: nn.ModuleDict, pair: tuple[torch.Tensor, torch.Tensor], temperature: float) -> torch.Tensor:
    with fused_kernels():
        features = _features(net, torch.cat(pair))
    one, other = net["projection"](features).chunk(2)
    return contrastive_losses(one, other, temperature)


def _parts(rows: Rows, batch: int) -> list[Rows]:
    """Return batches of nearly equal size: in a small one there is little to tell a picture from."""
    return np.array_split(rows, max(math.ceil(len(rows) / batch), 1))


def _share(step: int, steps: int) -> float:
    """Return the share of the peak rate: up in the first tenth, then down along a cosine."""
    warm = max(steps // 10, 1)
    return (step + 1) / warm if step < warm else 0.5 * (1 + math.cos(math.pi * (step - warm) / max(steps - warm, 1)))


def _insist(before: _Measured, after: _Measured) -> None:
    if not after.losses.mean() < before.losses.mean():
        raise TrainingFailedError(
            "training.pretrain: the loss did not fall; lower training.pretrain.lr, give more epochs, or leave it out."
        )
    if after.rank < _COLLAPSED:
        raise TrainingFailedError(
            f"training.pretrain: the features have collapsed to {after.rank:.1f} directions; lower its lr."
        )


def _findings(before: _Measured, after: _Measured, patients: npt.NDArray[np.object_]) -> tuple[Finding, ...]:
    gain = learnt_finding(before.losses, after.losses, patients, split="train", seed=0)
    rank = Finding(
        pillar="safety",
        metric="pretraining_rank",
        value=after.rank,
        low=None,
        high=None,
        level=None,
        n=len(before.losses),
        split="train",
        enough=True,
        method="exponential of the entropy of the shares of the centred features' singular values",
        reference="Roy and Vetterli 2007, EUSIPCO",
        detail={"before": before.rank},
    )
    return (replace(gain, metric="pretraining_loss_gain", versus={"model": "not pretrained"}), rank)
