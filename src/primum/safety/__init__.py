"""The safety pillar: what can go wrong before a patient meets it, measured."""

from primum.safety.novelty import Novelty, fit_novelty, novelty_findings, reasons_in_words
from primum.safety.robustness import robustness_findings

__all__ = [
    "Novelty",
    "fit_novelty",
    "novelty_findings",
    "reasons_in_words",
    "robustness_findings",
]
