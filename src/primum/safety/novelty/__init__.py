"""Whether a record is unlike everything that a model was trained on: fitted, flagged, explained and measured."""

from primum.safety.novelty.detector import Insider, Judged, Novelty, fit_novelty, reasons_in_words
from primum.safety.novelty.findings import judge_others, novelty_findings

__all__ = [
    "Insider",
    "Judged",
    "Novelty",
    "fit_novelty",
    "judge_others",
    "novelty_findings",
    "reasons_in_words",
]
