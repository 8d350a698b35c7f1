"""How well a model stands small changes to text and vitals: perturbations, worst cases, directional tests, search."""

from primum.safety.robustness.findings import robustness_findings
from primum.safety.robustness.perturbations import PERTURBATIONS, Perturbation, perturbed
from primum.safety.robustness.search import adversarial_findings

__all__ = ["PERTURBATIONS", "Perturbation", "adversarial_findings", "perturbed", "robustness_findings"]
