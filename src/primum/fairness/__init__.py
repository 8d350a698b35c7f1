"""Fairness: who is served worse, how sure that is, and what was done about it."""

from primum.fairness.paired import change_findings, change_sentence
from primum.fairness.thresholds import DECISIONS_FILE, SliceDecisions, choose_decisions

__all__ = ["DECISIONS_FILE", "SliceDecisions", "change_findings", "change_sentence", "choose_decisions"]
