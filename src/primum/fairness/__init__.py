"""Fairness: who is served worse, how surely, and what was done about it."""

from primum.fairness import metrics as _metrics  # noqa: F401 - registers the metrics
from primum.fairness.audit import fairness_findings
from primum.fairness.counterfactual import Decisions, Predictor, counterfactual_findings
from primum.fairness.dataset import dataset_findings
from primum.fairness.dataset_metrics import COHORT_METRICS
from primum.fairness.discovery import discovery_findings
from primum.fairness.shares import HARM, Gaps, macro_gaps, share_gaps

__all__ = [
    "COHORT_METRICS",
    "HARM",
    "Decisions",
    "Gaps",
    "Predictor",
    "counterfactual_findings",
    "dataset_findings",
    "discovery_findings",
    "fairness_findings",
    "macro_gaps",
    "share_gaps",
]
