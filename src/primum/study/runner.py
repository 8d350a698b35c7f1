"""The runner: the one place where the steps of a run are ordered.

cohort -> splits -> model -> predictions -> findings -> verdict -> report. What is wrong with the input is found before
the folder is touched; what is written is written whole; a killed run goes on from its last whole checkpoint.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from primum.cohort import Cohort, summarise
from primum.cohort.images.marked import Marked
from primum.ethics import Policy, check_documents, judge, load_policy, write_cards
from primum.evidence import Finding, Predictions, write_findings, write_predictions
from primum.fairness import (
    SliceDecisions,
    change_findings,
    counterfactual_findings,
    dataset_findings,
)
from primum.fairness.paired import TWIN
from primum.files import atomic_path, write_json
from primum.knowledge.rules import Asked
from primum.privacy import erasure_findings, reidentification_findings
from primum.privacy.deid import masked_findings
from primum.privacy.erasure import settle, waiting
from primum.progress import Progress, Silent
from primum.safety import Calibrator, expert_findings, place_findings, transport_findings
from primum.safety.records import RecordCheck, record_findings
from primum.study.advising import disagreement_in_run
from primum.study.assessing import all_findings, baseline_figures
from primum.study.clock import Clock
from primum.study.fitting import (
    backbone_of,
    fit_net,
    fit_others,
    fit_request,
    fit_twins,
    image_source_of,
    inside_of,
    made_faster,
    not_private,
    predictions_of,
    quiet_libraries,
)
from primum.study.leaking import canaries_of, membership_of
from primum.study.likeness import counterfactuals_of, similar_of
from primum.study.localising import localised, marks_of
from primum.study.looking_over import check_causal_extra, errors_told, looked_over
from primum.study.marking import MarkingTask, marked_findings
from primum.study.mitigating import aims_of, check_mitigation, decided_by_slice, unmitigated_twin
from primum.study.publishing import published
from primum.study.reasoning import explained
from primum.study.recording import looks_of, prepare_record, record_run
from primum.study.remembering import Remembering, remembering
from primum.study.resolving import resolved_study
from primum.study.ruling import ruled, rules_of
from primum.study.run import (
    Run,
    check_same_study,
    check_space,
    environment,
    finished_run,
    open_folder,
    whole_when_full,
    write_policy,
    write_study,
)
from primum.study.trusting import Trust, calibrated_for_use, trust_findings, trust_of
from primum.study.unlearning import heads_of, split_as_in
from primum.study.unseen import novelty_of, robustness_of

if TYPE_CHECKING:  # the runner reads the study; the study starts the runner
    from primum.model.inside import Inside
    from primum.study.study import Study
    from primum.training.fit import Fitted
    from primum.training.known import Known

SplitArray = npt.NDArray[np.object_]


def run_study(
    study: Study,
    *,
    out: Path | None = None,
    resume: bool = False,
    progress: Progress | None = None,
    lang: str = "en",
    unlearnt_from: Path | None = None,
) -> Run:
    """Carry a study out and return the finished run; see `Study.run`.

    Args:
        study: the study.
        out: folder for the results.
        resume: go on where a stopped run in `out` ended.
        progress: is told of every step.
        lang: of the report.
        unlearnt_from: a run by shards of the same records, from some of whose patients it must not have learnt: its
            splits are kept, and each head whose shard has lost nobody.
    """
    policy = policy_of(study)
    check_mitigation(study)
    folder = open_folder(out, name=study.spec.study, resume=resume)
    if resume:
        check_same_study(folder, resolved_study(study))
    if resume and (folder / "report.html").is_file():
        return finished_run(folder)
    quiet_libraries()
    clock = Clock(progress or Silent())
    backbone = backbone_of(study)
    image_source_of(study)
    requests = waiting(study.place_of(study.spec.cohort.erased), study.spec.study)
    with clock.step("read"):
        cohort = study.read_cohort()
    with clock.step("split"):
        split = study.split(cohort) if unlearnt_from is None else split_as_in(unlearnt_from, cohort)
    check_space(folder, backbone)
    task = _Task(study, cohort, split, backbone, folder, clock, unlearnt_from)
    with whole_when_full(folder):
        run = conclude(study, folder, _carry_out(task, resume=resume, lang=lang), policy, clock, lang)
        settle(requests, run=folder)
        record_run(folder)
        return run


@dataclass(frozen=True, slots=True)
class _Task:
    """What is to be carried out, on what, and where it goes."""

    study: Study
    cohort: Cohort
    split: SplitArray
    backbone: Path | None
    folder: Path
    clock: Clock
    unlearnt_from: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Checked:
    """What the records say of themselves, and what answers are held against."""

    rules: Asked
    annotators: npt.NDArray[np.int64]
    findings: list[Finding]
    marks: Marked | None
    """Places that people marked in images."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answered:
    """The tuned model and what it answers on the whole cohort, as it comes, calibrated, and decided."""

    fitted: Fitted
    known: Known | None
    """What frozen layers make of the inputs, for other models of the study."""
    inside: Inside
    asked: Remembering
    """The model for whoever asks it again."""
    plain: Predictions
    calibrated: Predictions
    calibrator: Calibrator | None
    predictions: Predictions
    trust: Trust


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rivals:
    """What other models answer on the same records."""

    by_name: Mapping[str, Predictions]
    unmitigated: Predictions | None
    """The same model without what was done about groups; None where nothing was."""


