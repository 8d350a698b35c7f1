"""Where models that were trained alike disagree: measured record by record, and what it is worth."""

from primum.safety.ensemble import metrics as _metrics  # noqa: F401 - registers the metrics
from primum.safety.ensemble.findings import disagreement_findings
from primum.safety.ensemble.measures import Disagreement, disagreement_of

__all__ = ["Disagreement", "disagreement_findings", "disagreement_of"]
