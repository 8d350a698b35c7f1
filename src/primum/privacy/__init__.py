"""Privacy: what leaves, what a model's answers and a cohort's records give away, and what is done about it."""

from primum.privacy.canaries import canary_findings
from primum.privacy.erasure import erasure_findings
from primum.privacy.membership import membership_findings
from primum.privacy.metrics import REIDENTIFICATION_METRICS
from primum.privacy.reidentification import reidentification_findings

__all__ = [
    "REIDENTIFICATION_METRICS",
    "canary_findings",
    "erasure_findings",
    "membership_findings",
    "reidentification_findings",
]
