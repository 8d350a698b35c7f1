"""Canaries: made-up records planted in training, and how well the model remembers them."""

from primum.privacy.canaries.drawing import Canaries, draw_canaries
from primum.privacy.canaries.findings import CANARY_METRIC, canary_findings, exposures

__all__ = ["CANARY_METRIC", "Canaries", "canary_findings", "draw_canaries", "exposures"]
