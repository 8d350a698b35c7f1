"""Inputs: columns in, tensors out. One file a kind."""

from primum.model.inputs.base import AbstractInput, Batch, Prepared, PreparedFeatures, PreparedSelection
from primum.model.inputs.image import Augmentation, ImageInput, PixelForm, PreparedImage
from primum.model.inputs.text import PreparedText, TextInput
from primum.model.inputs.vitals import PreparedVitals, VitalCode, VitalsInput

__all__ = [
    "AbstractInput",
    "Augmentation",
    "Batch",
    "ImageInput",
    "PixelForm",
    "Prepared",
    "PreparedFeatures",
    "PreparedImage",
    "PreparedSelection",
    "PreparedText",
    "PreparedVitals",
    "TextInput",
    "VitalCode",
    "VitalsInput",
]
