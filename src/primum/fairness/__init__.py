"""Fairness: who is served worse, how surely, and what was done about it."""

from primum.fairness import metrics as _metrics  # noqa: F401 - registers the metrics
from primum.fairness.audit import fairness_findings
from primum.fairness.discovery import discovery_findings
from primum.fairness.paired import change_findings, change_sentence
from primum.fairness.shares import HARM, Gaps, macro_gaps, share_gaps
from primum.fairness.thresholds import DECISIONS_FILE, SliceDecisions, choose_decisions

__all__ = [
    "DECISIONS_FILE",
    "HARM",
    "Gaps",
    "SliceDecisions",
    "change_findings",
    "change_sentence",
    "choose_decisions",
    "discovery_findings",
    "fairness_findings",
    "macro_gaps",
    "share_gaps",
]
