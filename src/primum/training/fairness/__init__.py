"""Mitigation during training: what may be done about slices that are served worse. One file a method."""

from primum.training.fairness import (  # noqa: F401 - importing a method registers it
    adversarial,
    balanced_sampling,
    counterfactual_augmentation,
    group_dro,
    penalty,
    reweighing,
    text_augmentation,
)
from primum.training.fairness.groups import Groups, groups_of
from primum.training.fairness.method import (
    METHODS,
    Copies,
    Judge,
    Method,
    Mitigation,
    Setting,
    check_fits,
    described,
    mitigate,
)

__all__ = [
    "METHODS",
    "Copies",
    "Groups",
    "Judge",
    "Method",
    "Mitigation",
    "Setting",
    "check_fits",
    "described",
    "groups_of",
    "mitigate",
]
