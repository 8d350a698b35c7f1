"""Auditing a predictions table of any model: the same findings, verdict and report as a run's."""

from __future__ import annotations

from pathlib import Path

import yaml

from primum.errors import OutputError, StudyError
from primum.ethics import check_documents, judge, load_policy, write_cards
from primum.evidence import Predictions, SensitiveColumn, performance_findings, predictions_from_table
from primum.evidence.finding import write_findings
from primum.fairness import fairness_findings
from primum.files import write_json, write_text
from primum.privacy import membership_findings
from primum.safety import place_findings, probability_findings, transport_findings
from primum.study.loading import read_yaml, validate
from primum.study.publishing import published
from primum.study.run import Run, environment
from primum.study.spec import AuditSpec
from primum.study.study import locate_study


def assess_file(predictions: Path, spec: Path, *, out: Path | None = None, lang: str = "en") -> Run:
    """Return the audit of a predictions table; with `out` also write its folder.

    Args:
        predictions: csv, parquet or jsonl.
        spec: a whole study, or no more than study, cohort.target, cohort.sensitive, cohort.site and policy.
        out: folder for findings, verdict, card and report.
        lang: language of the report.
    Raises:
        PredictionsError: the table cannot be audited.
        StudyError: the spec is wrong.
        OutputError: `out` is not an empty place.
    """
    path = locate_study(spec)
    audit = validate(AuditSpec, read_yaml(path), source=str(spec))
    if out is not None and out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise OutputError(f"{out}: the place is taken; choose an empty folder with --out.")
    place = path.parent / audit.policy
    policy = load_policy(place if place.is_file() else audit.policy)
    check_documents(policy, audit.documents)
    table = _table(predictions, audit)
    findings = performance_findings(table) + fairness_findings(table)
    findings += probability_findings(table)
    findings += place_findings(findings) + transport_findings(findings)
    findings += membership_findings(table)
    findings = published(findings)
    verdict = judge(findings, policy, documents=audit.documents)
    if out is None:
        return Run(path=None, findings=findings, verdict=verdict)
    from primum.study.report import render_report

    write_text(out / "study.yaml", yaml.safe_dump(audit.model_dump(mode="json"), sort_keys=False, allow_unicode=True))
    write_findings(out / "findings.jsonl", findings)
    write_json(out / "verdict.json", verdict.to_json(lang))
    write_json(out / "environment.json", environment(seed=0, seconds={}))
    write_cards(out, lang=lang)
    render_report(out, lang=lang)
    return Run(path=out, findings=findings, verdict=verdict)


def _table(predictions: Path, audit: AuditSpec) -> Predictions:
    cohort = audit.cohort
    if cohort.target.type == "regions":
        raise StudyError(
            "cohort.target.type: a table of predictions has no pictures, so that marked places cannot be audited from "
            "one; run the study, or audit how much is marked with type number."
        )
    return predictions_from_table(
        predictions,
        target=cohort.target.column,
        target_type=cohort.target.coded,
        sensitive=[SensitiveColumn(column=s.column, bins=s.bins) for s in cohort.sensitive],
        site=cohort.site,
    )
