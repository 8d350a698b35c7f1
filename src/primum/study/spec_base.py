"""What every part of a study file has in common."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def as_list(value: Any) -> Any:
    """Return a value that is no list as the only one of a list."""
    return value if isinstance(value, list | tuple) or value is None else [value]


def _as_text(value: Any) -> Any:
    if isinstance(value, bool):  # YAML reads a bare yes or no as a boolean; the records say "yes"
        return "yes" if value else "no"
    return str(value) if isinstance(value, int | float) else value


Text = Annotated[str, BeforeValidator(_as_text)]
Columns = Annotated[tuple[str, ...], BeforeValidator(as_list)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(as_list)]


class BaseSpec(BaseModel):
    """A frozen part of the study file; an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False, allow_inf_nan=False)


Rate = Annotated[float, Field(ge=0.0, lt=1.0)]
"""A share below 1."""