def _carry_out(task: _Task, *, resume: bool, lang: str) -> list[Finding]:
    """Return every finding of a run; everything but the findings is written."""
    checked = _check(task, resume=resume)
    if task.cohort.regions is not None:
        marks = MarkingTask(
            study=task.study, cohort=task.cohort, split=task.split, folder=task.folder, clock=task.clock
        )
        return marked_findings(marks) + checked.findings
    answered = _answer(task, lang)
    rivals = _compare(task, answered)
    return _assess(task, checked, answered, rivals) + _ask_again(task, checked, answered)


def _check(task: _Task, *, resume: bool) -> _Checked:
    """Judge the records, and write what a run's folder says of them."""
    study, cohort, split, folder = task.study, task.cohort, task.split, task.folder
    check_causal_extra(study)
    with task.clock.step("check"):
        rules, annotators = rules_of(study, cohort), study.annotators(cohort)
        marks = marks_of(study, cohort)
        records = records_of(study, cohort, split)
        findings = dataset_findings(cohort, reference=study.spec.cohort.reference) + records.findings
        findings += reidentification_findings(cohort, population=study.spec.cohort.population)
        findings += erasure_findings(cohort) + masked_findings(cohort)
    prepare_record(folder)
    folder.mkdir(parents=True, exist_ok=True)
    if not resume:
        write_study(folder, resolved_study(study))
    write_json(folder / "cohort.json", summarise(cohort, split))
    _write_splits(folder / "splits.parquet", cohort, split)
    _write_suspects(folder / "suspects.parquet", cohort, records)
    findings += looks_of(folder, test_records=int((split == "test").sum()))
    return _Checked(rules=rules, annotators=annotators, findings=findings, marks=marks)


def _answer(task: _Task, lang: str) -> _Answered:
    """Tune the model and ask it once; write its predictions."""
    study, cohort, split, folder, clock = task.study, task.cohort, task.split, task.folder, task.clock
    with clock.step("train"):
        request = fit_request(study, cohort, split, task.backbone, folder=folder)
        fitted = fit_net(replace(request, shards_from=heads_of(task.unlearnt_from)), clock.progress)
    known = fitted.known()
    if study.spec.model.engine == "auto":
        with clock.step("engine"):
            fitted = made_faster(fitted, cohort, split)
    with clock.step("predict"):
        inside = inside_of(fitted, clock.progress)
        plain = predictions_of(cohort, split, inside.answers)
        asked = remembering(fitted.predictor, cohort, split, inside.answers)
    calibrated, calibrator = calibrated_for_use(study, plain, folder, clock)
    predictions = decided_by_slice(study, calibrated, folder / "model", clock, lang)
    trust = trust_of(study, plain, calibrator, folder, clock)
    with clock.step("predict"):
        write_predictions(folder / "predictions.parquet", predictions)
    return _Answered(
        fitted=fitted,
        known=known,
        inside=inside,
        asked=asked,
        plain=plain,
        calibrated=calibrated,
        calibrator=calibrator,
        predictions=predictions,
        trust=trust,
    )


def _compare(task: _Task, answered: _Answered) -> _Rivals:
    """Fit the twins and the baselines; write the learning curves and the rivals' figures."""
    study, cohort, split, backbone, folder, clock = (
        task.study, task.cohort, task.split, task.backbone, task.folder, task.clock
    )  # fmt: skip
    fitted, known = answered.fitted, answered.known
    unmitigated = unmitigated_twin(study, cohort, split, backbone, folder, answered.calibrated, clock, known)
    others = fit_others(study, cohort, split, fitted, clock) if study.spec.assess.baselines else {}
    twins = fit_twins(study, cohort, split, backbone, folder, clock, known)
    write_json(folder / "history.json", {**fitted.history, "twins": {n: t.history for n, (t, _) in twins.items()}})
    others |= not_private(study, cohort, split, backbone, folder, clock, known)
    others |= {f"{name}_alone": answers for name, (_, answers) in twins.items()}
    if unmitigated is not None:
        others |= {TWIN: unmitigated}
    write_json(folder / "baselines.json", baseline_figures({"model": answered.predictions, **others}))
    return _Rivals(by_name=others, unmitigated=unmitigated)


