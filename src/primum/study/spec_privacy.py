"""The keys of the study file that promise something to the patients trained on."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator

from primum.errors import nearest
from primum.privacy.deid.kinds import KINDS
from primum.study.spec_base import BaseSpec, Columns


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
