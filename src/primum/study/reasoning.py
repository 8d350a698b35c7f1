"""The step of a run that asks for the reasons of its answers, and whether they hold."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from primum.cohort import Cohort
from primum.evidence import Finding
from primum.files import read_saved, write_json
from primum.privacy.deid import may_be_name
from primum.privacy.dicom import Box, find_text
from primum.study.clock import Clock
from primum.transparency import explanation_findings, written_findings
from primum.transparency.metrics import RANDOMISED

if TYPE_CHECKING:  # the steps read the study; the study starts the runner, which starts the steps
    from primum.study.study import Study
    from primum.training.fit import Fitted


REASONS_FILE = "reasons.json"


def explained(
    study: Study, cohort: Cohort, split: npt.NDArray[np.object_], fitted: Fitted, *, folder: Path, clock: Clock
) -> list[Finding]:
    """Return what the reasons for answers on test are worth; nothing where switched off.

    Whether they are those of a model that learnt nothing is saved with the model: they are then withheld in use too.

    Args:
        study: whether it is asked for, and the seed.
        cohort: its records.
        split: each record's split.
        fitted: the model.
        folder: the run's.
        clock: is told of the step.
    """
    if not study.spec.assess.explanations:
        return []
    with clock.step("explain"):
        findings = explanation_findings(
            fitted.predictor, cohort, split, may_be_name=may_be_name, seed=study.spec.training.seed
        )
        found = next((one.detail for one in findings if one.metric == RANDOMISED), None)
        if found is not None:
            write_json(folder / "model" / REASONS_FILE, {"format": 1, **found})
        return findings + _written(study, cohort, split, fitted)


def words_in(picture: npt.NDArray[np.uint8]) -> list[Box]:
    """Return where two letters or more are written in a picture: a single one is read in ribs and lesions as well."""
    return [box for box in find_text(picture) if box.letters > 1]


def _written(study: Study, cohort: Cohort, split: npt.NDArray[np.object_], fitted: Fitted) -> list[Finding]:
    """Return what text in pictures decides; nothing where no reader of text in images is installed."""
    if cohort.records.image is None or find_spec("rapidocr_onnxruntime") is None:
        return []
    return written_findings(fitted.predictor, cohort, split, find=words_in, seed=study.spec.training.seed)


def ignores_model(run: Path, method: str) -> bool:
    """Return whether a run found that reasons by a method are those of a model that learnt nothing."""
    saved = _saved(run)
    return saved is not None and saved["method"] == method and bool(saved["similar"])


def reasons_ignore_model(run: Path) -> bool:
    """Return whether a run, or Release, found so of the reasons that it looked at, by whichever method."""
    saved = _saved(run)
    return saved is not None and bool(saved["similar"])


def _saved(run: Path) -> dict[str, Any] | None:
    return read_saved(run / "model" / REASONS_FILE, lambda said: said, what="what the reasons were found to be worth")
