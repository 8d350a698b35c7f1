"""The runner: the one place where the steps of a run are ordered.

cohort -> splits -> model -> predictions -> findings -> verdict -> report. What is wrong with the input is found before
the folder is touched; what is written is written whole; a killed run goes on from its last whole checkpoint.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from primum.cohort import Cohort, summarise
from primum.errors import StudyError
from primum.ethics import Policy, judge, load_policy, write_cards
from primum.evidence import (
    Finding,
    Predictions,
    gain_findings,
    performance_findings,
    point_values,
    write_findings,
    write_predictions,
)
from primum.extras import require
from primum.fairness import (
    SliceDecisions,
    change_findings,
    counterfactual_findings,
    dataset_findings,
    fairness_findings,
)
from primum.fairness.paired import TWIN
from primum.files import atomic_path, write_json
from primum.progress import Progress, Silent
from primum.study.clock import Clock
from primum.study.mitigating import aims_of, check_mitigation, decided_by_slice, fairness_plan, unmitigated_twin
from primum.study.run import (
    Run,
    check_same_study,
    check_space,
    environment,
    finished_run,
    open_folder,
    whole_when_full,
    write_study,
)

if TYPE_CHECKING:  # the runner reads the study; the study starts the runner
    from primum.study.study import Study
    from primum.training.fit import FitRequest, Fitted

SplitArray = npt.NDArray[np.object_]
_MEASURED = ("validation", "test", "external")


def run_study(
    study: Study, *, out: Path | None = None, resume: bool = False, progress: Progress | None = None, lang: str = "en"
) -> Run:
    """Carry a study out and return the finished run; see `Study.run`."""
    policy = policy_of(study)
    check_mitigation(study)
    folder = open_folder(out, name=study.spec.study, resume=resume)
    if resume:
        check_same_study(folder, resolved_study(study))
    if resume and (folder / "report.html").is_file():
        return finished_run(folder)
    _quiet_libraries()
    clock = Clock(progress or Silent())
    backbone = _backbone(study)
    with clock.step("read"):
        cohort = study.read_cohort()
    with clock.step("split"):
        split = study.split(cohort)
    check_space(folder, backbone)
    with whole_when_full(folder):
        return _carry_out(study, cohort, split, backbone, policy, folder, clock, resume=resume, lang=lang)


def _carry_out(
    study: Study,
    cohort: Cohort,
    split: SplitArray,
    backbone: Path | None,
    policy: Policy,
    folder: Path,
    clock: Clock,
    *,
    resume: bool,
    lang: str,
) -> Run:
    with clock.step("check"):
        of_records = dataset_findings(cohort, reference=study.spec.cohort.reference)
    folder.mkdir(parents=True, exist_ok=True)
    if not resume:
        write_study(folder, resolved_study(study))
    write_json(folder / "cohort.json", summarise(cohort, split))
    _write_splits(folder / "splits.parquet", cohort, split)

    with clock.step("train"):
        fitted = _fit(fit_request(study, cohort, split, backbone, folder=folder), clock.progress)
    if study.spec.model.engine == "auto":
        with clock.step("engine"):
            fitted = _faster(fitted, cohort, split)
    with clock.step("predict"):
        plain = predictions_of(cohort, split, _answers(fitted, clock.progress))
    predictions = decided_by_slice(study, plain, folder / "model", clock, lang)
    with clock.step("predict"):
        write_predictions(folder / "predictions.parquet", predictions)
    unmitigated = unmitigated_twin(study, cohort, split, backbone, folder, plain, clock)
    others = _others(study, cohort, split, fitted, backbone, folder, clock) if study.spec.assess.baselines else {}
    twins = _twins(study, cohort, split, backbone, folder, clock)
    write_json(folder / "history.json", {**fitted.history, "twins": {n: t.history for n, (t, _) in twins.items()}})
    others |= {f"{name}_alone": answers for name, (_, answers) in twins.items()}
    if unmitigated is not None:
        others |= {TWIN: unmitigated}
    write_json(folder / "baselines.json", _baseline_figures({"model": predictions, **others}))
    with clock.step("assess"):
        findings = _findings(study, cohort, predictions, others, fitted.findings)
        findings += of_records
        if unmitigated is not None:
            findings += change_findings(
                predictions,
                unmitigated,
                aims=aims_of(study),
                n_resamples=study.spec.assess.resamples,
                seed=study.spec.training.seed,
            )
    if study.spec.assess.counterfactual:
        with clock.step("counterfactual"):
            seed = study.spec.training.seed
            decisions = SliceDecisions.load(folder / "model")
            findings += counterfactual_findings(fitted.predictor, cohort, split, decisions=decisions, seed=seed)
    return conclude(study, folder, findings, policy, clock, lang)


def conclude(study: Study, folder: Path, findings: list[Finding], policy: Policy, clock: Clock, lang: str) -> Run:
    """Write findings, verdict, card, environment and report; clear the checkpoints away; return the run."""
    from primum.study.report import render_report

    with clock.step("judge"):
        verdict = judge(findings, policy)
        write_findings(folder / "findings.jsonl", findings)
        write_json(folder / "verdict.json", verdict.to_json(lang))
    write_json(folder / "environment.json", environment(seed=study.spec.training.seed, seconds=clock.seconds))
    with clock.step("report"):
        write_cards(folder)
        for work in ("checkpoints", "twins"):
            shutil.rmtree(folder / work, ignore_errors=True)
        render_report(folder, lang=lang)
    return Run(path=folder, findings=findings, verdict=verdict)


def policy_of(study: Study) -> Policy:
    """Return the study's policy; a relative path starts at the study's folder."""
    place = study.folder / study.spec.policy
    return load_policy(place if place.is_file() else study.spec.policy)


def resolved_study(study: Study) -> dict[str, Any]:
    """Return the study with every default and with absolute paths, so that the run's own copy can be run again."""
    resolved = dict(study.spec.resolved())
    resolved["cohort"] = {**resolved["cohort"], "source": str(study.source.resolve())}
    if (study.folder / study.spec.policy).is_file():
        resolved["policy"] = str((study.folder / study.spec.policy).resolve())
    return resolved


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

    _quiet_libraries()
    values = with_values(study.spec.resolved(), overrides)
    varied = replace(study, spec=validate(StudySpec, values, source="search"))
    cohort = varied.read_cohort()
    split = varied.split(cohort)
    with tempfile.TemporaryDirectory(prefix="primum-trial-") as name:
        request = fit_request(varied, cohort, split, _backbone(varied), folder=Path(name))
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
    """Return what the training room needs to know, as plain values."""
    from primum.model.adapters import Adaptation
    from primum.model.building import NetSpec
    from primum.model.net import HeadSpec
    from primum.training.fit import FitRequest
    from primum.training.plan import TrainingPlan

    model, training = study.spec.model, study.spec.training
    head = HeadSpec(
        kind=study.spec.cohort.target.type,
        outputs=max(len(cohort.target.classes), 1),
        heteroscedastic=model.heteroscedastic and study.spec.cohort.target.type == "number",
        linear=model.adapt.method == "none",
    )
    stopping = training.early_stopping
    plan = TrainingPlan(
        epochs=training.epochs,
        batch=None if training.batch_tokens else training.batch or 16,
        batch_tokens=training.batch_tokens,
        accumulate=training.accumulate,
        optimizer=training.optimizer.name,
        lr=training.optimizer.lr,
        head_lr=training.optimizer.head_lr,
        weight_decay=training.optimizer.weight_decay,
        momentum=training.optimizer.momentum,
        warmup=training.warmup,
        clip=training.clip,
        patience=stopping.patience if stopping else None,
        metric=stopping.metric if stopping else "log_loss",
        balanced_classes=training.objective.class_weights == "balanced",
        fairness=fairness_plan(study),
        precision=training.precision,
        track=training.track,
        seed=training.seed,
    )
    return FitRequest(
        cohort=cohort,
        split=split,
        spec=NetSpec(
            head=head,
            adaptation=Adaptation(**model.adapt.model_dump()),
            width=model.width,
            dropout=model.dropout,
            backbone_dropout=model.backbone_dropout,
        ),
        plan=plan,
        backbone_folder=backbone,
        max_tokens=model.max_tokens,
        input_names=input_names or cohort.records.input_names(),
        folder=folder,
        model_folder=folder / "model",
        base=study.folder,
        study=study.spec.study,
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


def _backbone(study: Study) -> Path | None:
    if not study.spec.cohort.inputs.text:
        require("torch", extra="train", purpose="Training")
        return None
    require("transformers", extra="train", purpose="Training")
    from primum.model.backbones import locate_backbone

    return locate_backbone(study.spec.model.backbone, base=study.folder)


def _quiet_libraries() -> None:
    """Load reports and bars of the libraries underneath would drown ours; their warnings stay."""
    transformers = require("transformers", extra="train", purpose="Training")
    transformers.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()


def _fit(request: FitRequest, progress: Progress) -> Fitted:
    from primum.training.fit import fit

    return fit(request, progress=progress)


def _faster(fitted: Fitted, cohort: Cohort, split: SplitArray) -> Fitted:
    from primum.training.speedup import with_engine

    return with_engine(fitted, cohort, split)


def _answers(fitted: Fitted, progress: Progress) -> npt.NDArray[np.float64]:
    return fitted.predictor.predict_prepared(fitted.prepared, tick=progress.advance)


def _others(
    study: Study,
    cohort: Cohort,
    split: SplitArray,
    fitted: Fitted,
    backbone: Path | None,
    folder: Path,
    clock: Clock,
) -> dict[str, Predictions]:
    from primum.training.baselines import fit_baselines, linear_probe

    with clock.step("baselines"):
        found: dict[str, Predictions] = dict(fit_baselines(cohort, split, seed=study.spec.training.seed))
        if fitted.untuned_features is not None:
            features = fitted.untuned_features
            found["untuned_backbone"] = linear_probe(features, cohort, split, seed=study.spec.training.seed)
    return found


def _twins(
    study: Study, cohort: Cohort, split: SplitArray, backbone: Path | None, folder: Path, clock: Clock
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
            fitted = _fit(replace(request, plan=replace(request.plan, track=()), probe=False), clock.progress)
            answers = fitted.predictor.predict_prepared(fitted.prepared)
            twins[name] = (fitted, predictions_of(cohort, split, answers))
    return twins


def _baseline_figures(models: Mapping[str, Predictions]) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    for name, predictions in models.items():
        parts = {split: predictions.of_split(split) for split in _MEASURED}
        figures[name] = {split: point_values(part) for split, part in parts.items() if len(part)}
    return figures


def _findings(
    study: Study,
    cohort: Cohort,
    predictions: Predictions,
    others: Mapping[str, Predictions],
    proof: tuple[Finding, ...],
) -> list[Finding]:
    seed, resamples = study.spec.training.seed, study.spec.assess.resamples
    findings = performance_findings(predictions, n_resamples=resamples, seed=seed)
    for name, other in others.items():
        findings += gain_findings(predictions, other, name=name, n_resamples=resamples, seed=seed)
    findings += fairness_findings(
        predictions, n_resamples=resamples, seed=seed, fields=_vitals_by_split(cohort, predictions)
    )
    if not findings:
        raise StudyError("cohort.split: no record is in test or external, so there is nothing to judge by.")
    return [*findings, *proof]


def _vitals_by_split(cohort: Cohort, predictions: Predictions) -> dict[str, dict[str, Any]]:
    """Return the vitals of each split's records, among which the worst-served slice is searched for."""
    vitals = cohort.records.vitals
    return {
        split: {name: column.values[predictions.split == split] for name, column in vitals.items()}
        for split in _MEASURED
    }


def _write_splits(path: Path, cohort: Cohort, split: SplitArray) -> None:
    table = pa.table({"id": pa.array(cohort.ids, pa.string()), "split": pa.array(split, pa.string())})
    with atomic_path(path) as temporary:
        pq.write_table(table, temporary)
