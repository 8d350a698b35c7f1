"""External sets in the study file: one without a name, several by name, and those with files of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, Tag, field_validator, model_validator
from pydantic import Discriminator as _Discriminator

from primum.evidence.split_names import is_set_name
from primum.study.spec_base import BaseSpec as _Spec
from primum.study.spec_base import Texts


class TimeWindowSpec(_Spec):
    """Records from `start` (included) until `end` (excluded)."""

    start: str | float | None = Field(None, description="ISO date or number; left out: open.")
    end: str | float | None = Field(None, description="ISO date or number; left out: open.")

    @field_validator("start", "end", mode="before")
    @classmethod
    def _date(cls, value: Any) -> Any:
        return value.isoformat() if hasattr(value, "isoformat") else value


class ExternalSpec(_Spec):
    """Records that are never trained on, to see whether the model travels."""

    site: Texts = Field((), description="Hospitals that are held out.")
    time: TimeWindowSpec | None = Field(None, description="Window of time that is held out.")

    @model_validator(mode="after")
    def _something(self) -> ExternalSpec:
        if not self.site and self.time is None:
            raise ValueError("name the sites or the window of time to hold out")
        return self


class ExternalFileSpec(_Spec):
    """An external set in a file of its own, with the same columns."""

    source: str = Field(description="File of records; a relative path starts at the study file's folder.")
    own_ids: bool = Field(
        False, description="Its record and patient ids are its own numbering, whatever ids the cohort has."
    )


def _set_name(value: str) -> str:
    if not is_set_name(value):
        raise ValueError("an external set's name must be letters, digits, space, dot, dash or underscore, at most 60")
    return value


def _as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


SetName = Annotated[str, BeforeValidator(_as_text), AfterValidator(_set_name)]
ExternalSets = dict[SetName, ExternalSpec]
ExternalFiles = dict[SetName, ExternalFileSpec]


def _form(value: Any) -> str:
    """Return whether a value is one plan or a mapping of names to plans.

    A plan's keys are known, and what is in `site` is no mapping; everything else whose values are all mappings is read
    as names.
    """
    if not isinstance(value, Mapping) or not value or set(value) <= set(ExternalSpec.model_fields):
        return "<one>"
    return "<several>" if all(isinstance(one, Mapping | ExternalSpec) for one in value.values()) else "<one>"


External = Annotated[
    Annotated[ExternalSpec, Tag("<one>")] | Annotated[ExternalSets, Tag("<several>")], _Discriminator(_form)
]
