"""What a study says of counterfactuals: how vitals may change in them, and how far the search goes."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from primum.study.spec_base import BaseSpec

Change = Literal["any", "up", "down", "never"]


class CounterfactualsSpec(BaseSpec):
    """The search for the smallest plausible changes after which the model answers otherwise."""

    most_changes: int = Field(3, ge=1, le=5, description="Vitals, or places of the note, that change at once.")
    records: int = Field(25, ge=10, le=10_000, description="Test records that are searched; each costs many answers.")
