"""The files that a served model adds to a model's folder."""

from __future__ import annotations

SERVED_FILE = "served.json"
"""What there is: the form, and how far its answers lie from the Predictor's. Written last."""
TEXT_FILE = "served-text.onnx"
"""The text encoder in float32; where the run answers in 8-bit integers its own file is used."""
IMAGE_FILE = "served-image.onnx"
"""The image network in float32, from normalised pixels to features."""
HEAD_FILE = "served-head.onnx"
"""The other encoders, the fusion and the head."""
REGIONS_FILE = "served-regions.onnx"
"""A network of marks in float32, from normalised pixels to what its head answers and to features."""
TOKENIZER_FILE = "served-tokenizer.json"
