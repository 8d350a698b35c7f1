"""Fitting a network of marks: maps, training, the best epoch, the threshold, the saved model and the proof of it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from primum.cohort.cohort import Cohort
from primum.errors import SplitError
from primum.evidence.finding import Finding
from primum.evidence.marks import Marking, best_threshold, compare
from primum.model.inside import Inside
from primum.model.regions.pictures import PreparedMaps, read_maps
from primum.model.regions.predictor import Pictures, RegionPredictor
from primum.model.regions.spec import RegionSpec
from primum.progress import Progress, Silent
from primum.training.plan import TrainingPlan, use_bf16
from primum.training.proof import learnt_finding, prove, snapshot
from primum.training.regions.augmenting import JointAugmentation
from primum.training.regions.examples import RegionCollate
from primum.training.resuming import curves, train_or_resume
from primum.training.tracking import Tracking
from primum.training.trainer import StudyTrainer, losses_and_answers
from primum.training.watching import Watch, epoch_figures

_RELOADED = 8
"""Pictures whose marks are made again by the model that was read back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionFitRequest:
    """What to fit, on what, and where to keep it."""

    cohort: Cohort
    split: npt.NDArray[np.object_]
    """Each record's split, shape (n,)."""
    spec: RegionSpec
    plan: TrainingPlan
    folder: Path
    """Work folder: checkpoints and tracking files."""
    model_folder: Path
    """Where the tuned model is saved."""
    study: str = "study"
    """Name for trackers."""
    augmentation: JointAugmentation | None = None
    """What happens to training pictures where the encoder is tuned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionFitted:
    """A tuned network of marks and what it says of the whole cohort."""

    predictor: RegionPredictor
    marking: Marking
    """Every mark in every picture, those below the threshold too."""
    inside: Inside
    """Features and amounts of every picture."""
    history: dict[str, Any]
    findings: tuple[Finding, ...]


def fit_regions(request: RegionFitRequest, *, progress: Progress | None = None) -> RegionFitted:
    """Return the network tuned as the request says, from the last whole checkpoint where there is one.

    Raises:
        SplitError: no record to train on.
        TrainingFailedError: the proof that the model trained does not hold.
    """
    progress = progress or Silent()
    cohort = request.cohort
    assert cohort.regions is not None and cohort.records.image is not None
    rows = {name: np.flatnonzero(request.split == name).astype(np.int64) for name in ("train", "validation")}
    if not len(rows["train"]):
        raise SplitError("cohort.split: no record is left to train on; give train a larger share.")
    torch.manual_seed(request.plan.seed)
    predictor = RegionPredictor.untrained(request.spec, colour=cohort.records.image.channels == 3)
    net, image = predictor.net, predictor.prepare(cohort.records)
    frozen = request.spec.frozen is None
    pictures: Pictures = read_maps(net, image, tick=progress.advance) if frozen else image
    collate = RegionCollate(pictures, cohort.regions, request.spec)
    learn = collate
    if request.augmentation is not None and not isinstance(pictures, PreparedMaps):
        learn = RegionCollate(pictures, cohort.regions, request.spec, augmentation=request.augmentation)
    proven_on = "test" if (request.split == "test").any() else "validation"
    watched = np.flatnonzero(request.split == proven_on).astype(np.int64)
    before = snapshot(net)
    untrained = losses_and_answers(net, collate, watched, torch.device("cpu"))[0]
    started = time.perf_counter()
    trainer = StudyTrainer(
        net,
        request.plan,
        collate=collate,
        learn=learn,
        train_rows=rows["train"],
        validation_rows=rows["validation"],
        folder=request.folder / "checkpoints",
        callbacks=[
            Watch(request.plan, progress),
            Tracking(request.plan.track, request.folder, request.study),
        ],
    )
    state = train_or_resume(trainer, net)
    trainer.accelerator.unwrap_model(trainer.model_wrapped, keep_fp32_wrapper=False)
    net.to("cpu").eval()
    seconds = time.perf_counter() - started
    trained = losses_and_answers(net, collate, watched, torch.device("cpu"))[0]
    marking, inside = predictor.read(pictures, cohort.regions.shapes, tick=progress.advance)
    predictor = _shown_from(predictor, request, marking)
    predictor.save(request.model_folder)
    proof = prove(net, before, **_both(predictor, collate, request.model_folder))
    gain = learnt_finding(untrained, trained, cohort.patients[watched], split=proven_on, seed=request.plan.seed)
    amounts = marking.above(predictor.spec.threshold).amounts()
    return RegionFitted(
        predictor=predictor,
        marking=marking,
        inside=Inside(features=inside.features, logits=amounts[:, None], answers=amounts),
        history={
            **curves(state),
            "stopped_early": len(epoch_figures(state["log_history"], request.plan)) < request.plan.epochs,
            "seconds": seconds,
            "precision": "bf16" if use_bf16(request.plan.precision) else "fp32",
            "texts_cut": 0,
            "checks": proof.to_json(),
        },
        findings=(gain,) if len(watched) else (),
    )


def _shown_from(predictor: RegionPredictor, request: RegionFitRequest, marking: Marking) -> RegionPredictor:
    """Return the predictor with the threshold that serves validation and calibration best; masks are shown whole."""
    if request.spec.kind == "masks":
        return predictor.showing_from(0.0)
    held = np.flatnonzero(np.isin(request.split.astype(str), ("validation", "calibration")))
    assert request.cohort.regions is not None
    compared = compare(request.cohort.regions.take(held), marking.take(held))
    return predictor.showing_from(best_threshold(compared, otherwise=request.spec.threshold))


def _both(predictor: RegionPredictor, collate: RegionCollate, folder: Path) -> dict[str, npt.NDArray[np.float64]]:
    """Return the first pictures' answers by the network that was trained, and by the one read back."""
    rows = np.arange(min(len(collate.labels), _RELOADED))
    reloaded = RegionPredictor.load(folder)
    answers = [losses_and_answers(one.net, collate, rows, torch.device("cpu"))[1] for one in (predictor, reloaded)]
    return {"in_memory": answers[0], "reloaded": answers[1]}
