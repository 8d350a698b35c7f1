"""The keys of the study file that are about images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator

from primum.study.spec_base import BaseSpec

LITE = "efficientnet-lite0"
"""The image network of a study that names none."""


class ImageSpec(BaseSpec):
    """The column of image files: a bare column name, or this mapping."""

    column: str = Field(description="Column of paths; a relative one starts at the folder of the table.")
    size: int = Field(224, ge=32, le=1024, description="Side of the square that an image is fitted into, in pixels.")
    colour: Literal["auto", "grey", "rgb"] = Field(
        "auto", description="auto: in colour where an image is; grey: an image in colour is an error; rgb: as auto."
    )
    window: tuple[float, float] | None = Field(
        None, description="Centre and width of the shades of deep greys, e.g. [40, 400]; left out: the file's own."
    )
    frame: int | None = Field(
        None, ge=0, description="Frame or slice of a file with several, from 0; left out: the middle one."
    )
    shortest: int = Field(8, ge=1, description="Pixels that the shorter side of an image has at least.")
    megapixels: float = Field(64.0, gt=0.0, le=1000.0, description="Most pixels of an image, in millions.")
    megabytes: float = Field(512.0, gt=0.0, le=100_000.0, description="Most bytes of a file, in millions.")

    @field_validator("window")
    @classmethod
    def _wide(cls, value: tuple[float, float] | None) -> tuple[float, float] | None:
        if value is not None and value[1] < 1:
            raise ValueError("the second number, the width, must be 1 or more")
        return value


def column_alone(value: Any) -> Any:
    """Return a bare column name as a mapping."""
    return {"column": value} if isinstance(value, str) else value


class AugmentSpec(BaseSpec):
    """What may happen to a picture in training, each time anew; only where its network is tuned."""

    degrees: float = Field(7.0, ge=0.0, le=45.0, description="Most degrees of a turn to either side.")
    crop: float = Field(0.9, gt=0.2, le=1.0, description="Smallest share of each side that is kept.")
    intensity: float = Field(0.1, ge=0.0, le=0.5, description="Largest change of brightness and of contrast.")
    noise: float = Field(0.0, ge=0.0, le=0.5, description="Standard deviation of noise, share of white.")
    allow_flips: bool = Field(
        False, description="Whether left and right, top and bottom may be swapped: of skin they may, of a chest never."
    )
    copies: int = Field(
        5, ge=0, le=50, description="Changed copies of each picture that are read, where lower blocks read them once."
    )


class ImageAdaptSpec(BaseSpec):
    """How much of the image network is tuned: a bare method, or this mapping."""

    method: Literal["head", "none", "upper", "full", "lora"] = Field(
        "head",
        description="What is tuned; head: nothing inside the network, so that each image is read once; upper: its "
        "upper blocks, and those below read each image, and a few changed copies, once.",
    )
    rank: int = Field(8, ge=1, le=1024, description="Rank of lora.")
    alpha: float | None = Field(None, gt=0, description="Scale of lora; left out: twice the rank.")
    freeze_layers: int = Field(
        0,
        ge=0,
        description="full, upper: first layers (of efficientnet-lite0 16 blocks), and all before them, that stay as "
        "they are; 0 with upper: half.",
    )


def method_alone(value: Any) -> Any:
    """Return a bare method as a mapping."""
    return {"method": value} if isinstance(value, str) else value


class ImageModelSpec(BaseSpec):
    """The image network of a study; without a text input `model.backbone` and `model.adapt` may name it as well."""

    backbone: str | None = Field(
        None,
        description="Built-in name, Hugging Face id, or folder; left out: model.backbone without a text input, "
        "efficientnet-lite0 beside one.",
    )
    adapt: Annotated[ImageAdaptSpec | None, BeforeValidator(method_alone)] = Field(
        None, description="What of it is tuned; left out: as model.adapt without a text input, head beside one."
    )
    augment: AugmentSpec = Field(AugmentSpec(), description="What happens to pictures in training.")  # type: ignore[call-arg]


def with_image_defaults(study: Any) -> Any:
    """Return a study as it was written, with the backbone, adaptation and training of images.

    Where nothing is said, the upper half of the built-in network is tuned, or a head where privacy is promised, where
    images stand beside texts or where places are marked. The rates of the upper half, said or not, are those found best
    on skin lesions held out of training (benchmarks/RESULTS.md).
    """
    cohort = study.get("cohort") if isinstance(study, Mapping) else None
    inputs = cohort.get("inputs") if isinstance(cohort, Mapping) else None
    model = study.get("model", {}) if isinstance(study, Mapping) else None
    if not isinstance(cohort, Mapping) or not isinstance(inputs, Mapping) or not isinstance(model, Mapping):
        return study
    if not inputs.get("image") or inputs.get("text"):
        return study
    training, target = study.get("training") or {}, cohort.get("target")
    if not isinstance(training, Mapping):
        return study
    marks = isinstance(target, Mapping) and target.get("type") == "regions"
    named = model.get("image")
    image = named if isinstance(named, Mapping) else {}
    built_in = (image.get("backbone") or model.get("backbone", LITE)) == LITE
    method = _method_of(image.get("adapt", model.get("adapt", "upper")))
    if method != "upper" or marks or not built_in or training.get("privacy"):
        return {**study, "model": {"backbone": LITE, "adapt": "head", **model}}
    usual = {"optimizer": {"lr": 5e-4, "layer_decay": 0.9}, "objective": {"label_smoothing": 0.1}}
    given = {key: training.get(key) or {} for key in usual}
    if not all(isinstance(one, Mapping) for one in given.values()):
        return study
    tuned = {key: {**own, **given[key]} for key, own in usual.items()}
    return {**study, "model": {"backbone": LITE, "adapt": "upper", **model}, "training": {**training, **tuned}}


def _method_of(adapt: Any) -> Any:
    return adapt.get("method") if isinstance(adapt, Mapping) else adapt
