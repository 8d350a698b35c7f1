"""The study file as frozen pydantic models: every key, its type, its default, its help line.

What is checked here is the file itself. Whether its columns exist is the cohort's business.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args

from pydantic import BeforeValidator, ConfigDict, Field, field_validator, model_validator

from primum.errors import nearest
from primum.study.spec_base import BaseSpec as _Spec
from primum.study.spec_base import Columns, Rate, Texts
from primum.study.spec_causal import CausalSpec, wrong_names
from primum.study.spec_cohort import CohortSpec, Sensitive, TargetSpec
from primum.study.spec_image import LITE, ImageAdaptSpec, ImageModelSpec, with_image_defaults
from primum.study.spec_pretrain import pretrain_fault
from primum.study.spec_privacy import shards_fault, switched
from primum.study.spec_regions import regions_fault
from primum.study.spec_training import TrainingSpec
from primum.study.spec_transparency import CounterfactualsSpec, LocalisationSpec
from primum.study.spec_trust import AbstentionSpec, CalibrationSpec, ConformalSpec, EnsembleSpec, method_alone

Documents = Mapping[str, Annotated[str, Field(min_length=1, max_length=200)]]


class IntendedUse(_Spec):
    """What the model is for and whom it must not be used on; goes to report and card word for word."""

    population: str = Field("", description="The patients it is meant for.")
    setting: str = Field("", description="Where it will be used.")
    user: str = Field("", description="Who reads its answer.")
    not_for: str = Field("", description="Uses that are ruled out.")
    risk: Literal["low", "medium", "high"] = Field("high", description="Harm that a wrong answer can do.")


AdaptMethod = Literal["full", "upper", "head", "lora", "adalora", "prefix", "adapter", "none"]


class AdaptSpec(_Spec):
    """How much of the pretrained model is tuned."""

    method: AdaptMethod = Field(
        "full", description="What is tuned; upper: the upper layers, those below stay; none: only a linear head."
    )
    rank: int = Field(8, ge=1, le=1024, description="Rank of lora and adalora.")
    alpha: float | None = Field(None, gt=0, description="Scale of lora and adalora; left out: twice the rank.")
    prefix_length: int = Field(16, ge=1, le=512, description="Virtual tokens of prefix.")
    bottleneck: int = Field(48, ge=1, description="Width of adapter.")
    freeze_layers: int = Field(
        0, ge=0, description="Number of first layers (and all before them) that stay frozen; 0 with upper: half."
    )


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
        True,
        description="How far a search for the worst change gets: few words otherwise, numbers within their error, "
        "pixels moved by at most 4 of 255.",
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
    localisation: LocalisationSpec | None = Field(
        None, description="Places that people marked in images, which reasons are held against; left out: none."
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

    @model_validator(mode="after")
    def _can_be_pretrained(self) -> StudySpec:
        fault = pretrain_fault(self)
        if fault is not None:
            raise ValueError(f"training.pretrain: {fault}")
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
        return ImageAdaptSpec.model_validate({name: getattr(own, name) for name in ImageAdaptSpec.model_fields})

    @field_validator("study")
    @classmethod
    def _plain_name(cls, value: str) -> str:
        if not re.fullmatch(r"[\w][\w .-]{0,99}", value):
            raise ValueError("must be a short name of letters, digits, space, dot, dash or underscore")
        return value

    @model_validator(mode="after")
    def _metric_fits(self) -> StudySpec:
        stopping = self.training.early_stopping
        wanted = {"number": ("log_loss", "mae"), "regions": ("log_loss",)}.get(
            self.cohort.target.type, ("log_loss", "balanced_accuracy")
        )
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
    def _regions_fit(self) -> StudySpec:
        fault = regions_fault(self) if self.cohort.target.type == "regions" else None
        if fault is not None:
            raise ValueError(fault)
        return self

    @model_validator(mode="after")
    def _shards_fit(self) -> StudySpec:
        fault = None if self.training.shards is None else shards_fault(self)
        if fault is not None:
            raise ValueError(f"training.shards: {fault}")
        return self

    @model_validator(mode="after")
    def _pixels_are_of_images(self) -> StudySpec:
        robust = self.training.objective.robustness
        if robust is not None and robust.method == "pgd" and self.cohort.inputs.image is None:
            raise ValueError(
                "training.objective.robustness.method: pgd moves pixels and cohort.inputs names no image column; "
                "choose fgm or augmentation"
            )
        return self

    @model_validator(mode="after")
    def _places_are_in_images(self) -> StudySpec:
        if self.assess.localisation is not None and self.cohort.inputs.image is None:
            raise ValueError("assess.localisation: places are marked in images; cohort.inputs names no image column")
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
