"""The network: each input is encoded, the inputs present are fused, one head answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn
from torch.nn import functional

from primum.model.inputs.base import Batch

TargetKind = Literal["classes", "labels", "number"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadSpec:
    """What the head answers."""

    kind: TargetKind
    outputs: int
    """Classes or labels; 1 for a number."""
    heteroscedastic: bool = False
    """For a number: the head also gives each record's log variance."""
    linear: bool = False
    """Only a linear layer on the frozen features."""


class Fusion(nn.Module):
    """Projects each input to one width and joins them; a missing input is masked by a learnt constant.

    With a single input there is nothing to fuse and the features pass through as they are.
    """

    def __init__(self, widths: Mapping[str, int], *, width: int) -> None:
        super().__init__()
        self.single = len(widths) == 1
        self.width = next(iter(widths.values())) if self.single else width * len(widths)
        self.projections = nn.ModuleDict(
            {}
            if self.single
            else {name: nn.Sequential(nn.LayerNorm(w), nn.Linear(w, width), nn.GELU()) for name, w in widths.items()}
        )
        self.absent = nn.ParameterDict(
            {} if self.single else {name: nn.Parameter(torch.zeros(width)) for name in widths}
        )

    def forward(self, features: Mapping[str, torch.Tensor], present: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Return fused features of shape (b, width); an absent input is a learnt constant."""
        if self.single:
            name, value = next(iter(features.items()))
            return value * present[name].unsqueeze(-1).to(value.dtype)
        parts = [
            torch.where(present[name].unsqueeze(-1), projection(features[name]), self.absent[name])
            for name, projection in self.projections.items()
        ]
        return torch.cat(parts, dim=-1)


class Head(nn.Module):
    """Dropout and a linear layer; the loss that belongs to the target."""

    scale: torch.Tensor
    shift: torch.Tensor

    def __init__(self, spec: HeadSpec, width: int, *, dropout: float) -> None:
        super().__init__()
        self.spec = spec
        self.dropout = nn.Dropout(0.0 if spec.linear else dropout)
        self.out = nn.Linear(width, 2 if spec.heteroscedastic else spec.outputs)
        self.register_buffer("shift", torch.zeros(()))
        self.register_buffer("scale", torch.ones(()))

    def forward(self, fused: torch.Tensor) -> torch.Tensor:
        """Return logits (b, outputs), or the standardised number (b, 1 or 2: mean and log variance)."""
        outputs: torch.Tensor = self.out(self.dropout(fused))
        return outputs

    def losses(self, outputs: torch.Tensor, labels: torch.Tensor, *, smoothing: float = 0.0) -> torch.Tensor:
        """Return each record's loss, shape (b,), in float32: cross-entropy, mean binary cross-entropy over the labels,
        squared error, or the Gaussian negative log-likelihood (Nix and Weigend 1994) of the standardised number.

        Of `smoothing`, a share of each label's certainty is spread over all answers (Szegedy et al. 2016, section 7);
        a number has none.
        """
        outputs = outputs.float()
        if self.spec.kind == "classes":
            return functional.cross_entropy(outputs, labels, reduction="none", label_smoothing=smoothing)
        if self.spec.kind == "labels":
            spread = labels.float() * (1.0 - smoothing) + smoothing / 2
            return functional.binary_cross_entropy_with_logits(outputs, spread, reduction="none").mean(1)
        wanted = (labels.float() - self.shift) / self.scale
        error = (outputs[:, 0] - wanted) ** 2
        if not self.spec.heteroscedastic:
            return error
        log_variance = outputs[:, 1].clamp(-10.0, 10.0)
        return 0.5 * (error * torch.exp(-log_variance) + log_variance)

    def answer(self, outputs: torch.Tensor) -> torch.Tensor:
        """Return probabilities (b, k), or the number in its own unit (b,)."""
        outputs = outputs.double()  # float32 rows would sum to 1 only within 1e-7 times the number of classes
        if self.spec.kind == "classes":
            return torch.softmax(outputs, dim=-1)
        if self.spec.kind == "labels":
            return torch.sigmoid(outputs)
        return outputs[:, 0] * self.scale.double() + self.shift.double()


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What an objective may look at: one batch on its way from features to loss."""

    losses: torch.Tensor
    """Each record's own loss, weighted, shape (b,)."""
    outputs: torch.Tensor
    """What the head said, shape (b, outputs)."""
    fused: torch.Tensor
    """Fused features, shape (b, width)."""
    labels: torch.Tensor
    """Shape (b,), or (b, k) for labels."""
    groups: torch.Tensor
    """Code of each record's group of patients, shape (b,)."""


class AbstractObjective(nn.Module):
    """A term of the loss that is trained, and kept in checkpoints, with the network, but is no part of the model.

    Called with the Terms of a batch, it returns each record's loss, shape (b,).
    """


class Net(nn.Module):
    """Encoders, fusion and head of one study."""

    accepts_loss_kwargs = False  # or the Trainer would multiply the loss by its accumulation steps
    record_weight: float = 1.0
    """One over the mean number of records in a training batch."""
    orthogonal: bool = False
    """Whether the adaptation's factors are pulled towards orthogonality (adalora)."""
    label_smoothing: float = 0.0
    """Of the losses in `forward`; what is measured elsewhere has none."""
    _trains: bool = False
    """Whether training mode was set by `train`, after the parts that stay frozen were known."""

    def __init__(self, encoders: Mapping[str, nn.Module], fusion: Fusion, head: Head) -> None:
        super().__init__()
        self.encoders = nn.ModuleDict(dict(encoders))
        self.fusion = fusion
        self.head = head
        self.objective: AbstractObjective | None
        self.register_module("objective", None)

    def train(self, mode: bool = True) -> Net:
        """Set training mode, but never on a part that is frozen: its dropout must not fire.

        The Trainer calls this before every step, and walking through all modules would cost more than a small step.
        """
        if mode and self._trains:
            return self
        self._trains = mode
        super().train(mode)
        for module in self.encoders.modules() if mode else ():
            parameters = list(module.parameters())
            if parameters and not any(p.requires_grad for p in parameters):
                module.eval()
        return self

    def features(self, inputs: Mapping[str, Batch]) -> torch.Tensor:
        """Return the fused features, shape (b, width)."""
        encoded = {name: encoder(inputs[name]) for name, encoder in self.encoders.items()}
        return self.fusion(encoded, {name: inputs[name]["present"] for name in encoded})  # type: ignore[no-any-return]

    def forward(
        self,
        inputs: dict[str, Batch],
        labels: torch.Tensor | None = None,
        weights: torch.Tensor | None = None,
        groups: torch.Tensor | None = None,
    ) -> dict[str, torch.Tensor]:
        """Return `logits`, and `loss` when labels are given.

        The loss is the weighted sum over the batch times `record_weight` (one over the mean number of records in a
        batch), so that every record counts the same however many share its batch. An objective changes the losses
        before they are summed, and asks for `groups`.
        """
        fused = self.features(inputs)
        outputs = self.head(fused)
        if labels is None:
            return {"logits": outputs}
        spread = {"smoothing": self.label_smoothing} if self.label_smoothing else {}
        losses = self.head.losses(outputs, labels, **spread)
        if weights is not None:
            losses = losses * weights
        if self.objective is not None and groups is not None:
            losses = self.objective(Terms(losses=losses, outputs=outputs, fused=fused, labels=labels, groups=groups))
        return {"loss": losses.sum() * self.record_weight, "logits": outputs}
