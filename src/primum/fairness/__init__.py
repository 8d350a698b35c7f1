"""Fairness: who is served worse, how surely, and what was done about it."""

from primum.fairness.counterfactual import Decisions, Predictor, counterfactual_findings

__all__ = ["Decisions", "Predictor", "counterfactual_findings"]
