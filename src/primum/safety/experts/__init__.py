"""Several annotators of the same records: how far they agree, what they say together, and the model beside them."""

from primum.safety.experts import metrics as _metrics  # noqa: F401 - registers the metrics
from primum.safety.experts.agreement import counts_of, fleiss_kappa, krippendorff_alpha, with_interval
from primum.safety.experts.dawid_skene import Consensus, dawid_skene
from primum.safety.experts.findings import expert_findings

__all__ = [
    "Consensus",
    "counts_of",
    "dawid_skene",
    "expert_findings",
    "fleiss_kappa",
    "krippendorff_alpha",
    "with_interval",
]
