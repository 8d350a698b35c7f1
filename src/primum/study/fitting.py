"""The steps of a run that train: from a study's values to a tuned model, its simpler rivals and its Predictions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from primum.cohort import Cohort
from primum.errors import StudyError
from primum.evidence import Predictions
from primum.extras import require
from primum.progress import Progress
from primum.study.clock import Clock
from primum.study.hardening import copies_of, robustness_plan
from primum.study.mitigating import fairness_plan

if TYPE_CHECKING:  # the steps read the study; the study starts the runner, which starts the steps
    from primum.cohort.unlabelled import Unlabelled
    from primum.model.inside import Inside
    from primum.model.vision import ImageSource
    from primum.study.study import Study
    from primum.training.fit import FitRequest, Fitted
    from primum.training.known import Known
    from primum.training.plan import PretrainPlan, TrainingPlan

SplitArray = npt.NDArray[np.object_]
BEFORE_PRETRAINING = "before_pretraining"
"""Logistic regression on what the network made of pictures before it was pretrained."""


def train_on_validation(study: Study, overrides: Mapping[str, Any], report: Callable[[int, float], bool]) -> float:
    """Train with these values and return the best validation loss; the split test is never predicted.

    Args:
        study: the study.
        overrides: value by dotted key.
        report: told (epoch, validation loss) after every epoch; True ends the training.
    """
    import tempfile
    from dataclasses import replace

    from primum.study.loading import validate
    from primum.study.search_space import with_values
    from primum.study.spec import StudySpec
    from primum.training.fit import fit

    quiet_libraries()
    values = with_values(study.spec.resolved(), overrides)
    varied = replace(study, spec=validate(StudySpec, values, source="search"))
    cohort = varied.read_cohort()
    split = varied.split(cohort)
    with tempfile.TemporaryDirectory(prefix="primum-trial-") as name:
        request = fit_request(varied, cohort, split, backbone_of(varied), folder=Path(name))
        plan = replace(request.plan, metric="log_loss", track=())
        return fit(replace(request, plan=plan, probe=False, proven_on="validation"), report=report).validation_figure


def fit_request(
    study: Study,
    cohort: Cohort,
    split: SplitArray,
    backbone: Path | None,
    *,
    folder: Path,
    input_names: tuple[str, ...] | None = None,
) -> FitRequest:
    """Return what the training room needs to know, as plain values.

    Raises:
        StudyError: the target is of marked places, which `primum.study.marking` learns.
    """
    if cohort.regions is not None:
        raise StudyError("cohort.target: marked places can be run, but not yet searched for, updated or unlearnt.")
    from primum.model.adapters import Adaptation
    from primum.model.building import NetSpec
    from primum.model.inputs import Augmentation
    from primum.model.net import HeadSpec
    from primum.training.fit import FitRequest

    model = study.spec.model
    head = HeadSpec(
        kind=cohort.target.kind,
        outputs=max(len(cohort.target.classes), 1),
        heteroscedastic=model.heteroscedastic and study.spec.cohort.target.type == "number",
        linear=(study.spec.image_adapt() if _images_alone(study) else model.adapt).method == "none",
    )
    plan = training_plan(study)
    return FitRequest(
        cohort=cohort,
        split=split,
        spec=NetSpec(
            head=head,
            adaptation=Adaptation(**model.adapt.model_dump()),
            width=model.width,
            dropout=model.dropout,
            backbone_dropout=model.backbone_dropout,
            image=Adaptation(**study.spec.image_adapt().model_dump()) if study.spec.cohort.inputs.image else None,
        ),
        plan=plan,
        backbone_folder=backbone,
        max_tokens=model.max_tokens,
        input_names=input_names or cohort.records.input_names(),
        folder=folder,
        model_folder=folder / "model",
        base=study.folder,
        image_source=image_source_of(study),
        augmentation=Augmentation(**model.image.augment.model_dump()),
        unlabelled=unlabelled_of(study, cohort, split),
        copies=copies_of(study, cohort, split, plan.robustness),
        study=study.spec.study,
    )


def training_plan(study: Study) -> TrainingPlan:
    """Return how weights move, as the study says, as plain values."""
    from primum.training.plan import TrainingPlan
    from primum.training.private import PrivacyPlan

    training = study.spec.training
    stopping = training.early_stopping
    return TrainingPlan(
        epochs=training.epochs,
        batch=None if training.batch_tokens else training.batch or 16,
        batch_tokens=training.batch_tokens,
        accumulate=training.accumulate,
        optimizer=training.optimizer.name,
        lr=training.optimizer.lr,
        head_lr=training.optimizer.head_lr,
        layer_decay=training.optimizer.layer_decay,
        weight_decay=training.optimizer.weight_decay,
        momentum=training.optimizer.momentum,
        warmup=training.warmup,
        clip=training.clip,
        patience=stopping.patience if stopping else None,
        metric=stopping.metric if stopping else "log_loss",
        balanced_classes=training.objective.class_weights == "balanced",
        label_smoothing=training.objective.label_smoothing,
        fairness=fairness_plan(study),
        privacy=None if training.privacy is None else PrivacyPlan(**training.privacy.model_dump()),
        robustness=robustness_plan(study),
        shards=training.shards,
        pretrain=_pretrain_plan(study),
        precision=training.precision,
        track=training.track,
        seed=training.seed,
    )


def _pretrain_plan(study: Study) -> PretrainPlan | None:
    from primum.training.plan import PretrainPlan

    asked = study.spec.training.pretrain
    if asked is None:
        return None
    return PretrainPlan(
        epochs=asked.epochs,
        batch=asked.batch,
        lr=asked.lr,
        temperature=asked.temperature,
        allow_flips=study.spec.model.image.augment.allow_flips,
    )


def unlabelled_of(study: Study, cohort: Cohort, split: SplitArray) -> Unlabelled | None:
    """Return the further pictures that the study pretrains on; None where it names none."""
    asked = study.spec.training.pretrain
    if asked is None or asked.unlabelled is None:
        return None
    from primum.cohort.unlabelled import read_unlabelled

    return read_unlabelled(
        study.place_of(asked.unlabelled.source),
        column=asked.unlabelled.column,
        patient=asked.unlabelled.patient,
        cohort=cohort,
        split=split,
    )


def predictions_of(cohort: Cohort, split: SplitArray, answers: npt.NDArray[np.float64]) -> Predictions:
    """Return the Predictions that a model's answers on the whole cohort make."""
    kind = cohort.target.kind
    if kind == "classes":
        predicted: npt.NDArray[Any] = answers.argmax(1).astype(np.int64)
    elif kind == "labels":
        predicted = (answers >= 0.5).astype(np.int64)
    else:
        predicted = answers
    several = len(np.unique(cohort.patients)) < len(cohort)
    return Predictions(
        ids=cohort.ids,
        split=split,
        target_type=kind,
        classes=cohort.target.classes,
        target=cohort.target.values,
        predicted=predicted,
        probabilities=None if kind == "number" else answers,
        groups=dict(cohort.sensitive),
        site=cohort.site,
        patient=cohort.patients if several else None,
    )


