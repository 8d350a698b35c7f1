"""Fitting a model to a cohort: inputs, network, training, the best epoch, the saved model and the proof of it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from primum.cohort.cohort import Cohort
from primum.cohort.unlabelled import Unlabelled
from primum.errors import SplitError
from primum.evidence.finding import Finding
from primum.model.building import NetSpec
from primum.model.compact import compact_embedding, restore_embedding
from primum.model.inputs import (
    Augmentation,
    Prepared,
    PreparedFeatures,
    PreparedSelection,
    PreparedText,
)
from primum.model.known import PreparedStates
from primum.model.lower_maps import PreparedLowerMaps
from primum.model.net import Net
from primum.model.predictor import Predictor
from primum.model.vision import ImageSource
from primum.progress import Progress, Silent
from primum.training.examples import Examples, examples_of
from primum.training.fairness import Copies, Mitigation, described, mitigate
from primum.training.known import Known, augmented, cached, known_inputs, untuned_features_of, with_lower_maps
from primum.training.names import SHARDS
from primum.training.plan import RobustnessPlan, TrainingPlan, use_bf16
from primum.training.pretrained import pretrained
from primum.training.private.promise import check_private, promise_finding
from primum.training.private.trainer import PrivateTrainer
from primum.training.proof import learnt_finding, prove, snapshot
from primum.training.resuming import curves, train_or_resume
from primum.training.shards import ShardJob, join_heads, load_heads, save_heads, train_shards
from primum.training.tracking import Tracking
from primum.training.trainer import Collate, StudyTrainer, losses_and_answers, validation_figures
from primum.training.untrained import untrained_predictor
from primum.training.watching import EpochReport, Watch, epoch_figures

Rows = npt.NDArray[np.int64]
_PRETRAINED = ("text", "image")
_RELOAD_RECORDS = 16
_PROOF_RECORDS = 2000
"""More records would only make the proof slower."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FitRequest:
    """What to fit, on what, and where to keep it."""

    cohort: Cohort
    split: npt.NDArray[np.object_]
    """Each record's split, shape (n,)."""
    spec: NetSpec
    plan: TrainingPlan
    backbone_folder: Path | None
    max_tokens: int
    input_names: tuple[str, ...]
    """Which of the cohort's inputs the model sees."""
    folder: Path
    """Work folder: checkpoints and tracking files."""
    model_folder: Path
    """Where the tuned model is saved."""
    study: str = "study"
    """Name for trackers."""
    probe: bool = True
    """Whether the un-tuned backbone's features are wanted for a linear probe."""
    base: Path = Path()
    """Where the study's relative paths start."""
    known: Known | None = None
    """The cohort's inputs with what frozen layers make of them, where another model of the study has read them."""
    unlabelled: Unlabelled | None = None
    """Further pictures to pretrain on, none of which is of a record that is not trained on."""
    image_source: ImageSource | None = None
    """The image network; None without images."""
    augmentation: Augmentation | None = None
    """What happens to training pictures that are read anew each time; None: nothing."""
    copies: Copies | None = None
    """Further training records that the study made of its own, changed in small ways."""
    shards_from: Path | None = None
    """Heads of shards that an earlier run of the study learnt; used where a shard would learn from the very same."""
    proven_on: str = "test"
    """The split on which what training taught is measured; a search must not look at the test split."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A tuned model and how it came about."""

    predictor: Predictor
    model_folder: Path
    """Where it is saved."""
    tokens: Mapping[str, Prepared]
    """The cohort's inputs, text as tokens."""
    prepared: Mapping[str, Prepared]
    """The cohort's inputs as the network saw them: as `tokens`, with a frozen backbone's features or layers' states."""
    history: dict[str, Any]
    """Learning curves, best step, seconds, the proof's figures."""
    findings: tuple[Finding, ...]
    """What the proof found."""
    validation_figure: float
    """The best epoch's figure on the validation split, by the plan's metric."""
    before_pretraining: npt.NDArray[np.float64] | None = None
    """As `untuned_features`, of the image network before it was pretrained; None where it was not."""
    untuned_features: npt.NDArray[np.float64] | None
    """The backbones' features before any tuning to labels, text then image, shape (n, width); None without either or
    when not asked for."""

    def known(self) -> Known:
        """Return the inputs of which frozen layers need not be asked again, for another model of the study."""
        kinds = (PreparedStates, PreparedFeatures, PreparedLowerMaps)
        return {name: one for name, one in self.prepared.items() if isinstance(one, kinds)}


