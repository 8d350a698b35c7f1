"""How well a model stands small changes to text and vitals: perturbations, worst cases, directional tests."""

from primum.safety.robustness.findings import robustness_findings
from primum.safety.robustness.perturbations import PERTURBATIONS, Perturbation, perturbed

__all__ = ["PERTURBATIONS", "Perturbation", "perturbed", "robustness_findings"]