def backbone_of(study: Study) -> Path | None:
    """Return the folder of the study's text backbone; None for a study without text."""
    if not study.spec.cohort.inputs.text:
        require("torch", extra="train", purpose="Training")
        return None
    require("transformers", extra="train", purpose="Training")
    from primum.model.backbones import locate_backbone

    return locate_backbone(study.spec.model.backbone, base=study.folder)


def image_source_of(study: Study) -> ImageSource | None:
    """Return where the study's image network comes from; None for a study without images."""
    if study.spec.cohort.inputs.image is None:
        return None
    from primum.model.vision import locate_image_backbone

    return locate_image_backbone(study.spec.image_backbone(), base=study.folder)


def _images_alone(study: Study) -> bool:
    inputs = study.spec.cohort.inputs
    return inputs.image is not None and not inputs.text


def quiet_libraries() -> None:
    """Load reports and bars of the libraries underneath would drown ours; their warnings stay."""
    transformers = require("transformers", extra="train", purpose="Training")
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()


def fit_net(request: FitRequest, progress: Progress) -> Fitted:
    """Return the tuned model."""
    from primum.training.fit import fit

    return fit(request, progress=progress)


def made_faster(fitted: Fitted, cohort: Cohort, split: SplitArray) -> Fitted:
    """Return the model with its faster engine, where that answers closely enough."""
    from primum.training.speedup import with_engine

    return with_engine(fitted, cohort, split)


def inside_of(fitted: Fitted, progress: Progress) -> Inside:
    """Return the model's features, logits and answers on the whole cohort."""
    return fitted.predictor.inside_prepared(fitted.prepared, tick=progress.advance)


def fit_others(study: Study, cohort: Cohort, split: SplitArray, fitted: Fitted, clock: Clock) -> dict[str, Predictions]:
    """Return what the honest baselines predict, by name."""
    from primum.training.baselines import fit_baselines, linear_probe

    with clock.step("baselines"):
        found: dict[str, Predictions] = dict(fit_baselines(cohort, split, seed=study.spec.training.seed))
        if fitted.untuned_features is not None:
            features = fitted.untuned_features
            found["untuned_backbone"] = linear_probe(features, cohort, split, seed=study.spec.training.seed)
        if fitted.before_pretraining is not None:
            features = fitted.before_pretraining
            found[BEFORE_PRETRAINING] = linear_probe(features, cohort, split, seed=study.spec.training.seed)
    return found


def not_private(
    study: Study,
    cohort: Cohort,
    split: SplitArray,
    backbone: Path | None,
    folder: Path,
    clock: Clock,
    known: Known | None = None,
) -> dict[str, Predictions]:
    """Return what the same study predicts without its promise to patients, by name; nothing where none is made.

    Only its answers are kept, to say what the promise costs.
    """
    if study.spec.training.privacy is None or not study.spec.assess.baselines:
        return {}
    from dataclasses import replace

    from primum.study.trusting import calibrate

    with clock.step("not_private"):
        request = fit_request(study, cohort, split, backbone, folder=folder / "twins" / "not_private")
        plan = replace(request.plan, privacy=None, track=())
        fitted = fit_net(replace(request, plan=plan, probe=False, known=known), clock.progress)
        plain = predictions_of(cohort, split, fitted.predictor.predict_prepared(fitted.prepared))
        return {"not_private": calibrate(study, plain, mitigated=False)[0]}


def fit_twins(
    study: Study,
    cohort: Cohort,
    split: SplitArray,
    backbone: Path | None,
    folder: Path,
    clock: Clock,
    known: Known | None = None,
) -> dict[str, tuple[Fitted, Predictions]]:
    """What each input reaches alone, where there are several: the same model and training, the other inputs unseen."""
    names = cohort.records.input_names()
    if len(names) < 2 or not study.spec.assess.inputs_alone:
        return {}
    from dataclasses import replace

    twins = {}
    for name in names:
        with clock.step("twins", name):
            request = fit_request(study, cohort, split, backbone, folder=folder / "twins" / name, input_names=(name,))
            request = replace(request, plan=replace(request.plan, track=()), probe=False, known=known)
            fitted = fit_net(request, clock.progress)
            answers = fitted.predictor.predict_prepared(fitted.prepared)
            twins[name] = (fitted, predictions_of(cohort, split, answers))
    return twins
