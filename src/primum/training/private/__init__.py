"""Training that no patient can be found in: differential privacy by DP-SGD, patient by patient."""

from primum.training.private.budget import Budget, PrivacyPlan, budget_of
from primum.training.private.per_record import PerRecord
from primum.training.private.sampling import PoissonPatients
from primum.training.private.self_test import self_test

__all__ = ["Budget", "PerRecord", "PoissonPatients", "PrivacyPlan", "budget_of", "self_test"]