def _assess(task: _Task, checked: _Checked, answered: _Answered, rivals: _Rivals) -> list[Finding]:
    """Return what the predictions alone say: nothing here asks the model."""
    study, predictions = task.study, answered.predictions
    options: dict[str, Any] = {"n_resamples": study.spec.assess.resamples, "seed": study.spec.training.seed}
    with task.clock.step("assess"):
        findings = all_findings(study, task.cohort, predictions, rivals.by_name, answered.fitted.findings)
        findings += trust_findings(study, answered.trust, predictions, answered.plain)
        findings += place_findings(findings) + transport_findings(findings)
        findings += checked.findings
        findings += expert_findings(checked.annotators, predictions, **options)
        if rivals.unmitigated is not None:
            findings += change_findings(predictions, rivals.unmitigated, aims=aims_of(study), **options)
    return findings


def _ask_again(task: _Task, checked: _Checked, answered: _Answered) -> list[Finding]:
    """Return what comes of attacking the answers and of asking the model once more."""
    study, cohort, split, folder, clock = task.study, task.cohort, task.split, task.folder, task.clock
    fitted, inside, asked, calibrator = answered.fitted, answered.inside, answered.asked, answered.calibrator
    findings = membership_of(study, cohort, fitted, answered.predictions, answered.plain, clock)
    findings += canaries_of(study, cohort, split, fitted, clock)
    if study.spec.assess.counterfactual:
        with clock.step("counterfactual"):
            seed = study.spec.training.seed
            decisions = SliceDecisions.load(folder / "model")
            findings += counterfactual_findings(
                asked, cohort, split, calibration=calibrator, decisions=decisions, seed=seed
            )
    findings += disagreement_in_run(
        study,
        cohort,
        split,
        fitted,
        inside,
        answered.predictions,
        known=answered.known,
        backbone=task.backbone,
        calibrator=calibrator,
        folder=folder,
        clock=clock,
    )
    findings += novelty_of(study, cohort, split, fitted.predictor, inside, folder, clock)
    findings += robustness_of(study, cohort, split, asked, calibrator, fitted=fitted, folder=folder, clock=clock)
    findings += explained(study, cohort, split, fitted, folder=folder, clock=clock)
    findings += localised(study, checked.marks, cohort, split, fitted, clock)
    findings += counterfactuals_of(
        study, cohort, split, fitted, inside=inside, calibrator=calibrator, folder=folder, clock=clock
    )
    findings += similar_of(study, cohort, split, inside, folder=folder, clock=clock)
    findings += looked_over(study, cohort, split, fitted, clock)
    findings += errors_told(study, cohort, answered.predictions, clock)
    findings += ruled(study, checked.rules, cohort, answered.predictions, folder, clock)
    return findings


def conclude(study: Study, folder: Path, findings: list[Finding], policy: Policy, clock: Clock, lang: str) -> Run:
    """Write findings, verdict, card, environment and report; clear the checkpoints away; return the run."""
    from primum.study.report import render_report

    findings = published(findings)
    with clock.step("judge"):
        verdict = judge(findings, policy, documents=study.spec.documents)
        write_findings(folder / "findings.jsonl", findings)
        write_json(folder / "verdict.json", verdict.to_json(lang))
        write_policy(folder, policy)
    write_json(folder / "environment.json", environment(seed=study.spec.training.seed, seconds=clock.seconds))
    with clock.step("report"):
        write_cards(folder, lang=lang)
        for work in ("checkpoints", "twins"):
            shutil.rmtree(folder / work, ignore_errors=True)
        render_report(folder, lang=lang)
    return Run(path=folder, findings=findings, verdict=verdict)


def records_of(study: Study, cohort: Cohort, split: SplitArray) -> RecordCheck:
    """Return what the records of a study say of themselves, and which records are behind it."""
    plan = study.spec.cohort.split
    external = plan.external.values() if isinstance(plan.external, dict) else filter(None, [plan.external])
    by_time = plan.column is not None or any(one.time is not None for one in external)
    return record_findings(cohort, split, time_split_asked=by_time, seed=study.spec.training.seed)


def policy_of(study: Study) -> Policy:
    """Return the study's policy; a relative path starts at the study's folder.

    Raises:
        PolicyError: it is wrong, or the study names a document for what it does not need.
    """
    place = study.folder / study.spec.policy
    policy = load_policy(place if place.is_file() else study.spec.policy)
    check_documents(policy, study.spec.documents)
    return policy


def _write_splits(path: Path, cohort: Cohort, split: SplitArray) -> None:
    table = pa.table({"id": pa.array(cohort.ids, pa.string()), "split": pa.array(split, pa.string())})
    with atomic_path(path) as temporary:
        pq.write_table(table, temporary)


def _write_suspects(path: Path, cohort: Cohort, checked: RecordCheck) -> None:
    """Write which records each check is about, the most suspicious first: for whoever mends them, and nobody else."""
    found = [(metric, rows) for metric, rows in checked.suspects.items() if len(rows)]
    table = pa.table(
        {
            "check": pa.array([metric for metric, rows in found for _ in rows], pa.string()),
            "rank": pa.array([place for _, rows in found for place in range(1, len(rows) + 1)], pa.int64()),
            "id": pa.array([one for _, rows in found for one in cohort.ids[rows]], pa.string()),
        }
    )
    with atomic_path(path) as temporary:
        pq.write_table(table, temporary)
