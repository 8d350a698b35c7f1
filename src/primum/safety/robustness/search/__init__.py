"""The search for the worst change within plausible bounds: of words, of vitals, of both."""

from primum.safety.robustness.search.findings import adversarial_findings

__all__ = ["adversarial_findings"]
