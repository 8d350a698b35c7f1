"""How well a model stands small changes to text and vitals: perturbations, worst cases, directional tests, search."""

from primum.safety.robustness.findings import robustness_findings
from primum.safety.robustness.parts_left import image_part_findings
from primum.safety.robustness.perturbations import PERTURBATIONS, Perturbation, perturbed
from primum.safety.robustness.search import adversarial_findings, pixel_findings

__all__ = [
    "PERTURBATIONS",
    "Perturbation",
    "adversarial_findings",
    "image_part_findings",
    "perturbed",
    "pixel_findings",
    "robustness_findings",
]
