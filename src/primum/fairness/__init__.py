"""Fairness: who is served worse, how sure that is, and what was done about it."""

from primum.fairness import metrics as _metrics  # noqa: F401 - registers the metrics
from primum.fairness.audit import fairness_findings
from primum.fairness.counterfactual import Calibration, Decisions, Predictor, counterfactual_findings
from primum.fairness.dataset import dataset_findings
from primum.fairness.dataset_metrics import COHORT_METRICS
from primum.fairness.discovery import discovery_findings
from primum.fairness.paired import change_findings, change_sentence
from primum.fairness.qualities import quality_gap_findings
from primum.fairness.shares import HARM, Gaps, macro_gaps, share_gaps
from primum.fairness.thresholds import DECISIONS_FILE, SliceDecisions, choose_decisions

__all__ = [
    "COHORT_METRICS",
    "DECISIONS_FILE",
    "HARM",
    "Calibration",
    "Decisions",
    "Gaps",
    "Predictor",
    "SliceDecisions",
    "change_findings",
    "change_sentence",
    "choose_decisions",
    "counterfactual_findings",
    "dataset_findings",
    "discovery_findings",
    "fairness_findings",
    "macro_gaps",
    "quality_gap_findings",
    "share_gaps",
]
