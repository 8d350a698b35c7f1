"""The study file as frozen pydantic models: every key, its type, its default, its help line.

What is checked here is the file itself. Whether its columns exist is the cohort's business.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, ConfigDict, Field, field_validator, model_validator

from primum.errors import nearest
from primum.evidence.split_names import set_of
from primum.study.spec_base import BaseSpec as _Spec
from primum.study.spec_base import Columns, Text, Texts, as_list
from primum.study.spec_causal import CausalSpec, wrong_names
from primum.study.spec_external import External, ExternalFiles
from primum.study.spec_image import LITE, ImageAdaptSpec, ImageModelSpec, ImageSpec, column_alone, with_image_defaults
from primum.study.spec_privacy import DeidSpec, PrivacySpec, nothing_asked, shards_fault, switched
from primum.study.spec_transparency import Change, CounterfactualsSpec
from primum.study.spec_trust import AbstentionSpec, CalibrationSpec, ConformalSpec, EnsembleSpec, method_alone

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Rate = Annotated[float, Field(ge=0.0, lt=1.0)]


Documents = Mapping[str, Annotated[str, Field(min_length=1, max_length=200)]]


class IntendedUse(_Spec):
    """What the model is for and whom it must not be used on; goes to report and card word for word."""

    population: str = Field("", description="The patients it is meant for.")
    setting: str = Field("", description="Where it will be used.")
    user: str = Field("", description="Who reads its answer.")
    not_for: str = Field("", description="Uses that are ruled out.")
    risk: Literal["low", "medium", "high"] = Field("high", description="Harm that a wrong answer can do.")


class VitalSpec(_Spec):
    """One vital: a bare column name, or this mapping."""

    column: str = Field(description="Column name.")
    type: Literal["number", "category"] | None = Field(None, description="Inferred from the values when left out.")
    unit: str | None = Field(None, description="Unit as it stands in the records, e.g. mmHg.")
    range: tuple[float, float] | None = Field(None, description="Smallest and largest plausible value, in the unit.")
    missing: Texts = Field((), description="Values that mean 'not measured' besides an empty field.")
    code: Texts = Field(
        (),
        description="Where a FHIR record holds it: system|code of an Observation or Condition, patient.gender or "
        "patient.age.",
    )
    values: Mapping[str, str] = Field(
        {}, description="What a FHIR code is called in the records, e.g. {male: Male}; others are taken as they are."
    )

    changes: Change | None = Field(
        None,
        description="How a counterfactual may change it: any, up, down (numbers) or never; left out: never for age, "
        "sex and sensitive attributes, any for all others.",
    )

    @field_validator("code")
    @classmethod
    def _coded(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for one in value:
            if one not in ("patient.gender", "patient.age") and not all(one.partition("|")):
                raise ValueError(f"{one!r}: expected system|code, patient.gender or patient.age")
        return value

    @model_validator(mode="after")
    def _goes_up_or_down(self) -> VitalSpec:
        if self.changes in ("up", "down") and self.type != "number":
            raise ValueError(f"changes: {self.changes} is for numbers; add type: number, or say any or never")
        return self

    @field_validator("range")
    @classmethod
    def _ordered(cls, value: tuple[float, float] | None) -> tuple[float, float] | None:
        if value is not None and value[0] >= value[1]:
            raise ValueError("the first number must be below the second")
        return value


def _vital(value: Any) -> Any:
    return {"column": value} if isinstance(value, str) else value


Vital = Annotated[VitalSpec, BeforeValidator(_vital)]
Vitals = Annotated[tuple[Vital, ...], BeforeValidator(as_list)]


class InputsSpec(_Spec):
    """The columns the model may see; any of them may be missing in a record."""

    text: Columns = Field((), description="A text column, or several that are joined.")
    vitals: Vitals = Field((), description="Numbers and categories.")
    image: Annotated[ImageSpec | None, BeforeValidator(column_alone)] = Field(
        None, description="A column of image files: PNG, JPEG, TIFF, DICOM or NIfTI."
    )

    @model_validator(mode="after")
    def _one_at_least(self) -> InputsSpec:
        if not self.text and not self.vitals and self.image is None:
            raise ValueError("name at least one text, vitals or image column")
        return self


class TargetSpec(_Spec):
    """What the model is to predict."""

    column: str = Field(description="Column name.")
    type: Literal["classes", "labels", "number"] = Field(
        "classes", description="classes: one of several; labels: several at once, ;-separated; number: a quantity."
    )
    annotators: Columns = Field(
        (), description="Columns with the classes that several annotators gave; empty where one gave none."
    )

    @model_validator(mode="after")
    def _several(self) -> TargetSpec:
        if len(self.annotators) == 1:
            raise ValueError("annotators: name the columns of two annotators or more")
        if self.annotators and self.type != "classes":
            raise ValueError(f"annotators: agreement is of classes; a target of type {self.type} has none")
        return self


class SensitiveSpec(_Spec):
    """An attribute by which patients may be served unequally: a bare column name, or this mapping."""

    column: str = Field(description="Column name.")
    bins: tuple[float, ...] | None = Field(None, description="Ascending edges of the bands of a number.")

    @field_validator("bins")
    @classmethod
    def _ascending(cls, value: tuple[float, ...] | None) -> tuple[float, ...] | None:
        if value is not None and (len(value) < 2 or any(b <= a for a, b in zip(value, value[1:], strict=False))):
            raise ValueError("bins must be at least two ascending numbers")
        return value


def _sensitive(value: Any) -> Any:
    return {"column": value} if isinstance(value, str) else value


Sensitive = Annotated[tuple[Annotated[SensitiveSpec, BeforeValidator(_sensitive)], ...], BeforeValidator(as_list)]


class ConsentSpec(_Spec):
    """Which records may be used."""

    column: str = Field(description="Column name.")
    granted: Texts = Field(("yes",), description="Values that grant consent; every other value refuses it.")


class SplitSpec(_Spec):
    """How records are divided; one patient's records always stay together."""

    by: Literal["patient"] = Field("patient", description="The unit that is divided.")
    train: Fraction = Field(0.6, description="Share of patients to fit on.")
    validation: Fraction = Field(0.1, description="Share to choose the best epoch on.")
    calibration: Fraction = Field(0.1, description="Share for thresholds, calibration and conformal sets.")
    test: Fraction = Field(0.2, description="Share to judge on.")
    external: External | None = Field(
        None, description="Held-out hospitals or window of time; or several such, by name: {zurich: {site: [Zurich]}}."
    )
    column: str | None = Field(None, description="A column that gives every record's split.")
    names: dict[Text, str] = Field({}, description="Its values, where they differ from the split names.")
    seed: int = Field(7, ge=0, description="Seed of the division.")

    @model_validator(mode="after")
    def _sum(self) -> SplitSpec:
        total = self.train + self.validation + self.calibration + self.test
        if self.column is None and abs(total - 1.0) > 1e-6:
            raise ValueError(f"train, validation, calibration and test must sum to 1, not {total:g}")
        if self.column is None and (self.train == 0 or self.test == 0 or self.validation == 0):
            raise ValueError("train, validation and test must each be above 0")
        return self


