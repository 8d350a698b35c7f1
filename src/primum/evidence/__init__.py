"""Evidence: predictions, the figures that follow from them with their intervals, and findings."""

from primum.evidence.audit import SensitiveColumn, predictions_from_table
from primum.evidence.bands import band_names, banded
from primum.evidence.finding import PILLARS, Finding, Pillar, read_findings, write_findings
from primum.evidence.marks import metrics as _marks_metrics  # noqa: F401 - registers the metrics
from primum.evidence.metrics import METRICS, Metric, gain_name, register_metric
from primum.evidence.paired import aligned, gain_findings
from primum.evidence.performance import performance_findings
from primum.evidence.predictions import UNKNOWN, Predictions, TargetType
from primum.evidence.regions import Region
from primum.evidence.sums import point_values
from primum.evidence.tables import read_predictions, write_predictions
from primum.evidence.withholding import withheld

__all__ = [
    "METRICS",
    "PILLARS",
    "UNKNOWN",
    "Finding",
    "Metric",
    "Pillar",
    "Predictions",
    "Region",
    "SensitiveColumn",
    "TargetType",
    "aligned",
    "band_names",
    "banded",
    "gain_findings",
    "gain_name",
    "performance_findings",
    "point_values",
    "predictions_from_table",
    "read_findings",
    "read_predictions",
    "register_metric",
    "withheld",
    "write_findings",
    "write_predictions",
]
