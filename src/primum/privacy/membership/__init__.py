"""Membership inference: do the model's answers give away who it was trained on?"""

from primum.privacy.membership.attacks import ATTACKS, scores_of
from primum.privacy.membership.figures import advantage, area, caught, clopper_pearson, epsilon_bound
from primum.privacy.membership.findings import membership_findings
from primum.privacy.membership.knowledge import knowledge
from primum.privacy.membership.shadows import Shadows, shadow_heads

__all__ = [
    "ATTACKS",
    "Shadows",
    "advantage",
    "area",
    "caught",
    "clopper_pearson",
    "epsilon_bound",
    "knowledge",
    "membership_findings",
    "scores_of",
    "shadow_heads",
]
