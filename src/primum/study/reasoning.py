"""The step of a run that asks for the reasons of its answers, and whether they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from primum.cohort import Cohort
from primum.evidence import Finding
from primum.privacy.deid import may_be_name
from primum.study.clock import Clock
from primum.transparency import explanation_findings

if TYPE_CHECKING:  # the steps read the study; the study starts the runner, which starts the steps
    from primum.study.study import Study
    from primum.training.fit import Fitted


def explained(
    study: Study, cohort: Cohort, split: npt.NDArray[np.object_], fitted: Fitted, clock: Clock
) -> list[Finding]:
    """Return what the reasons for answers on test are worth; nothing where switched off.

    Args:
        study: whether it is asked for, and the seed.
        cohort: its records.
        split: each record's split.
        fitted: the model.
        clock: is told of the step.
    """
    if not study.spec.assess.explanations:
        return []
    with clock.step("explain"):
        return explanation_findings(
            fitted.predictor, cohort, split, may_be_name=may_be_name, seed=study.spec.training.seed
        )
