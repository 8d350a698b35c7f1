"""Similar patients: what became of the training patients most like a new one, told of five or more together."""

from primum.transparency.similar import metrics as _metrics  # noqa: F401 - registers the metrics
from primum.transparency.similar.answer import (
    Known,
    Outcome,
    SimilarPatients,
    TrainingRecords,
    nearest_records,
    patients_like,
    similar_patients,
)
from primum.transparency.similar.findings import group_findings
from primum.transparency.similar.groups import Groups, fit_groups

__all__ = [
    "Groups",
    "Known",
    "Outcome",
    "SimilarPatients",
    "TrainingRecords",
    "fit_groups",
    "group_findings",
    "nearest_records",
    "patients_like",
    "similar_patients",
]
