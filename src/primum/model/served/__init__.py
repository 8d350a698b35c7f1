"""A tuned model in use without torch: tokenizers, numpy and ONNX Runtime answer as the Predictor does."""

from primum.model.served.files import SERVED_FILE
from primum.model.served.twin import Served

__all__ = ["SERVED_FILE", "Served"]
