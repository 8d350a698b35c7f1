"""Every check of the records, one after the other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from primum.cohort import Cohort
from primum.evidence.finding import Finding
from primum.safety.records.balance import balance_findings
from primum.safety.records.boxes import box_findings
from primum.safety.records.consent import consent_findings
from primum.safety.records.copies import copy_findings, find_copies
from primum.safety.records.identity import identity_findings
from primum.safety.records.labels import label_error_findings
from primum.safety.records.labelwords import label_findings
from primum.safety.records.order import order_findings
from primum.safety.records.quality import quality_findings
from primum.safety.records.sample import draw_sample
from primum.safety.records.shift import shift_findings
from primum.safety.records.shortcuts import shortcut_findings
from primum.safety.records.textfacts import read_texts
from primum.safety.records.triggers import trigger_findings
from primum.safety.records.vitals import vital_findings

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordCheck:
    """What the records say of themselves."""

    findings: list[Finding]
    suspects: Mapping[str, IntArray] = field(default_factory=dict)
    """Metric -> row numbers of the records behind it, the most suspicious first; for the run's own folder only."""


def record_findings(
    cohort: Cohort, split: npt.NDArray[np.object_], *, time_split_asked: bool = False, seed: int = 7
) -> RecordCheck:
    """Return what is wrong with a cohort and its splits, as findings, with the rows behind them.

    Texts are read in one pass, a chunk at a time, with about 300 bytes of memory a text; what needs a model looks at
    20,000 records at most.

    Args:
        cohort: the records.
        split: name of each record's split, shape (n,).
        time_split_asked: whether the study divides by time, or gives its splits in a column.
        seed: of the sample and the resamples.
    """
    findings = identity_findings(cohort, split) + consent_findings(cohort) + balance_findings(cohort)
    findings += box_findings(cohort)
    findings += order_findings(cohort, split, asked=time_split_asked) + vital_findings(cohort)
    suspects: dict[str, IntArray] = {}
    if cohort.records.text is not None:
        facts = read_texts(cohort.records.text, seed=seed)
        for found, rows in (
            copy_findings(cohort, split, find_copies(cohort, facts)),
            quality_findings(cohort, facts),
        ):
            findings += found
            suspects |= rows
    sample = draw_sample(cohort, split, seed=seed)
    findings += label_findings(cohort, sample) + shortcut_findings(cohort, sample)
    findings += shift_findings(cohort, sample, seed=seed)
    found, suspects["label_errors"] = label_error_findings(cohort, sample)
    findings += found
    found, suspects["trigger"] = trigger_findings(sample)
    return RecordCheck(findings=findings + found, suspects=suspects)
