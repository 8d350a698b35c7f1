"""Where a model fails: places among patients at which errors gather, found on one half, tested on the other."""

from primum.transparency.errors import metrics as _metrics  # noqa: F401 - registers the metrics
from primum.transparency.errors.findings import error_findings

__all__ = ["error_findings"]