def fit(request: FitRequest, *, progress: Progress | None = None, report: EpochReport | None = None) -> Fitted:
    """Return the model tuned as the request says, from the last whole checkpoint where there is one.

    Raises:
        SplitError: no record to train on.
        TrainingFailedError: the proof that the model trained does not hold.
    """
    train_rows = _rows(request.split, "train")
    if not len(train_rows):
        raise SplitError("cohort.split: no record is left to train on; give train a larger share.")
    check_private(request.plan, request.spec.adaptation)
    mitigation, plan = _mitigation(request, train_rows)
    predictor = untrained_predictor(request, train_rows)
    net = predictor.net
    tokens = predictor.prepare(request.cohort.records)
    first = pretrained(request, predictor, tokens, train_rows=train_rows, progress=progress or Silent())
    frozen = predictor.spec.frozen() & set(tokens)
    known = known_inputs(predictor, tokens, request.known)
    moves = plan.robustness is not None and plan.robustness.method == "pgd"
    if not moves:  # a picture that is moved is another one at every step
        known = with_lower_maps(predictor, known, request.known, rows=train_rows, how=request.augmentation)
    read = [name for name in _PRETRAINED if name in (tokens if request.probe else frozen)]
    alone = plan.shards is not None
    untuned = {name: untuned_features_of(predictor, known, name, request.known, alone=alone) for name in read}
    prepared = cached(known, {name: untuned[name] for name in frozen})
    pixels = {"image": known["image"]} if moves else {}
    once = frozen - set(pixels)
    learnt_from = _with_copies(predictor, {**prepared, **pixels}, mitigation, frozen=once)
    examples = examples_of(request.cohort, train_rows, mitigation, balanced=request.plan.balanced_classes)
    collate = Collate(learnt_from, examples.labels, examples.weights, examples.groups)
    plain = Collate(prepared, examples.labels)
    proven_on = request.proven_on if (request.split == request.proven_on).any() else "validation"
    watched = _spread(_rows(request.split, proven_on), _PROOF_RECORDS)

    before = snapshot(net)
    untrained = losses_and_answers(net, plain, watched, torch.device("cpu"))[0]
    started = time.perf_counter()
    if plan.shards is None:
        done = _whole(request, predictor, plan, collate, examples, mitigation, progress or Silent(), report)
    else:
        done = _by_shards(request, predictor, plan, collate, train_rows, progress or Silent())
    net.to("cpu").eval()
    predictor.save(request.model_folder)
    trained = losses_and_answers(net, plain, watched, torch.device("cpu"))[0]
    proof = prove(
        net,
        before,
        in_memory=predictor.predict_prepared(_some(prepared, request.cohort)),
        reloaded=_reloaded(request, tokens),
    )
    patients = request.cohort.patients[watched]
    gain = learnt_finding(untrained, trained, patients, split=proven_on, seed=request.plan.seed, changes=proof.changes)
    return Fitted(
        predictor=predictor,
        model_folder=request.model_folder,
        tokens=tokens,
        prepared=prepared,
        history={
            **curves(done.state),
            "stopped_early": len(epoch_figures(done.state["log_history"], plan)) < request.plan.epochs,
            "seconds": time.perf_counter() - started,
            "precision": "bf16" if use_bf16(plan.precision) else "fp32",
            "texts_cut": _texts_cut(tokens),
            "checks": proof.to_json(),
            **first.said,
            **({} if plan.fairness is None else {"fairness": described(plan.fairness, mitigation)}),
            **({} if plan.robustness is None else {"robustness": _said_of(plan.robustness)}),
            **done.said,
        },
        findings=((gain,) if len(watched) else ()) + first.findings + (() if done.promise is None else (done.promise,)),
        validation_figure=done.validation_figure,
        before_pretraining=first.before,
        untuned_features=np.column_stack(list(untuned.values())) if untuned and request.probe else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Done:
    """What a training came to."""

    state: Mapping[str, Any]
    """The trainer's log and best step."""
    validation_figure: float
    promise: Finding | None = None
    said: Mapping[str, Any] = field(default_factory=dict)
    """What the history says of it besides."""


def _whole(
    request: FitRequest,
    predictor: Predictor,
    plan: TrainingPlan,
    collate: Collate,
    examples: Examples,
    mitigation: Mitigation,
    progress: Progress,
    report: EpochReport | None,
) -> _Done:
    """Train one model on all records of the split train."""
    net, text = predictor.net, collate.prepared.get("text")
    if isinstance(text, PreparedText) and plan.privacy is None:  # which words are in use would be told without noise
        compact_embedding(net, text.ids)
    net.objective = None if mitigation.objective is None else mitigation.objective(net)
    net.label_smoothing = plan.label_smoothing
    seen = augmented(collate.prepared, request.augmentation)
    learn = Collate(seen, examples.labels, examples.weights, examples.groups)
    trainer = _trainer(request, net, plan, collate, learn, examples.rows, mitigation, progress, report)
    # adalora's importance scores live outside the weights, so a killed run of it begins anew and still ends the same.
    state = train_or_resume(trainer, net, resumable=predictor.spec.adaptation.method != "adalora")
    # Mixed precision leaves its autocast around `forward`; answers are given in float32.
    trainer.accelerator.unwrap_model(trainer.model_wrapped, keep_fp32_wrapper=False)
    net.to("cpu").eval()
    net.objective = None
    restore_embedding(net)
    promise = _promise(trainer, state)
    figures = epoch_figures(state["log_history"], plan)
    return _Done(
        state=state,
        validation_figure=(max if plan.greater_is_better else min)(figures, default=float("nan")),
        promise=promise,
        said={} if promise is None else {"privacy": {"epsilon": promise.value, **promise.detail}},
    )


def _by_shards(
    request: FitRequest,
    predictor: Predictor,
    plan: TrainingPlan,
    collate: Collate,
    train_rows: Rows,
    progress: Progress,
) -> _Done:
    """Train one head a shard of patients and give the model their mean; see `primum.training.shards`."""
    cohort, validation = request.cohort, _rows(request.split, "validation")

    def collate_of(rows: Rows) -> Collate:
        own = examples_of(cohort, rows, Mitigation(), balanced=plan.balanced_classes)
        return Collate(collate.prepared, own.labels, own.weights)

    job = ShardJob(
        net=predictor.net,
        plan=plan,
        collate_of=collate_of,
        train_rows=train_rows,
        patients=cohort.patients[train_rows],
        validation_rows=validation,
        folder=request.folder / "checkpoints",
        watch=lambda shard: Watch(plan, progress),
    )
    heads, trained = train_shards(job, [] if request.shards_from is None else load_heads(request.shards_from))
    save_heads(request.folder / SHARDS, heads)
    join_heads(predictor.net.head, heads)
    figures = validation_figures(predictor.net, collate, validation, torch.device("cpu"))
    return _Done(
        state=heads[0].log,
        validation_figure=figures[plan.metric],
        said={SHARDS: {"shards": len(heads), "trained": trained, "kept": len(heads) - trained, "curves_of": 1}},
    )


def _promise(trainer: StudyTrainer, state: Mapping[str, Any]) -> Finding | None:
    if not isinstance(trainer, PrivateTrainer):
        return None
    taken = max((entry["step"] for entry in state["log_history"]), default=0)
    return promise_finding(trainer.budget, steps=taken, tested=trainer.tested)


def _mitigation(request: FitRequest, train_rows: Rows) -> tuple[Mitigation, TrainingPlan]:
    """Return what is changed for fairness and robustness, and the plan with the validation figure that goes with it."""
    plan = request.plan
    found = Mitigation()
    if plan.fairness is not None:
        found = mitigate(plan.fairness, request.cohort, train_rows, seed=plan.seed, folder=request.base)
    if request.copies is not None:
        both = request.copies if found.copies is None else found.copies.joined(request.copies)
        found = replace(found, copies=both)
    if plan.robustness is not None and plan.robustness.method == "pgd" and "image" not in request.input_names:
        plan = replace(plan, robustness=None)  # a twin that sees no pictures has none to be moved
    moved = plan.robustness is not None and plan.robustness.method == "pgd"
    own = (found.judge is not None or moved) and plan.metric == "log_loss"
    if plan.precision == "auto" and _tunes_convolutions(request) and not torch.cuda.is_available():
        plan = replace(plan, precision="fp32")  # on a CPU, gradients of convolutions by channel are slower in bfloat16
    return found, replace(plan, metric="objective") if own else plan


def _said_of(robustness: RobustnessPlan) -> dict[str, Any]:
    """Return what the history says of the hardening: the plan, without what is another method's."""
    return {name: value for name, value in asdict(robustness).items() if value is not None}


def _tunes_convolutions(request: FitRequest) -> bool:
    built_in = request.image_source is not None and request.image_source.folder is None
    return built_in and "image" in request.input_names and "image" not in request.spec.frozen()


def _with_copies(
    predictor: Predictor, prepared: Mapping[str, Prepared], mitigation: Mitigation, *, frozen: frozenset[str]
) -> Mapping[str, Prepared]:
    """Return the inputs followed by those of the further training records."""
    if mitigation.copies is None:
        return prepared
    more = known_inputs(predictor, predictor.prepare(mitigation.copies.records))
    more = cached(more, {name: untuned_features_of(predictor, more, name) for name in frozen})
    return {name: one.joined(more[name]) for name, one in prepared.items()}  # type: ignore[attr-defined]


def _trainer(
    request: FitRequest,
    net: Net,
    plan: TrainingPlan,
    collate: Collate,
    learn: Collate,
    train_rows: Rows,
    mitigation: Mitigation,
    progress: Progress,
    report: EpochReport | None,
) -> StudyTrainer:
    common: dict[str, Any] = {
        "collate": collate,
        "learn": learn,
        "mitigation": mitigation,
        "train_rows": train_rows,
        "validation_rows": _rows(request.split, "validation"),
        "folder": request.folder / "checkpoints",
        "callbacks": [Watch(plan, progress, report), Tracking(plan.track, request.folder, request.study)],
    }
    if plan.privacy is not None:
        return PrivateTrainer(net, plan, patients=request.cohort.patients[train_rows], **common)
    return StudyTrainer(net, plan, **common)


def _texts_cut(tokens: Mapping[str, Prepared]) -> int:
    text = tokens.get("text")
    return text.cut if isinstance(text, PreparedText) else 0


def _rows(split: npt.NDArray[np.object_], name: str) -> Rows:
    return np.flatnonzero(split == name).astype(np.int64)


def _spread(rows: Rows, most: int) -> Rows:
    """Return at most `most` of these rows, evenly spread."""
    return rows if len(rows) <= most else rows[np.linspace(0, len(rows) - 1, most).astype(np.int64)]


def _some(prepared: Mapping[str, Prepared], cohort: Cohort) -> dict[str, Prepared]:
    rows = np.arange(min(len(cohort), _RELOAD_RECORDS))
    return {name: PreparedSelection(p, rows) for name, p in prepared.items()}


def _reloaded(request: FitRequest, tokens: Mapping[str, Prepared]) -> npt.NDArray[np.float64]:
    return Predictor.load(request.model_folder).predict_prepared(_some(tokens, request.cohort))
