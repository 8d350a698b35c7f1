"""How a model is to be fitted: plain values that the study's reader fills in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch

from primum.training.private.budget import PrivacyPlan

Precision = Literal["auto", "fp32", "bf16"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FairnessPlan:
    """What is done during training about slices that are served worse."""

    method: str
    """A name from `primum.training.fairness.METHODS`."""
    attributes: tuple[str, ...] = ()
    """Sensitive attributes whose intersections are the groups; empty: all of them."""
    strength: float | None = None
    """Its meaning is the method's; None: the method's own default."""
    criterion: Literal["equalised_odds", "demographic_parity"] = "equalised_odds"
    """What penalty and adversarial even out."""
    translator: str | None = None
    """Folder of a translation model for the back-translation of text_augmentation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RobustnessPlan:
    """What is done during training about small changes to records."""

    method: Literal["fgm", "pgd", "augmentation"]
    """fgm: see `primum.training.robustness`; pgd: see `primum.training.hardened_pictures`; augmentation: the study
    gives changed copies of training records."""
    strength: float
    """fgm: length of the move, in lengths of the record; pgd: share of the loss that moved pictures have;
    augmentation: share of records that are copied, changed."""
    levels: float | None = None
    """pgd: most that a pixel moves, of 255."""
    steps: int | None = None
    """pgd: of the search for the worst move, whenever a picture is learnt from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PretrainPlan:
    """What the image network learns from pictures alone."""

    epochs: int = 10
    batch: int = 64
    lr: float = 5e-4
    temperature: float = 0.2
    allow_flips: bool = False
    """Whether a mirrored picture is a changed copy of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingPlan:
    """Everything that decides how weights move."""

    epochs: int = 10
    batch: int | None = 16
    """Records in a batch; None when `batch_tokens` is given."""
    batch_tokens: int | None = None
    """Padded tokens in a batch."""
    accumulate: int = 1
    optimizer: str = "adamw"
    lr: float = 2e-4
    """Peak learning rate of pretrained and adapter weights."""
    head_lr: float = 1e-3
    """Peak learning rate of weights that start from nothing: head, fusion, vitals encoder."""
    layer_decay: float = 1.0
    """Each layer of a pretrained network learns at this share of the rate of the layer above it."""
    weight_decay: float = 0.01
    momentum: float = 0.9
    warmup: float = 0.1
    """Share of all steps."""
    clip: float = 1.0
    patience: int | None = 3
    """Epochs without a better validation figure; None trains all epochs and still keeps the best."""
    metric: Literal["log_loss", "balanced_accuracy", "mae", "objective"] = "log_loss"
    """The validation figure that chooses the epoch; objective: what the fairness method makes small."""
    balanced_classes: bool = False
    label_smoothing: float = 0.0
    """Share of each label's certainty that is spread over the other answers in training."""
    precision: Precision = "auto"
    track: tuple[str, ...] = ()
    fairness: FairnessPlan | None = None
    privacy: PrivacyPlan | None = None
    """What is promised to the patients trained on; None: nothing."""
    robustness: RobustnessPlan | None = None
    pretrain: PretrainPlan | None = None
    """What comes first; None: nothing."""
    shards: int | None = None
    """Shards of patients, each with a head of its own; None: one model of all."""
    seed: int = 7

    @property
    def greater_is_better(self) -> bool:
        """Whether a larger validation figure is the better one."""
        return self.metric == "balanced_accuracy"


def use_bf16(precision: Precision) -> bool:
    """Return whether to train in bfloat16: when asked to, or on auto where the hardware multiplies in it."""
    if precision != "auto":
        return precision == "bf16"
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
