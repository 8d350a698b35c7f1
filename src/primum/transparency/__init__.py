"""Transparency: why a model answers as it does, and whether that reason can be trusted."""

from primum.transparency import metrics as _metrics  # noqa: F401 - registers the metrics
from primum.transparency.explaining import DEFAULT_METHOD, Reasons, RunnerUp, explain, runner_up
from primum.transparency.findings import explanation_findings
from primum.transparency.methods import METHODS
from primum.transparency.trust import Bars

__all__ = ["DEFAULT_METHOD", "METHODS", "Bars", "Reasons", "RunnerUp", "explain", "explanation_findings", "runner_up"]
