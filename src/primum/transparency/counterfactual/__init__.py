"""Counterfactuals: the smallest plausible changes of vitals or note after which a model answers otherwise.

They say what a model hangs on. They do not say what would change in a patient, nor what should be done.
"""

from primum.transparency.counterfactual import metrics as _metrics  # noqa: F401 - registers the metrics
from primum.transparency.counterfactual.asking import Decide, likely_labels, most_probable
from primum.transparency.counterfactual.findings import changed_record, smallest_change_findings
from primum.transparency.counterfactual.found import Counterfactual, NoteChange, VitalChange
from primum.transparency.counterfactual.searching import Counterfactuals, counterfactuals
from primum.transparency.counterfactual.terrain import Direction, Limits, Terrain, fit_terrain

__all__ = [
    "Counterfactual",
    "Counterfactuals",
    "Decide",
    "Direction",
    "Limits",
    "NoteChange",
    "Terrain",
    "VitalChange",
    "changed_record",
    "counterfactuals",
    "fit_terrain",
    "likely_labels",
    "most_probable",
    "smallest_change_findings",
]
