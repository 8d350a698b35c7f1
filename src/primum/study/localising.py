"""The step of a run that holds its reasons against places that people marked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from primum.cohort import Cohort
from primum.cohort.images.marked import Marked, read_marked
from primum.evidence import Finding
from primum.study.clock import Clock
from primum.transparency.localisation import localisation_findings

if TYPE_CHECKING:  # the steps read the study; the study starts the runner, which starts the steps
    from primum.study.study import Study
    from primum.training.fit import Fitted


def marks_of(study: Study, cohort: Cohort) -> Marked | None:
    """Return the places that people marked, read before anything is written; None where the study names none.

    Raises:
        ColumnError: the table of boxes or the column of masks cannot be used.
    """
    asked = study.spec.assess.localisation
    if asked is None:
        return None
    boxes = None if asked.boxes is None else study.place_of(asked.boxes)
    return read_marked(study.source, cohort, boxes=boxes, masks=asked.masks)


def localised(
    study: Study,
    marks: Marked | None,
    cohort: Cohort,
    split: npt.NDArray[np.object_],
    fitted: Fitted,
    clock: Clock,
) -> list[Finding]:
    """Return whether the run's reasons point at the marked places; nothing where none are named."""
    asked = study.spec.assess.localisation
    if marks is None or asked is None:
        return []
    with clock.step("localise"):
        return localisation_findings(
            fitted.predictor,
            cohort,
            split,
            marks.regions,
            shapes=marks.shapes,
            most=asked.records,
            seed=study.spec.training.seed,
        )
