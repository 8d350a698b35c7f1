"""The training of a study file: optimiser, stopping, objective, mitigation, hardening, privacy, shards."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from primum.study.spec_base import BaseSpec as _Spec
from primum.study.spec_base import Columns, Rate, as_list
from primum.study.spec_pretrain import PretrainSpec, method_of
from primum.study.spec_privacy import PrivacySpec, nothing_asked


class OptimizerSpec(_Spec):
    """How weights move."""

    name: Literal["adamw", "sgd", "adafactor", "adagrad"] = Field("adamw", description="The optimiser.")
    lr: float = Field(2e-4, ge=0.0, le=10.0, description="Peak learning rate of pretrained and adapter weights.")
    head_lr: float = Field(
        1e-3, ge=0.0, le=10.0, description="Peak learning rate of new weights: head, fusion, vitals."
    )
    layer_decay: float = Field(
        1.0,
        gt=0.0,
        le=1.0,
        description="Share of the rate of the layer above at which each pretrained layer learns; 0.9 where images "
        "alone are tuned and nothing is said.",
    )
    weight_decay: float = Field(0.01, ge=0.0, le=1.0, description="Decoupled weight decay; none on biases and norms.")
    momentum: float = Field(0.9, ge=0.0, lt=1.0, description="Momentum of sgd.")


class EarlyStoppingSpec(_Spec):
    """When to stop before the last epoch; the best epoch's weights are kept in any case."""

    patience: int = Field(3, ge=1, description="Epochs without a better validation figure.")
    metric: Literal["log_loss", "balanced_accuracy", "mae"] = Field(
        "log_loss", description="The validation figure; log_loss stands for the loss on whatever target."
    )


class ThresholdsSpec(_Spec):
    """Decisions by slice: thresholds that even out a rate, chosen on the calibration split, never random."""

    attribute: str = Field(description="The sensitive attribute whose slices get a threshold each.")
    criterion: Literal["equal_opportunity", "equalised_odds", "demographic_parity"] = Field(
        "equalised_odds",
        description="What is evened out: true positive rates, true and false positive rates, or selection rates.",
    )
    slack: float = Field(
        0.02, ge=0.0, le=0.5, description="Largest gap that may remain on the calibration split, where it can be met."
    )


MitigationName = Literal[
    "none",
    "reweighing",
    "balanced_sampling",
    "group_dro",
    "penalty",
    "adversarial",
    "counterfactual_augmentation",
    "text_augmentation",
]


class FairnessSpec(_Spec):
    """What is done about slices that are served worse; the run then also trains its unmitigated twin."""

    method: MitigationName = Field("none", description="What is done during training; none: only thresholds.")
    attributes: Columns = Field(
        (), description="Sensitive attributes whose intersections are evened out; left out: all of them."
    )
    strength: float | None = Field(
        None,
        ge=0.0,
        description="How strongly; left out: the method's default. reweighing and balanced_sampling: 0 to 1, share of "
        "the full correction (1). group_dro: step of its weights (0.01). penalty: weight beside the loss (10). "
        "adversarial: weight of the reversed gradient (1). counterfactual_augmentation: share of records copied, "
        "swapped (1). text_augmentation: size that each group reaches within a class, beside the largest (1).",
    )
    criterion: Literal["equalised_odds", "demographic_parity"] = Field(
        "equalised_odds", description="What penalty and adversarial even out."
    )
    translator: str | None = Field(
        None,
        description="text_augmentation: folder with two translation models, in `there` and `back`; left out: "
        "synonyms and crops.",
    )
    thresholds: ThresholdsSpec | None = Field(None, description="Decisions by slice, after training.")

    @model_validator(mode="after")
    def _something(self) -> FairnessSpec:
        if self.method == "none" and self.thresholds is None:
            raise ValueError("name a method or thresholds; leave fairness out for neither")
        return self


