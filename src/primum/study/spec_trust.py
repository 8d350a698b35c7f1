"""The keys of the study file that say how far answers are to be trusted: calibration, conformal sets, abstention."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from primum.study.spec_base import BaseSpec


class CalibrationSpec(BaseSpec):
    """How probabilities are made to mean what they say, on the calibration split."""

    method: Literal["auto", "none", "temperature", "vector", "beta", "isotonic"] = Field(
        "auto",
        description="auto: the simplest that is within one standard error of the best by cross-fitted log loss, and "
        "none unless it is better beyond noise.",
    )
    by_site: bool = Field(False, description="A map of its own for each hospital with 100 patients, where better.")


def method_alone(value: Any) -> Any:
    """Return the mapping that a bare method stands for."""
    return {"method": value} if isinstance(value, str) else value


class ConformalSpec(BaseSpec):
    """The set of classes, or the interval of a number, that is given with every answer."""

    coverage: float = Field(0.9, ge=0.5, le=0.999, description="Share of records whose truth it is to hold.")
    score: Literal["lac", "aps", "raps"] = Field(
        "lac", description="lac: the shortest sets, at times empty; aps, raps: never empty, and rather too long."
    )
    by_class: bool = Field(True, description="Whether the coverage is to hold within every class.")
    by_slice: bool = Field(True, description="Whether it is to hold within every group and hospital.")
    fewest: int = Field(50, ge=20, description="Calibration records of a class or group for a threshold of its own.")


class EnsembleSpec(BaseSpec):
    """Other models that advise: where they decide otherwise, the answer hangs on chance."""

    how: Literal["dropout", "training"] = Field(
        "dropout",
        description="dropout: the model with parts of its features left out, at no cost; training: models trained like "
        "it from other seeds, each of which costs as much as the first.",
    )
    members: int | None = Field(None, ge=2, le=100, description="How many; left out: 16 by dropout, 4 by training.")

    def size(self) -> int:
        """Return how many members there are."""
        return self.members or {"dropout": 16, "training": 4}[self.how]


class AbstentionSpec(BaseSpec):
    """When the model does not answer."""

    risk: float = Field(gt=0.0, lt=1.0, description="Largest share of answered patients with a wrong answer.")
    confidence: float = Field(0.95, ge=0.5, lt=1.0, description="How sure it is to be that the risk is kept.")
