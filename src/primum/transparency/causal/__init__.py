"""Causes, as far as a stated graph tells them: effects on the outcome, and of attributes on a model's answers."""

from primum.transparency.causal import metrics as _metrics  # noqa: F401 - registers the metrics
from primum.transparency.causal.answers import answer_effect_findings
from primum.transparency.causal.effects import effect_findings
from primum.transparency.causal.graph import CausalGraph, find_cycle

__all__ = ["CausalGraph", "answer_effect_findings", "effect_findings", "find_cycle"]
