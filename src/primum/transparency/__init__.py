"""Transparency: why a model answers as it does, and whether that reason can be trusted."""

from primum.transparency import metrics as _metrics  # noqa: F401 - registers the metrics
from primum.transparency.causal import CausalGraph, answer_effect_findings, effect_findings
from primum.transparency.counterfactual import counterfactuals
from primum.transparency.errors import error_findings
from primum.transparency.explaining import DEFAULT_METHOD, Reasons, RunnerUp, explain, runner_up
from primum.transparency.findings import explanation_findings
from primum.transparency.methods import METHODS
from primum.transparency.overall import overall_findings
from primum.transparency.similar import similar_patients
from primum.transparency.trust import Bars
from primum.transparency.written import written_findings

__all__ = [
    "DEFAULT_METHOD",
    "METHODS",
    "Bars",
    "CausalGraph",
    "Reasons",
    "RunnerUp",
    "answer_effect_findings",
    "counterfactuals",
    "effect_findings",
    "error_findings",
    "explain",
    "explanation_findings",
    "overall_findings",
    "runner_up",
    "similar_patients",
    "written_findings",
]
