"""Counterfactual augmentation: each training record once more, as of a patient of another sex or age, same target.

Source: Lu et al. 2020, "Gender bias in neural natural language processing", section 4 (counterfactual data
augmentation), with vitals swapped alongside the text. What a swap would turn into nonsense is not copied.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from primum.cohort import Records, find_swaps, swapped_records, take
from primum.errors import StudyError
from primum.training.fairness.method import METHODS, Copies, IntArray, Method, Mitigation, Setting, joined_records


def swapped_copies(setting: Setting) -> Copies:
    """Return the share `strength` of the training records that a swap changes, swapped, for every swap there is.

    Raises:
        StudyError: no attribute is spoken of in the records, so nothing can be swapped.
    """
    cohort, wanted = setting.cohort, setting.plan.attributes or tuple(setting.cohort.sensitive)
    generator = np.random.default_rng([setting.seed, 1])
    made: list[tuple[Records, IntArray]] = []
    for swap in (swap for swap in find_swaps(cohort) if swap.attribute in wanted):
        swapped = swapped_records(cohort, swap)
        rows = setting.train_rows[swapped.changed[setting.train_rows]]
        rows = np.sort(generator.permutation(rows)[: round(setting.strength * len(rows))])
        made.append((take(replace(cohort, records=swapped.records), rows).records, rows))
    rows = np.concatenate([rows for _, rows in made]) if made else np.empty(0, dtype=np.int64)
    if not len(rows):
        raise StudyError(
            "training.objective.fairness.method: counterfactual_augmentation finds nothing to swap: neither texts nor "
            f"vitals speak of {' or '.join(wanted)}; choose another method."
        )
    return Copies(records=joined_records([records for records, _ in made]), rows=rows)


def _apply(setting: Setting) -> Mitigation:
    return Mitigation(copies=swapped_copies(setting))


METHODS.register("counterfactual_augmentation")(
    Method(apply=_apply, strength=1.0, strongest=1.0, targets=("classes", "labels", "number"))
)
