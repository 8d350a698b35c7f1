"""Places marked in pictures, by people and by models: how well they agree, as figures with intervals."""

from primum.evidence.marks.calibration import scores_ece
from primum.evidence.marks.figures import KINDS, figures_of, point_figures
from primum.evidence.marks.findings import marks_findings, marks_gain_findings
from primum.evidence.marks.marking import Mark, Marking, MarkKind, components, pasted
from primum.evidence.marks.matching import Compared, best_threshold, compare
from primum.evidence.marks.runs import mask_of, overlap, pixels, runs_of
from primum.evidence.marks.storage import MarkedTable, read_marks, write_marks

__all__ = [
    "KINDS",
    "Compared",
    "Mark",
    "MarkKind",
    "MarkedTable",
    "Marking",
    "best_threshold",
    "compare",
    "components",
    "figures_of",
    "marks_findings",
    "marks_gain_findings",
    "mask_of",
    "overlap",
    "pasted",
    "pixels",
    "point_figures",
    "read_marks",
    "runs_of",
    "scores_ece",
    "write_marks",
]
