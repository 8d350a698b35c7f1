"""The model as a whole: which inputs matter over a split, how answers follow each vital, and which of them interact."""

from primum.transparency.overall import metrics as _metrics  # noqa: F401 - registers the metrics
from primum.transparency.overall.findings import overall_findings

__all__ = ["overall_findings"]
