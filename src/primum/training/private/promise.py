"""What private training does not go with, and the promise as a Finding."""

from __future__ import annotations

from primum.errors import StudyError
from primum.evidence.finding import Finding
from primum.model.adapters import Adaptation
from primum.training.plan import TrainingPlan
from primum.training.private.budget import Budget


def check_private(plan: TrainingPlan, adaptation: Adaptation) -> None:
    """Check that nothing in the plan looks at training patients without noise.

    Raises:
        StudyError: something does.
    """
    if plan.privacy is None:
        return
    wrong = None
    if plan.balanced_classes:
        wrong = "training.objective.class_weights: balanced counts the training patients' classes"
    if plan.fairness is not None:
        wrong = f"training.objective.fairness.method: {plan.fairness.method} needs the training patients' groups"
    if plan.robustness is not None:
        wrong = "training.objective.robustness takes a second look at every training patient"
    if adaptation.method == "adalora":
        wrong = "model.adapt: adalora chooses its ranks by the training patients' gradients"
    if plan.accumulate > 1:
        wrong = "training.accumulate: a step's patients are drawn together; give training.privacy.batch"
    if wrong is not None:
        raise StudyError(f"training.privacy: {wrong}, without noise; leave one of the two out.")


def promise_finding(budget: Budget, *, steps: int, tested: float) -> Finding:
    """Return epsilon at the budget's delta after so many steps.

    Args:
        budget: what was set out with.
        steps: taken until the training stopped.
        tested: largest relative difference in the self-test before training.
    """
    return Finding(
        pillar="privacy",
        metric="epsilon",
        value=budget.epsilon(steps),
        low=None,
        high=None,
        level=None,
        n=budget.patients,
        split="train",
        enough=True,
        method=f"DP-SGD, patients drawn by Poisson sampling; accountant {budget.accountant}",
        reference="Abadi et al. 2016, ACM CCS (DP-SGD); Gopi et al. 2021, NeurIPS (PRV accountant); Mironov 2017 (RDP)",
        detail={**budget.to_json(), "steps_taken": steps, "self_test": tested},
    )