class RobustnessSpec(_Spec):
    """What training does about small changes to records."""

    method: Literal["fgm", "pgd", "augmentation"] = Field(
        description="fgm: records moved a little in the direction that hurts most count as much as the records "
        "themselves. pgd: images learnt from as a search for the worst move of their pixels leaves them. "
        "augmentation: training records once more, misspelt, abbreviated, in synonyms, numbers noisy."
    )
    strength: float | None = Field(
        None,
        gt=0.0,
        le=1.0,
        description="fgm: length of the move in lengths of the record (0.1). pgd: share of the loss that moved images "
        "have (0.5). augmentation: share of records copied (1).",
    )
    levels: float | None = Field(
        None, gt=0.0, le=32.0, description="pgd: most that a pixel moves, of 255 (2). Of no other method."
    )
    steps: int | None = Field(
        None, ge=1, le=50, description="pgd: steps of the search before every step of training (2). Of no other method."
    )

    @model_validator(mode="after")
    def _of_pgd(self) -> RobustnessSpec:
        if self.method != "pgd" and (self.levels is not None or self.steps is not None):
            raise ValueError(f"levels and steps are of pgd; leave them out of {self.method}")
        return self


class ObjectiveSpec(_Spec):
    """What is minimised besides the plain loss."""

    robustness: RobustnessSpec | None = Field(None, description="What training does about small changes to records.")
    fairness: FairnessSpec | None = Field(None, description="What is done about slices that are served worse.")

    label_smoothing: float = Field(
        0.0,
        ge=0.0,
        lt=1.0,
        description="Share of each label's certainty that is spread over all answers in training; 0.1 where the image "
        "network is tuned by default.",
    )
    class_weights: Literal["none", "balanced"] = Field("none", description="balanced: rare classes weigh more.")


class TrainingSpec(_Spec):
    """How the model is fitted."""

    epochs: int = Field(10, ge=1, le=10_000, description="Most epochs.")
    batch_tokens: int | None = Field(None, ge=16, description="Padded tokens in a batch; batches differ in records.")
    batch: int | None = Field(None, ge=1, description="Records in a batch; 16 when neither is given.")
    accumulate: int = Field(1, ge=1, description="Batches whose gradients are added up before a step.")
    optimizer: OptimizerSpec = Field(OptimizerSpec(), description="How weights move.")  # type: ignore[call-arg]
    warmup: Rate = Field(0.1, description="Share of steps in which the learning rate rises.")
    clip: float = Field(1.0, ge=0.0, description="Largest gradient norm; 0: not clipped.")
    early_stopping: EarlyStoppingSpec | None = Field(EarlyStoppingSpec(), description="When to stop early.")  # type: ignore[call-arg]
    objective: ObjectiveSpec = Field(ObjectiveSpec(), description="Additions to the loss.")  # type: ignore[call-arg]
    privacy: Annotated[PrivacySpec | None, BeforeValidator(nothing_asked)] = Field(
        None, description="Differentially private training; nothing: off."
    )
    pretrain: Annotated[PretrainSpec | None, BeforeValidator(method_of)] = Field(
        None, description="What the image network learns from pictures alone, before any label; left out: nothing."
    )
    shards: int | None = Field(
        None,
        ge=2,
        le=100,
        description="Shards of patients, each with a head of its own, so that a patient is unlearnt by training one "
        "head again; nothing: one model of all.",
    )
    precision: Literal["auto", "fp32", "bf16"] = Field("auto", description="auto: bf16 where the machine has it.")
    track: Annotated[tuple[Literal["tensorboard", "mlflow", "wandb"], ...], BeforeValidator(as_list)] = Field(
        ("tensorboard",), description="Where training figures also go; wandb runs offline."
    )
    seed: int = Field(7, ge=0, description="Seed of initialisation, order and dropout.")

    @model_validator(mode="after")
    def _one_batch(self) -> TrainingSpec:
        if self.batch is not None and self.batch_tokens is not None:
            raise ValueError("give batch or batch_tokens, not both")
        return self
