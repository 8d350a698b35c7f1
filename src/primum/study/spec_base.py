"""What every part of a study file has in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class BaseSpec(BaseModel):
    """A frozen part of the study file; an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False, allow_inf_nan=False)
