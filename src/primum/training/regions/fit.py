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
from primum.model.inputs import PreparedImage
from primum.model.inside import Inside
from primum.model.net import Net
from primum.model.regions.pictures import PreparedMaps, read_maps
from primum.model.regions.predictor import Pictures, RegionPredictor
from primum.model.regions.spec import RegionSpec
from primum.progress import Progress, Silent
from primum.training.plan import TrainingPlan, use_bf16
from primum.training.proof import learnt_finding, prove, snapshot
from primum.training.regions.augmenting import JointAugmentation, MirroredMaps
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
    """What happens to training pictures; None: nothing."""
    served: bool = True
    """Whether the form that marks without torch is written beside the model."""

    def frozen(self) -> bool:
        """Return whether the encoder stays as it is, so that it reads each picture once."""
        return self.spec.frozen is None


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
    progress, cohort = progress or Silent(), request.cohort
    assert cohort.regions is not None and cohort.records.image is not None
    if not (request.split == "train").any():
        raise SplitError("cohort.split: no record is left to train on; give train a larger share.")
    torch.manual_seed(request.plan.seed)
    predictor = RegionPredictor.untrained(request.spec, colour=cohort.records.image.channels == 3)
    image = predictor.prepare(cohort.records)
    pictures: Pictures = read_maps(predictor.net, image, tick=progress.advance) if request.frozen() else image
    collate = RegionCollate(pictures, cohort.regions, request.spec)
    learn = _augmented(request, predictor.net, (image, pictures), progress) or collate
    proven_on = "test" if (request.split == "test").any() else "validation"
    watched = _rows(request, proven_on)
    before = snapshot(predictor.net)
    untrained = losses_and_answers(predictor.net, collate, watched, torch.device("cpu"))[0]
    state, seconds = _train(request, predictor.net, (collate, learn), progress)
    trained = losses_and_answers(predictor.net, collate, watched, torch.device("cpu"))[0]
    marking, inside = predictor.read(pictures, cohort.regions.shapes, tick=progress.advance)
    predictor = _shown_from(predictor, request, marking)
    predictor.save(request.model_folder)
    proof = prove(predictor.net, before, **_both(predictor, collate, request.model_folder))
    served = _served(predictor, request, image) if request.served else {}
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
            **served,
        },
        findings=(gain,) if len(watched) else (),
    )


def _rows(request: RegionFitRequest, name: str) -> npt.NDArray[np.int64]:
    return np.flatnonzero(request.split == name).astype(np.int64)


def _train(
    request: RegionFitRequest, net: Net, batches: tuple[RegionCollate, RegionCollate], progress: Progress
) -> tuple[dict[str, Any], float]:
    """Train and return the log with the best step, and the seconds; `batches` as they are, and as they are learnt."""
    started = time.perf_counter()
    trainer = StudyTrainer(
        net,
        request.plan,
        collate=batches[0],
        learn=batches[1],
        train_rows=_rows(request, "train"),
        validation_rows=_rows(request, "validation"),
        folder=request.folder / "checkpoints",
        callbacks=[Watch(request.plan, progress), Tracking(request.plan.track, request.folder, request.study)],
    )
    state = train_or_resume(trainer, net)
    trainer.accelerator.unwrap_model(trainer.model_wrapped, keep_fp32_wrapper=False)
    net.to("cpu").eval()
    return state, time.perf_counter() - started


def _augmented(
    request: RegionFitRequest, net: Net, pictures: tuple[PreparedImage, Pictures], progress: Progress
) -> RegionCollate | None:
    """Return the batches that are learnt from, changed; None for none: frozen maps can only be mirrored.

    Args:
        request: says what may happen.
        net: whose encoder reads mirror images.
        pictures: as pixels, and as the network takes them.
        progress: is told of the pictures read.
    """
    how, marking = request.augmentation, request.cohort.regions
    image, taken = pictures
    assert marking is not None
    if how is None:
        return None
    if not isinstance(taken, PreparedMaps):
        return RegionCollate(taken, marking, request.spec, augmentation=how)
    if not how.allow_flips:
        return None
    mirrored = MirroredMaps(net, image, taken, _rows(request, "train"), tick=progress.advance)
    return RegionCollate(taken, marking, request.spec, mirrored=mirrored)


def _shown_from(predictor: RegionPredictor, request: RegionFitRequest, marking: Marking) -> RegionPredictor:
    """Return the predictor with the threshold that serves validation and calibration best; masks are shown whole."""
    if request.spec.kind == "masks":
        return predictor.showing_from(0.0)
    held = np.flatnonzero(np.isin(request.split.astype(str), ("validation", "calibration")))
    assert request.cohort.regions is not None
    compared = compare(request.cohort.regions.take(held), marking.take(held))
    return predictor.showing_from(best_threshold(compared, otherwise=request.spec.threshold))


def _served(predictor: RegionPredictor, request: RegionFitRequest, image: PreparedImage) -> dict[str, Any]:
    """Write the form that marks without torch, proved on pictures not learnt from, and return what is told of it."""
    from primum.model.regions.writing import write_served_regions

    held = np.flatnonzero(np.isin(request.split.astype(str), ("validation", "calibration"))).astype(np.int64)
    if not len(held):  # nothing to prove it on
        return {}
    found = write_served_regions(predictor, request.model_folder, image.chosen(held))
    return {"served": {"written": found is not None, "agreement": found}}


def _both(predictor: RegionPredictor, collate: RegionCollate, folder: Path) -> dict[str, npt.NDArray[np.float64]]:
    """Return the first pictures' answers by the network that was trained, and by the one read back."""
    rows = np.arange(min(len(collate.labels), _RELOADED))
    reloaded = RegionPredictor.load(folder)
    answers = [losses_and_answers(one.net, collate, rows, torch.device("cpu"))[1] for one in (predictor, reloaded)]
    return {"in_memory": answers[0], "reloaded": answers[1]}
