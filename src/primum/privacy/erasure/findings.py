"""What a cohort says of erasure: how many records were left out by it."""

from __future__ import annotations

from primum.cohort import Cohort
from primum.cohort.summary import erased_counts
from primum.evidence.finding import Finding
from primum.evidence.metrics import METRICS, register_row

ERASED = "erased_records"
_METHOD = "count of the records read that are of patients on the study's list of erased patients, and were left out"

register_row(
    ERASED,
    "Records left out by erasure",
    "因删除请求而排除的记录",
    "How many records were left out because their patients asked to be erased; withheld where they are of one to four.",
    "因患者要求删除而排除的记录数；若仅涉及一至四名患者则不公布。",
    "records",
    "none",
    "GDPR art. 17; PIPL art. 47",
)


def erasure_findings(cohort: Cohort) -> list[Finding]:
    """Return the count of records left out by erasure; nothing where nobody was erased."""
    if not cohort.erased:
        return []
    counts = erased_counts(cohort)
    few = counts["records"] is None
    return [
        Finding(
            pillar="privacy",
            metric=ERASED,
            value=counts["records"],
            level=None,
            n=len(cohort),
            enough=not few,
            method=_METHOD,
            reference=METRICS.get(ERASED).reference,
            detail={"withheld": True} if few else {"patients": counts["patients"]},
        )
    ]
