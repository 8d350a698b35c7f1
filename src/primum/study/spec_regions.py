"""The keys of the study file that are about marked places as a target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from primum.study.spec_base import BaseSpec

if TYPE_CHECKING:  # the study's description names what is described here
    from primum.study.spec import StudySpec


class BoxesSpec(BaseSpec):
    """A table of boxes, one a row: its file name, or this mapping."""

    source: str = Field(description="The table, beside the records; a relative path starts at the study's folder.")
    image: str | None = Field(
        None, description="Its column that names a record's image or id; left out: the one that is called alike."
    )
    label: str | None = Field(
        None, description="Its column that says what is there; left out: label, class or category, else one label."
    )


class MasksSpec(BaseSpec):
    """A column of mask files: its name, or this mapping."""

    column: str = Field(description="Column of paths; empty where nothing is marked.")
    label: str = Field("region", min_length=1, description="What is there where a mask is not 0.")
    values: dict[int, str] = Field({}, description="Value of a pixel -> label, e.g. {1: edema, 2: tumour}.")


def source_alone(value: Any) -> Any:
    """Return a bare file name as a mapping."""
    return {"source": value} if isinstance(value, str) else value


def mask_alone(value: Any) -> Any:
    """Return a bare column name as a mapping."""
    return {"column": value} if isinstance(value, str) else value


def regions_fault(study: StudySpec) -> str | None:
    """Return what else of a study does not go with a target of type regions, as a sentence; None where all does."""
    cohort, training, model = study.cohort, study.training, study.model
    fairness = training.objective.fairness is not None or training.objective.robustness is not None
    wrong = {
        "cohort.inputs: marks are in pictures; name an image column and nothing else": cohort.inputs.image is None
        or bool(cohort.inputs.text)
        or bool(cohort.inputs.vitals),
        "cohort.inputs.image.size: marks need a multiple of 32": cohort.inputs.image is not None
        and cohort.inputs.image.size % 32 != 0,
        "cohort.external: marks of files of their own are not read yet; use cohort.split.external": bool(
            cohort.external
        ),
        "cohort.label_map: marks are named where they are written; leave it out": bool(cohort.label_map),
        "model.backbone: marks are learnt on efficientnet-lite0 alone": study.image_backbone() != "efficientnet-lite0",
        "model.adapt: for marks choose head, none or full": study.image_adapt().method in ("lora", "upper"),
        "model.abstention: it is of classes": model.abstention is not None,
        "model.calibration: it is of probabilities": model.calibration.method not in ("auto", "none"),
        "training.privacy: marks cannot be learnt privately yet": training.privacy is not None,
        "training.shards: marks cannot be learnt by shards yet": training.shards is not None,
        "training.objective: fairness and robustness terms are not for marks yet": fairness,
        "training.batch_tokens: pictures have no tokens; give batch": training.batch_tokens is not None,
        "assess.causal: it is of a column": study.assess.causal is not None,
        "assess.canaries: they are of classes": study.assess.canaries > 0,
    }
    return next((sentence for sentence, is_so in wrong.items() if is_so), None)
