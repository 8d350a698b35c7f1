"""Checking a study's cohort alone: read, split, and judged by the rules that records can answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from primum.cohort import Cohort, summarise
from primum.ethics import Verdict, judge
from primum.evidence import Finding
from primum.fairness import COHORT_METRICS, dataset_findings
from primum.privacy import REIDENTIFICATION_METRICS, erasure_findings, reidentification_findings
from primum.privacy.deid import masked_findings
from primum.progress import Progress, Silent
from primum.safety.records import RECORD_METRICS
from primum.study.publishing import published
from primum.study.ruling import rules_of
from primum.study.runner import policy_of, records_of
from primum.study.study import Study


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """What a cohort says of itself."""

    cohort: Cohort
    split: npt.NDArray[np.object_]
    """Each record's split, shape (n,)."""
    findings: Sequence[Finding]
    verdict: Verdict
    """Of the policy's rules on records; pass where it has none."""

    def summary(self) -> Mapping[str, Any]:
        """Return the content of cohort.json."""
        return summarise(self.cohort, self.split)


def check_study(study: Study, *, progress: Progress | None = None) -> Check:
    """Read and split a study's cohort and judge it by those rules of its policy that records alone can answer.

    A given split that divides a patient, which a run refuses, is examined here like any other.

    Raises:
        InputError: the cohort cannot be read or split, the policy or a file of clinical rules is wrong, or the
            reference population does not fit.
    """
    progress = progress or Silent()
    policy = policy_of(study)
    progress.step("read")
    cohort = study.read_cohort()
    progress.step("split")
    split = study.split(cohort, keep_divided=True)
    progress.step("check")
    rules_of(study, cohort)
    study.annotators(cohort)
    findings = dataset_findings(cohort, reference=study.spec.cohort.reference)
    findings += records_of(study, cohort, split).findings
    findings += reidentification_findings(cohort, population=study.spec.cohort.population)
    findings += erasure_findings(cohort)
    findings += masked_findings(cohort)
    findings = published(findings)
    about = policy.about(COHORT_METRICS | RECORD_METRICS | REIDENTIFICATION_METRICS)
    if about is None:
        verdict = Verdict(outcome="pass", policy=policy.name, policy_sha256=policy.sha256, rules=())
    else:
        verdict = judge(findings, about)
    return Check(cohort=cohort, split=split, findings=findings, verdict=verdict)
