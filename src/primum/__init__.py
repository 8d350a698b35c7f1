"""primum: tune a pretrained model on a clinical cohort, measure what it does to whom, release it or refuse to.

import primum
run = primum.Study.load("study.yaml").run(out="runs/heart")
"""

from primum.errors import InputError, PrimumError
from primum.ethics import Verdict, judge
from primum.evidence import Finding, Predictions
from primum.study import Release, Run, Study
from primum.study.table import assess

__version__ = "0.1.0"

__all__ = [
    "Finding",
    "InputError",
    "Predictions",
    "PrimumError",
    "Release",
    "Run",
    "Study",
    "Verdict",
    "assess",
    "judge",
]
