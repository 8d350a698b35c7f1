"""What the records say of themselves before any model: leaks, shortcuts, wrong labels, poison, broken fields."""

from primum.safety.records import metrics as _metrics  # noqa: F401 - registers the metrics
from primum.safety.records.entry import RecordCheck, record_findings
from primum.safety.records.metrics import RECORD_METRICS

__all__ = ["RECORD_METRICS", "RecordCheck", "record_findings"]
