"""What a study says of counterfactuals: how vitals may change in them, and how far the search goes."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from primum.study.spec_base import BaseSpec

Change = Literal["any", "up", "down", "never"]


class LocalisationSpec(BaseSpec):
    """Places that people marked in images, which reasons are held against; nothing is learnt from them."""

    boxes: str | None = Field(
        None,
        description="Table with an image column, a label, and xmin, ymin, xmax, ymax, or x, y, w, h, in pixels of the "
        "image as it is stored; a relative path starts at the study file's folder.",
    )
    masks: str | None = Field(None, description="Column of the records with files of masks, 0 where nothing is.")
    records: int = Field(100, ge=10, le=10_000, description="Test records that are asked about, at most.")

    @model_validator(mode="after")
    def _one_at_least(self) -> LocalisationSpec:
        if self.boxes is None and self.masks is None:
            raise ValueError("name a table of boxes or a column of masks")
        return self


class CounterfactualsSpec(BaseSpec):
    """The search for the smallest plausible changes after which the model answers otherwise."""

    most_changes: int = Field(3, ge=1, le=5, description="Vitals, or places of the note, that change at once.")
    records: int = Field(25, ge=10, le=10_000, description="Test records that are searched; each costs many answers.")
