"""What clinical rules say of a model's answers, measured."""

from primum.safety.rules import metrics as _metrics  # noqa: F401 - registers the metrics
from primum.safety.rules.findings import rule_findings

__all__ = ["rule_findings"]
