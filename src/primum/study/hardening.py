"""What a model learns from besides the cohort's records: changed copies of them, and planted canaries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from primum.cohort import Cohort, take
from primum.privacy.canaries import draw_canaries
from primum.safety.robustness import perturbed

if TYPE_CHECKING:  # the steps read the study; the study starts the runner, which starts the steps
    from primum.study.study import Study
    from primum.training.fairness import Copies
    from primum.training.plan import RobustnessPlan

_CHANGES = ("typos", "abbreviations", "synonyms", "noise_in_vitals")


def robustness_plan(study: Study) -> RobustnessPlan | None:
    """Return what training does about small changes, as plain values; None for nothing."""
    spec = study.spec.training.objective.robustness
    if spec is None:
        return None
    from primum.training.plan import RobustnessPlan
    from primum.training.robustness import LEVELS, STEPS, STRENGTH

    strength = STRENGTH[spec.method] if spec.strength is None else spec.strength
    if spec.method != "pgd":
        return RobustnessPlan(method=spec.method, strength=strength)
    return RobustnessPlan(
        method="pgd",
        strength=strength,
        levels=LEVELS if spec.levels is None else spec.levels,
        steps=STEPS if spec.steps is None else spec.steps,
    )


def copies_of(
    study: Study, cohort: Cohort, split: npt.NDArray[np.object_], plan: RobustnessPlan | None
) -> Copies | None:
    """Return every further training record that a study asks for; None for none."""
    changed = changed_copies(cohort, split, plan, seed=study.spec.training.seed)
    if not study.spec.assess.canaries:
        return changed
    from primum.training.fairness import Copies

    canaries = draw_canaries(cohort, split, study.spec.assess.canaries, seed=study.spec.training.seed)
    planted = Copies(records=canaries.planted, rows=canaries.rows)
    return planted if changed is None else changed.joined(planted)


def changed_copies(
    cohort: Cohort, split: npt.NDArray[np.object_], plan: RobustnessPlan | None, *, seed: int
) -> Copies | None:
    """Return training records once more, words mistyped, abbreviated or replaced, numbers noisy; None if not asked for.

    Args:
        cohort: the records.
        split: each record's split.
        plan: says which share of the training records.
        seed: of the draw and of the changes.
    """
    if plan is None or plan.method != "augmentation":
        return None
    from primum.training.fairness import Copies

    train = np.flatnonzero(split == "train").astype(np.int64)
    rows = np.sort(np.random.default_rng([seed, 5]).permutation(train)[: max(round(plan.strength * len(train)), 1)])
    records = take(cohort, rows).records
    for name in _CHANGES:
        records = perturbed(records, name, seed=seed) or records
    return Copies(records=records, rows=rows)
