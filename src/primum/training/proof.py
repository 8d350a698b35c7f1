"""The proof that a model trained, computed after every training.

Private fine-tuning elsewhere has lost its head on saving, frozen what should move, or learnt nothing, and nobody was
told. Here the mechanical part of the proof fails the run; whether the model learnt anything is a Finding that the
policy judges, so that a model that learnt nothing is refused with a full report.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from primum.errors import TrainingFailedError
from primum.evidence.finding import Finding
from primum.model.net import Net

RELOAD_TOLERANCE = 1e-5
"""Largest difference of a probability between the model in memory and the one read back."""
_RESAMPLES = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What was checked, as figures."""

    trainable_parameters: int
    """Weights that were free to move."""
    total_parameters: int
    moved: int
    """Trainable tensors that differ from where they began."""
    trainable_tensors: int
    head_moved: bool
    frozen_unchanged: bool
    reload_max_difference: float
    changes: Mapping[str, float]
    """Of each part with trainable weights: the length of their change, in lengths of what they were (infinite where
    they began at 0)."""

    def to_json(self) -> dict[str, Any]:
        """Return the figures as plain JSON."""
        return asdict(self)


def snapshot(net: Net) -> dict[str, torch.Tensor]:
    """Return a copy of every weight."""
    return {name: parameter.detach().cpu().clone() for name, parameter in net.named_parameters()}


def prove(
    net: Net,
    before: Mapping[str, torch.Tensor],
    *,
    in_memory: npt.NDArray[np.float64],
    reloaded: npt.NDArray[np.float64],
) -> Proof:
    """Return the proof that `net` trained.

    Args:
        net: the tuned network.
        before: its weights before training.
        in_memory: answers of the network that was trained.
        reloaded: answers of the same records by the network read back from its folder.
    Raises:
        TrainingFailedError: a weight is not finite, no part or not the head moved, a frozen weight changed, or the
            saved model answers differently.
    """
    moved, trainable, frozen_unchanged, head_moved = 0, 0, True, False
    ways: dict[str, list[float]] = {}
    for name, parameter in net.named_parameters():
        now = parameter.detach().cpu()
        if not bool(torch.isfinite(now).all()):
            raise TrainingFailedError(
                f"training: the weight {name} is no longer finite; lower training.optimizer.lr, "
                "or set training.precision: fp32."
            )
        same = torch.equal(now, before[name])
        if not parameter.requires_grad:
            frozen_unchanged &= same
            continue
        trainable += 1
        moved += not same
        head_moved |= name.startswith("head.") and not same
        way = ways.setdefault(_part_of(name), [0.0, 0.0])
        way[0] += float((now - before[name]).double().square().sum())
        way[1] += float(before[name].double().square().sum())
    proof = Proof(
        trainable_parameters=sum(p.numel() for p in net.parameters() if p.requires_grad),
        total_parameters=sum(p.numel() for p in net.parameters()),
        moved=moved,
        trainable_tensors=trainable,
        head_moved=head_moved,
        frozen_unchanged=frozen_unchanged,
        reload_max_difference=float(np.abs(in_memory - reloaded).max(initial=0.0)),
        changes={part: (way / own) ** 0.5 if own else float("inf") for part, (way, own) in ways.items() if way or own},
    )
    _insist(proof, scale=max(float(np.abs(in_memory).max(initial=0.0)), 1.0))
    return proof


def _part_of(name: str) -> str:
    """Return the part that a weight is of: head, fusion, or the name of the input that its encoder reads."""
    first, _, rest = name.partition(".")
    return rest.partition(".")[0] if first == "encoders" else first


def _insist(proof: Proof, *, scale: float) -> None:
    if proof.moved == 0 or not proof.head_moved:
        raise TrainingFailedError(
            "training: the weights did not move; training.optimizer.lr and head_lr must be above 0 "
            "and the training split must not be empty."
        )
    for part in (part for part, change in proof.changes.items() if change == 0.0):
        raise TrainingFailedError(
            f"training: no weight of the part {part} moved, so it did not train; check training.optimizer.lr, or leave "
            "the part as it is with method: head."
        )
    if not proof.frozen_unchanged:
        raise TrainingFailedError("training: weights that were frozen have changed; the run is void.")
    if proof.reload_max_difference > RELOAD_TOLERANCE * scale:
        raise TrainingFailedError(
            f"training: the saved model answers differently from the trained one (by "
            f"{proof.reload_max_difference:.2g}); the run is void."
        )


def learnt_finding(
    untrained: npt.NDArray[np.float64],
    trained: npt.NDArray[np.float64],
    patients: npt.NDArray[np.object_],
    *,
    split: str,
    seed: int,
    changes: Mapping[str, float] | None = None,
) -> Finding:
    """Return how much lower the trained model's loss is than the untrained one's on records it was not trained on.

    Args:
        untrained: each record's loss before training, shape (n,).
        trained: each record's loss after it, shape (n,).
        patients: each record's patient, shape (n,); whole patients are resampled.
        split: the records' split.
        seed: of the resampling.
        changes: how far the weights of each part moved, in lengths of what they were.
    """
    codes = np.unique(patients, return_inverse=True)[1] if len(patients) else np.empty(0, np.int64)
    gain = untrained - trained
    n_patients = int(codes.max(initial=-1)) + 1
    value = low = high = None
    if n_patients >= 2:
        totals, counts = np.bincount(codes, gain), np.bincount(codes)
        weights = np.random.default_rng(seed).multinomial(n_patients, np.full(n_patients, 1 / n_patients), _RESAMPLES)
        low, high = np.quantile((weights @ totals) / (weights @ counts), [0.025, 0.975])
        value = float(gain.mean())
    return Finding(
        pillar="safety",
        metric="learnt_log_loss_gain",
        value=value,
        low=None if low is None else float(low),
        high=None if high is None else float(high),
        n=len(gain),
        versus={"model": "untrained"},
        split=split,
        enough=n_patients >= 10,
        method="mean paired difference of the records' losses, before minus after training; patients resampled "
        f"{_RESAMPLES} times, percentile interval",
        reference="Efron and Tibshirani 1993, An Introduction to the Bootstrap, chapter 13",
        detail={} if changes is None else {"weights_changed": {part: round(by, 6) for part, by in changes.items()}},
    )
