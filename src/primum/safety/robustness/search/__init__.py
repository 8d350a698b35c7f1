"""The search for the worst change within plausible bounds: of words, of vitals, of both."""

from primum.safety.robustness.search.findings import adversarial_findings
from primum.safety.robustness.search.pixels import pixel_findings

__all__ = ["adversarial_findings", "pixel_findings"]
