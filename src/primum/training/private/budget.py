"""How much noise a promise needs, and what was promised in the end: the accountants are Opacus'.

Source of the default accountant: Gopi et al. 2021, "Numerical Composition of Differential Privacy" (PRV); of the other:
Mironov 2017, "Rényi Differential Privacy".
"""

from __future__ import annotations

import warnings
from dataclasses import asdict, dataclass
from typing import Any, Literal

from primum.errors import StudyError
from primum.extras import require

Accountant = Literal["prv", "rdp"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivacyPlan:
    """What is promised to every patient of the split train, and how."""

    epsilon: float
    delta: float | None = None
    """None: a tenth of one over the number of patients."""
    clip: float = 1.0
    """Largest norm of a patient's gradient in a step."""
    batch: int | None = None
    """Patients of a step on average; None: a tenth of them, at least 64."""
    accountant: Accountant = "prv"

    def expected(self, patients: int) -> int:
        """Return how many patients take part in a step on average."""
        return min(self.batch or max(64, patients // 10), patients)


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """A plan with everything known that its noise depends on."""

    accountant: Accountant
    delta: float
    rate: float
    """Chance of a patient to take part in a step."""
    steps: int
    noise: float
    """Standard deviation of the noise on a step's sum, in units of `clip`."""
    clip: float
    patients: int

    def epsilon(self, steps: int) -> float:
        """Return the epsilon of so many steps taken; it is never smaller than the truth."""
        return spent(self, steps)

    def to_json(self) -> dict[str, Any]:
        """Return the budget as plain JSON."""
        return asdict(self)


def budget_of(plan: PrivacyPlan, *, patients: int, rate: float, steps: int) -> Budget:
    """Return the least noise that keeps the plan's promise over all steps.

    Args:
        plan: what is asked for.
        patients: of the split train.
        rate: chance of a patient to take part in a step.
        steps: of the whole training.
    Raises:
        StudyError: delta is above one over the number of patients: a model that published one patient's record whole
            would keep such a promise.
    """
    delta = 0.1 / patients if plan.delta is None else plan.delta
    if delta > 1 / patients:
        raise StudyError(
            f"training.privacy.delta: {delta:g} is above one over the {patients} patients of the split train, which "
            f"promises nothing; give at most {1 / patients:.2g}, or leave it out."
        )
    require("opacus", extra="privacy", purpose="Private training")
    from opacus.accountants.utils import get_noise_multiplier

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        noise = get_noise_multiplier(
            target_epsilon=plan.epsilon,
            target_delta=delta,
            sample_rate=rate,
            steps=steps,
            accountant=plan.accountant,
            epsilon_tolerance=0.01,
        )
    return Budget(
        accountant=plan.accountant,
        delta=delta,
        rate=rate,
        steps=steps,
        noise=float(noise),
        clip=plan.clip,
        patients=patients,
    )


def spent(budget: Budget, steps: int) -> float:
    """Return the epsilon that `steps` steps with the budget's noise amount to."""
    if not steps:
        return 0.0
    require("opacus", extra="privacy", purpose="Private training")
    from opacus.accountants import create_accountant

    accountant = create_accountant(budget.accountant)
    accountant.history = [(budget.noise, budget.rate, steps)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(accountant.get_epsilon(delta=budget.delta))
