"""The members of an ensemble that advise beside a run's model: made, saved with it, and how far they disagree."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from primum.cohort import Cohort
from primum.evidence import Finding, Predictions
from primum.evidence.predictions import FloatArray, IntArray
from primum.fairness import SliceDecisions
from primum.safety import Calibrator, Disagreement, disagreement_findings, disagreement_of
from primum.study.clock import Clock
from primum.study.fitting import fit_net, fit_request
from primum.study.in_use import decider_in_use

if TYPE_CHECKING:  # the steps read the study; the study starts the runner, which starts the steps
    from primum.model.inside import Inside
    from primum.model.members import DropoutMembers, TrainedMembers
    from primum.model.predictor import Predictor
    from primum.study.study import Study
    from primum.training.fit import Fitted
    from primum.training.known import Known

SplitArray = npt.NDArray[np.object_]
_SEEDS_APART = 1000
"""Between the seeds of members, so that none is the seed of another training of the same study."""


def disagreement_in_run(
    study: Study,
    cohort: Cohort,
    split: SplitArray,
    fitted: Fitted,
    inside: Inside,
    predictions: Predictions,
    *,
    known: Known | None,
    backbone: Path | None,
    calibrator: Calibrator | None,
    folder: Path,
    clock: Clock,
) -> list[Finding]:
    """Return what the members' disagreement amounts to; they are saved with the model. Nothing where there are none.

    Args:
        study: how many members, and how they come about.
        cohort: its records.
        split: each record's split.
        fitted: the model.
        inside: what it computed of the whole cohort.
        predictions: the answers in use.
        known: what frozen layers make of the inputs.
        backbone: folder of the text backbone.
        calibrator: of the probabilities.
        folder: the run's.
        clock: is told of the step.
    """
    asked = study.spec.model.ensemble
    if asked is None:
        return []
    with clock.step("ensemble"):
        members = _members(study, cohort, split, fitted, known, backbone, folder, clock)
        if members is None:
            return []
        members.save(folder / "model")
        read = {**fitted.prepared, **(known or {})}
        answers = members.answers(fitted.predictor, read, inside.features)
        decisions = SliceDecisions.load(folder / "model")
        decide = decider_in_use(cohort, calibrator=calibrator, decisions=decisions)
        rows = np.arange(len(cohort))
        found = disagreement(answers, predictions.predicted, lambda one: decide(one, rows), kind=cohort.target.kind)
        return disagreement_findings(
            found,
            predictions,
            how=asked.how,
            members=len(answers),
            n_resamples=study.spec.assess.resamples,
            seed=study.spec.training.seed,
        )


def disagreement(
    answers: FloatArray,
    coded: npt.NDArray[np.float64] | IntArray,
    decide: Callable[[FloatArray], npt.NDArray[np.float64] | IntArray],
    *,
    kind: str,
) -> Disagreement:
    """Return how far members disagree with what is decided.

    Args:
        answers: of each member, shape (members, n, k), or (members, n) for a number.
        coded: what is decided, coded as the target.
        decide: from one member's answers to what it would decide in use.
        kind: of the target.
    """
    if kind == "number":
        return disagreement_of(answers, None, None)
    decided = np.stack([decide(one) for one in answers]).astype(np.int64)
    return disagreement_of(answers, decided, np.asarray(coded, dtype=np.int64))


def _members(
    study: Study,
    cohort: Cohort,
    split: SplitArray,
    fitted: Fitted,
    known: Known | None,
    backbone: Path | None,
    folder: Path,
    clock: Clock,
) -> DropoutMembers | TrainedMembers | None:
    """Return the members; None by dropout where training left nothing out."""
    from primum.model.members import DropoutMembers, TrainedMembers

    asked = study.spec.model.ensemble
    assert asked is not None
    if asked.how == "dropout":
        rate = fitted.predictor.net.head.dropout.p
        seed = study.spec.training.seed
        return None if rate == 0 else DropoutMembers(members=asked.size(), rate=rate, seed=seed)
    return TrainedMembers.of(fitted.predictor, _trained(study, cohort, split, known, backbone, folder, clock))


def _trained(
    study: Study,
    cohort: Cohort,
    split: SplitArray,
    known: Known | None,
    backbone: Path | None,
    folder: Path,
    clock: Clock,
) -> Iterator[Predictor]:
    """Yield one model after another, trained as the study says from a seed of its own."""
    assert study.spec.model.ensemble is not None
    members = study.spec.model.ensemble.size()
    for place in range(1, members + 1):
        clock.progress.step("ensemble", f"{place}/{members}")
        work = folder / "twins" / f"member-{place}"
        request = fit_request(study, cohort, split, backbone, folder=work)
        plan = replace(request.plan, seed=request.plan.seed + _SEEDS_APART * place, track=())
        request = replace(request, plan=plan, probe=False, known=known)
        yield fit_net(request, clock.progress).predictor
        shutil.rmtree(work / "model", ignore_errors=True)
