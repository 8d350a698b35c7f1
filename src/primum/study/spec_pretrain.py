"""The keys of the study file that are about pretraining on pictures without labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from primum.study.spec_base import BaseSpec

if TYPE_CHECKING:  # the study reads this file
    from primum.study.spec import StudySpec


class UnlabelledSpec(BaseSpec):
    """A table of further pictures, which need no labels."""

    source: str = Field(description="The table; a relative path starts at the study's folder.")
    column: str = Field(description="Column of paths; a relative one starts at the folder of the table.")
    patient: str | None = Field(
        None,
        description="Column of patients; pictures of patients who are not trained on are left out. Needed where "
        "cohort.patient is given.",
    )


class PretrainSpec(BaseSpec):
    """What the image network learns before any label: a bare method, or this mapping."""

    method: Literal["simclr"] = Field("simclr", description="simclr: which changed copies are of one picture.")
    epochs: int = Field(10, ge=1, le=1000, description="Passes over the pictures.")
    batch: int = Field(64, ge=4, le=1024, description="Pictures that each is told apart from at a time.")
    lr: float = Field(5e-4, gt=0.0, le=1.0, description="Peak learning rate.")
    temperature: float = Field(
        0.2, gt=0.0, le=10.0, description="The smaller, the more the nearest other pictures count."
    )
    unlabelled: UnlabelledSpec | None = Field(
        None, description="Further pictures; left out: those of the training split alone."
    )


def method_of(value: Any) -> Any:
    """Return a bare method as a mapping, and nothing for false."""
    return {"method": value} if isinstance(value, str) else None if value is False else value


def pretrain_fault(study: StudySpec) -> str | None:
    """Return why a study cannot be pretrained, as a sentence; None where it can, or does not ask for it."""
    if study.training.pretrain is None:
        return None
    wrong = {
        "it is of pictures; name cohort.inputs.image, or leave it out": study.cohort.inputs.image is None,
        "marks are not pretrained for; leave it out": study.cohort.target.type == "regions",
        "it is of efficientnet-lite0; name that network, or leave it out": study.image_backbone()
        != "efficientnet-lite0",
        "it learns from training patients without noise; leave training.privacy or it out": study.training.privacy
        is not None,
    }
    return next((sentence for sentence, is_so in wrong.items() if is_so), None)
