"""Re-identification: what the records of a cohort give away by the attributes that others may know."""

from primum.privacy.reidentification.classes import LookAlikes, look_alikes
from primum.privacy.reidentification.findings import quasi_identifiers, reidentification_findings
from primum.privacy.reidentification.population import Uniqueness, journalist_risk, population_uniqueness

__all__ = [
    "LookAlikes",
    "Uniqueness",
    "journalist_risk",
    "look_alikes",
    "population_uniqueness",
    "quasi_identifiers",
    "reidentification_findings",
]
