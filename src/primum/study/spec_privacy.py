"""The keys of the study file that promise something to the patients trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, field_validator

from primum.errors import nearest
from primum.privacy.deid.kinds import KINDS
from primum.study.spec_base import BaseSpec, Columns

if TYPE_CHECKING:  # the study file's models are built from these
    from primum.study.spec import StudySpec


class PrivacySpec(BaseSpec):
    """Differentially private training, for every patient of the split train."""

    epsilon: float = Field(
        gt=0.0, le=1000.0, description="Most that the weights may tell of a patient; 1 to 8 is usual."
    )
    delta: float | None = Field(
        None, gt=0.0, lt=1.0, description="At most one over the patients of train; left out: a tenth of that."
    )
    clip: float = Field(1.0, gt=0.0, description="Largest norm of a patient's gradient in a step.")
    batch: int | None = Field(
        None, ge=1, description="Patients of a step on average; left out: a tenth of them, at least 64."
    )
    accountant: Literal["prv", "rdp"] = Field("prv", description="How steps are added up; prv is the tighter.")


class DeidSpec(BaseSpec):
    """De-identification of the texts that the model may see, before anything reads them."""

    keep: Columns = Field(
        (), description="Kinds of identifier left in the texts, e.g. date; every other kind is masked."
    )
    ner: Columns | None = Field(
        None,
        description="Models for named entities asked besides the rules, e.g. [jieba]; left out: those that are "
        "installed; []: the rules alone. The run's own copy says which they were.",
    )

    @field_validator("keep")
    @classmethod
    def _known(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for kind in (kind for kind in value if kind not in KINDS):
            raise ValueError(f"{kind!r} is no kind of identifier{nearest(kind, KINDS)}; kinds are {', '.join(KINDS)}")
        return value


def switched(value: Any) -> Any:
    """Return an empty mapping for true and None for false: a step that is on with its defaults, or off."""
    return {} if value is True else None if value is False else value


def nothing_asked(value: Any) -> Any:
    """Return None for an empty mapping."""
    return None if value == {} else value


def shards_fault(spec: StudySpec) -> str | None:
    """Return why a study cannot be trained by shards; None where it can."""
    training, method = spec.training, spec.model.adapt.method
    fairness = training.objective.fairness
    if method not in ("head", "none"):
        return (
            f"model.adapt.method {method} moves weights below the head, which every patient would share; "
            "choose head or none"
        )
    if spec.cohort.inputs.vitals:
        return (
            "the encoder of vitals lies below the head and would learn from every patient; "
            "leave cohort.inputs.vitals empty"
        )
    if spec.cohort.inputs.image is not None:
        return "training by shards is of texts alone; leave cohort.inputs.image out"
    if training.privacy is not None:
        return "training.privacy promises its epsilon for one model; leave one of the two out"
    if fairness is not None and fairness.method != "none":
        return (
            f"training.objective.fairness.method {fairness.method} is set by counts of all patients, so that every "
            "head would change with one; choose none"
        )
    if training.objective.robustness is not None:
        return "training.objective.robustness adds records that are of no shard; leave one of the two out"
    if spec.assess.canaries:
        return "assess.canaries are records of no patient and so of no shard; leave one of the two out"
    return None