class CohortSpec(_Spec):
    """The records and their roles."""

    source: str = Field(description="File of records; a relative path starts at the study file's folder.")
    id: str | None = Field(None, description="Record id; left out: the row number.")
    patient: str | None = Field(None, description="Patient id; left out: every record is one patient.")
    inputs: InputsSpec
    deid: Annotated[DeidSpec | None, BeforeValidator(switched)] = Field(
        DeidSpec(),  # type: ignore[call-arg]
        description="Identifiers in the texts are masked before anything reads them; false: they stay.",
    )
    target: TargetSpec
    sensitive: Sensitive = Field((), description="Attributes by which patients may be served unequally.")
    reference: dict[Text, dict[Text, Fraction]] = Field(
        {}, description="Share of each group in the population it is for, by attribute, e.g. {sex: {Female: 0.5}}."
    )
    quasi_identifiers: Sensitive = Field(
        (), description="What an outsider may know of a patient; left out: the sensitive attributes and the hospital."
    )
    population: int | None = Field(
        None, ge=1, description="People that the patients were drawn from; for the risk of finding them among these."
    )
    site: str | None = Field(None, description="Hospital.")
    time: str | None = Field(None, description="When the record was made.")
    consent: ConsentSpec | None = Field(None, description="Consent filter.")
    erased: str = Field(
        "erased.json",
        description="List of erased patients, which `primum erase` keeps; a relative path starts here too.",
    )
    label_map: dict[Text, Text] = Field({}, description="Value in the target column -> class name.")
    split: SplitSpec = Field(SplitSpec(), description="How records are divided.")  # type: ignore[call-arg]
    external: ExternalFiles = Field(
        {}, description="External sets in files of their own, by name: {zurich: {source: zurich.csv}}."
    )

    @model_validator(mode="after")
    def _named_once(self) -> CohortSpec:
        held_out = self.split.external if isinstance(self.split.external, dict) else {}
        twice = sorted(set(self.external) & {*held_out, *filter(None, map(set_of, self.split.names.values()))})
        if twice:
            raise ValueError(f"{twice[0]!r} is the name of two external sets; give each its own")
        return self

    @field_validator("reference")
    @classmethod
    def _shares(cls, value: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
        above = [attribute for attribute, shares in value.items() if sum(shares.values()) > 1 + 1e-6]
        if above:
            raise ValueError(f"the shares of {', '.join(above)} sum to more than 1")
        return value

    @model_validator(mode="after")
    def _annotators_unseen(self) -> CohortSpec:
        image = self.inputs.image
        seen = {*self.inputs.text, *(v.column for v in self.inputs.vitals), *([image.column] if image else [])}
        shown = [name for name in self.target.annotators if name in seen]
        if shown:
            raise ValueError(f"target.annotators: {', '.join(shown)} is an input too, which shows the model the answer")
        return self

    @model_validator(mode="after")
    def _reference_fits(self) -> CohortSpec:
        known = [sensitive.column for sensitive in self.sensitive]
        for attribute in self.reference:
            if attribute not in known:
                raise ValueError(
                    f"reference: {attribute!r} is not among the sensitive columns{nearest(attribute, known)}"
                )
        return self


AdaptMethod = Literal["full", "head", "lora", "adalora", "prefix", "adapter", "none"]


class AdaptSpec(_Spec):
    """How much of the pretrained model is tuned."""

    method: AdaptMethod = Field("full", description="What is tuned; none: only a linear head.")
    rank: int = Field(8, ge=1, le=1024, description="Rank of lora and adalora.")
    alpha: float | None = Field(None, gt=0, description="Scale of lora and adalora; left out: twice the rank.")
    prefix_length: int = Field(16, ge=1, le=512, description="Virtual tokens of prefix.")
    bottleneck: int = Field(48, ge=1, description="Width of adapter.")
    freeze_layers: int = Field(0, ge=0, description="Number of first layers (and embeddings) that stay frozen.")


def _adapt(value: Any) -> Any:
    return {"method": value} if isinstance(value, str) else value


class ModelSpec(_Spec):
    """The pretrained model and what is put on it."""

    backbone: str = Field(
        "minilm", description="Built-in name, Hugging Face id, or folder; with images alone efficientnet-lite0."
    )
    adapt: Annotated[AdaptSpec, BeforeValidator(_adapt)] = Field(AdaptSpec(), description="What is tuned.")  # type: ignore[call-arg]
    image: ImageModelSpec = Field(ImageModelSpec(), description="The network of images.")  # type: ignore[call-arg]
    max_tokens: int = Field(256, ge=8, le=8192, description="Longer texts are cut here; the report counts them.")
    dropout: Rate = Field(0.1, description="Dropout in the head and the vitals encoder.")
    backbone_dropout: Rate = Field(0.0, description="Dropout inside the pretrained model.")
    width: int = Field(128, ge=4, le=4096, description="Width of the vitals encoder and of the fusion.")
    engine: Literal["auto", "torch"] = Field(
        "auto",
        description="auto: answers come from 8-bit integers where the processor has them and they agree with float32; "
        "torch: always float32.",
    )
    heteroscedastic: bool = Field(False, description="For a number: also learn each record's own variance.")
    calibration: Annotated[CalibrationSpec, BeforeValidator(method_alone)] = Field(
        CalibrationSpec(),  # type: ignore[call-arg]
        description="How probabilities are corrected; a method's name, or this mapping.",
    )
    conformal: ConformalSpec | None = Field(
        ConformalSpec(),  # type: ignore[call-arg]
        description="Sets or intervals given with every answer; null for none.",
    )
    ensemble: EnsembleSpec | None = Field(
        EnsembleSpec(),  # type: ignore[call-arg]
        description="Members that advise beside the model, and how far they disagree; null for none.",
    )
    abstention: AbstentionSpec | None = Field(None, description="When it does not answer; left out: it always does.")


class OptimizerSpec(_Spec):
    """How weights move."""

    name: Literal["adamw", "sgd", "adafactor", "adagrad"] = Field("adamw", description="The optimiser.")
    lr: float = Field(2e-4, ge=0.0, le=10.0, description="Peak learning rate of pretrained and adapter weights.")
    head_lr: float = Field(
        1e-3, ge=0.0, le=10.0, description="Peak learning rate of new weights: head, fusion, vitals."
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

    method: Literal["fgm", "augmentation"] = Field(
        description="fgm: records moved a little in the direction that hurts most count as much as the records "
        "themselves. augmentation: training records once more, misspelt, abbreviated, in synonyms, numbers noisy."
    )
    strength: float | None = Field(
        None,
        gt=0.0,
        le=1.0,
        description="fgm: length of the move in lengths of the record (0.1). "
        "augmentation: share of records copied (1).",
    )


class ObjectiveSpec(_Spec):
    """What is minimised besides the plain loss."""

    robustness: RobustnessSpec | None = Field(None, description="What training does about small changes to records.")
    fairness: FairnessSpec | None = Field(None, description="What is done about slices that are served worse.")

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


class NoveltySpec(_Spec):
    """The flag that a record is unlike everything the model was trained on."""

    false_alarms: float = Field(
        0.05, gt=0.0, lt=0.5, description="Largest share of records like the training records that may be flagged."
    )


class AssessSpec(_Spec):
    """Every assessment runs unless it is switched off here."""

    baselines: bool = Field(True, description="Majority, TF-IDF, gradient boosting, un-tuned backbone.")
    inputs_alone: bool = Field(True, description="With several inputs: what each of them reaches alone.")
    counterfactual: bool = Field(
        True, description="What the model says of the same record of another sex, age or name."
    )
    novelty: Annotated[NoveltySpec | None, BeforeValidator(switched)] = Field(
        NoveltySpec(),  # type: ignore[call-arg]
        description="The flag that a record is unlike everything the model was trained on; false: none.",
    )
    privacy: bool = Field(
        True, description="Whether its answers give away who it was trained on (membership inference)."
    )
    canaries: int = Field(
        0,
        ge=0,
        le=1000,
        description="Made-up records with random labels planted in training, to measure how well it remembers single "
        "ones; it changes the model a little. 0: none; 50 tell.",
    )
    robustness: bool = Field(
        True, description="What typos, letter case, Unicode, other units, other words, less text and noise do."
    )
    adversarial: bool = Field(
        True, description="How far a search for the worst change gets: few words otherwise, numbers within their error."
    )
    explanations: bool = Field(
        True, description="Whether the reasons for its answers hold, which input mattered, and which words and vitals."
    )
    counterfactuals: Annotated[CounterfactualsSpec | None, BeforeValidator(switched)] = Field(
        CounterfactualsSpec(),  # type: ignore[call-arg]
        description="The smallest plausible changes of vitals and of the note after which the model answers otherwise; "
        "false: none.",
    )
    similar: bool | None = Field(
        None,
        description="Groups of at least ten similar training patients, saved with the model, which say how it went "
        "with patients like a new one; left out: yes, except with training.privacy, whose epsilon does not count them.",
    )
    overall: bool = Field(
        True, description="Which inputs it needs, how its answers follow each vital, and which inputs interact."
    )
    error_places: bool = Field(True, description="Where among patients its errors gather.")
    causal: CausalSpec | None = Field(
        None, description="A causal graph, and the effects that are to be told by it; left out: none."
    )
    resamples: int = Field(1000, ge=100, le=100_000, description="Bootstrap resamples.")


class KnowledgeSpec(_Spec):
    """What is known of medicine that answers are held against."""

    rules: Columns = Field(
        ("general",),
        description="Clinical rules that every answer is held against: built-in packs and YAML files; []: none.",
    )
    benign: Texts = Field(
        (), description="Classes that say that nothing grave is there; red flags answered so are then counted."
    )


class StudySpec(_Spec):
    """A whole study.yaml."""

    study: str = Field(description="Name of the study.")
    question: str = Field("", description="The clinical question, as a sentence.")
    intended_use: IntendedUse = Field(IntendedUse(), description="What it is for.")  # type: ignore[call-arg]
    cohort: CohortSpec
    model: ModelSpec = Field(ModelSpec(), description="The model.")  # type: ignore[call-arg]
    training: TrainingSpec = Field(TrainingSpec(), description="How it is fitted.")  # type: ignore[call-arg]
    knowledge: KnowledgeSpec = Field(KnowledgeSpec(), description="What answers are held against.")  # type: ignore[call-arg]
    assess: AssessSpec = Field(AssessSpec(), description="What is measured.")  # type: ignore[call-arg]
    policy: str = Field("default", description="A built-in policy's name, or a path.")
    documents: Documents = Field(
        {}, description="What answers those needs of the policy that no figure does: need -> document and where it is."
    )

    @model_validator(mode="before")
    @classmethod
    def _images_alone(cls, value: Any) -> Any:
        return with_image_defaults(value)

    @model_validator(mode="after")
    def _images_fit(self) -> StudySpec:
        fitting = get_args(ImageAdaptSpec.model_fields["method"].annotation)
        inputs, method = self.cohort.inputs, self.model.adapt.method
        if inputs.image is not None and not inputs.text and self.model.image.adapt is None and method not in fitting:
            raise ValueError(f"model.adapt: {method} is for texts; of images choose one of {', '.join(fitting)}")
        return self

    def image_backbone(self) -> str:
        """Return the name of the network of images."""
        return self.model.image.backbone or (LITE if self.cohort.inputs.text else self.model.backbone)

    def image_adapt(self) -> ImageAdaptSpec:
        """Return what of the network of images is tuned."""
        if self.model.image.adapt is not None:
            return self.model.image.adapt
        if self.cohort.inputs.text:
            return ImageAdaptSpec()  # type: ignore[call-arg]
        own = self.model.adapt
        return ImageAdaptSpec.model_validate({"method": own.method, "rank": own.rank, "alpha": own.alpha})

    @field_validator("study")
    @classmethod
    def _plain_name(cls, value: str) -> str:
        if not re.fullmatch(r"[\w][\w .-]{0,99}", value):
            raise ValueError("must be a short name of letters, digits, space, dot, dash or underscore")
        return value

    @model_validator(mode="after")
    def _metric_fits(self) -> StudySpec:
        stopping = self.training.early_stopping
        wanted = {"number": ("log_loss", "mae")}.get(self.cohort.target.type, ("log_loss", "balanced_accuracy"))
        if stopping is not None and stopping.metric not in wanted:
            raise ValueError(
                f"training.early_stopping.metric {stopping.metric!r} does not fit a target of type "
                f"{self.cohort.target.type}; choose one of {', '.join(wanted)}"
            )
        return self

    @model_validator(mode="after")
    def _trust_fits(self) -> StudySpec:
        kind, model = self.cohort.target.type, self.model
        if kind == "labels" and model.conformal is not None and model.conformal.score != "lac":
            raise ValueError("model.conformal.score: a target of type labels has lac only, since labels go together")
        if kind == "number" and model.abstention is not None:
            raise ValueError("model.abstention: a target of type number has intervals, no wrong answers")
        if kind == "number" and model.calibration.method not in ("auto", "none"):
            raise ValueError("model.calibration: a target of type number has no probabilities to calibrate")
        no_split = self.cohort.split.column is None and self.cohort.split.calibration == 0
        if no_split and (model.abstention is not None or model.calibration.method not in ("auto", "none")):
            raise ValueError("model.calibration and model.abstention: cohort.split.calibration must be above 0")
        return self

    @model_validator(mode="after")
    def _ensemble_fits(self) -> StudySpec:
        ensemble = self.model.ensemble
        if self.training.privacy is not None and ensemble is not None and ensemble.how == "training":
            raise ValueError(
                "model.ensemble.how: training, with training.privacy: every member would spend the epsilon once more; "
                "choose dropout"
            )
        return self

    @model_validator(mode="after")
    def _shards_fit(self) -> StudySpec:
        fault = None if self.training.shards is None else shards_fault(self)
        if fault is not None:
            raise ValueError(f"training.shards: {fault}")
        return self

    @model_validator(mode="after")
    def _canaries_fit(self) -> StudySpec:
        if self.assess.canaries and self.cohort.target.type != "classes":
            raise ValueError("assess.canaries: they are of a target of type classes")
        if self.assess.canaries and self.training.privacy is not None:
            raise ValueError("assess.canaries: private training draws patients, and a canary is none; leave one out")
        return self

    @model_validator(mode="after")
    def _causes_are_columns(self) -> StudySpec:
        if self.assess.causal is not None:
            cohort = self.cohort
            vitals = [one.column for one in cohort.inputs.vitals]
            columns = [*vitals, *(one.column for one in cohort.sensitive), cohort.target.column]
            columns += [cohort.site] if cohort.site else []
            wrong = wrong_names(
                self.assess.causal, columns=columns, texts=cohort.inputs.text, target=cohort.target.column
            )
            if wrong:
                raise ValueError("; ".join(f"assess.causal.{one}" for one in wrong))
        return self

    @model_validator(mode="after")
    def _fairness_fits(self) -> StudySpec:
        fairness = self.training.objective.fairness
        if fairness is None:
            return self
        known = [one.column for one in self.cohort.sensitive]
        thresholds = fairness.thresholds
        named = [*fairness.attributes, *([thresholds.attribute] if thresholds else [])]
        for name in (name for name in named if name not in known):
            raise ValueError(
                f"training.objective.fairness: {name!r} is not among cohort.sensitive{nearest(name, known)}"
            )
        if not known:
            raise ValueError("training.objective.fairness: cohort.sensitive names no attribute to even out")
        if thresholds is not None and self.cohort.target.type == "number":
            raise ValueError("training.objective.fairness.thresholds: a target of type number has no thresholds")
        if thresholds is not None and self.cohort.split.column is None and self.cohort.split.calibration == 0:
            raise ValueError("training.objective.fairness.thresholds: cohort.split.calibration must be above 0")
        return self

    def resolved(self) -> Mapping[str, Any]:
        """Return the study with every default written out, as plain YAML values."""
        return self.model_dump(mode="json")


class AuditCohortSpec(_Spec):
    """The part of a cohort that an audit of a predictions table reads."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    target: TargetSpec
    sensitive: Sensitive = ()
    site: str | None = None


class AuditSpec(_Spec):
    """A study file as `primum assess` reads it: whole, or no more than name, target, attributes, site, policy."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    study: str = "audit"
    question: str = ""
    intended_use: IntendedUse = IntendedUse()  # type: ignore[call-arg]
    cohort: AuditCohortSpec
    policy: str = "default"
    documents: Documents = {}
