"""The model card: what the model is for and what was measured, as Markdown, JSON and the CHAI applied model card's XML.

Every number comes from a finding; what nobody measured says "not measured", and what nobody wrote says "not stated".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from primum.ethics.card_hazards import card_hazards
from primum.ethics.card_hub import hub_head
from primum.ethics.card_markdown import card_markdown
from primum.ethics.card_privacy import privacy_lines
from primum.ethics.card_trust import TRUST_FILES, trust_lines
from primum.ethics.card_xml import card_xml
from primum.ethics.papers.facts import read_mapping
from primum.evidence.finding import Finding, read_findings
from primum.evidence.metrics import METRICS
from primum.evidence.split_names import in_order, is_external
from primum.files import write_json, write_text

NOT_MEASURED = "not measured"
NOT_STATED = "not stated"
HEADLINES = ("map50", "dice", "iou", "region_sensitivity", "region_ppv", "false_regions", "auroc", "auprc", "accuracy",
             "balanced_accuracy", "macro_f1", "micro_f1", "subset_accuracy", "log_loss", "brier", "ece", "mae", "rmse",
             "r2")  # fmt: skip
"""Metrics over all classes together that the card shows first."""
_USES = ("population", "setting", "user", "not_for", "risk")


def write_cards(run_dir: Path, *, lang: str = "en") -> tuple[Path, Path, Path]:
    """Write card.md, card.json and card.xml from the files of a run's folder, and return their paths.

    The model's folder, where there is one, gets the Markdown as its README.md, with metadata for the Hugging Face Hub.

    Args:
        run_dir: a finished run or audit.
        lang: of the Markdown, en or zh; JSON and XML are in English.
    Raises:
        InputError: findings.jsonl is missing, or a file is damaged.
        OutputError: the folder cannot be written to.
    """
    study, cohort = read_mapping(run_dir / "study.yaml"), read_mapping(run_dir / "cohort.json")
    findings = read_findings(run_dir / "findings.jsonl")
    verdict = read_mapping(run_dir / "verdict.json")
    trust = {name: read_mapping(run_dir / "model" / f"{name}.json") for name in TRUST_FILES}
    given: dict[str, Any] = {"study": study, "cohort": cohort, "findings": findings, "verdict": verdict, "trust": trust}
    card = build_card(**given)
    markdown = card_markdown(build_card(**given, lang=lang), lang)
    paths = (run_dir / "card.md", run_dir / "card.json", run_dir / "card.xml")
    write_text(paths[0], markdown)
    write_json(paths[1], card)
    write_text(paths[2], card_xml(card))
    if (run_dir / "model").is_dir():
        write_text(run_dir / "model" / "README.md", hub_head(card, findings) + markdown)
    return paths


def build_card(
    *,
    study: Mapping[str, Any],
    cohort: Mapping[str, Any],
    findings: Sequence[Finding],
    verdict: Mapping[str, Any],
    trust: Mapping[str, Mapping[str, Any]] | None = None,
    lang: str = "en",
) -> dict[str, Any]:
    """Return the card as plain JSON.

    Args:
        study: the resolved study.
        cohort: cohort.json's content; only counts are taken from it.
        findings: of the run.
        verdict: verdict.json's content.
        trust: what was fitted beside the model, by name (`TRUST_FILES`); empty where nothing was.
        lang: of the sentences in it, en or zh; its fixed words stay English.
    """
    use = _mapping(study.get("intended_use"))
    roles = _mapping(study.get("cohort"))
    model = _mapping(study.get("model"))
    return {
        "name": _stated(study.get("study")),
        "question": _stated(study.get("question")),
        "intended_use": {key: _stated(use.get(key)) for key in _USES},
        "model": {"backbone": _stated(model.get("backbone")), "adapt": model.get("adapt") or NOT_STATED},
        "inputs": sorted(name for name, given in _mapping(roles.get("inputs")).items() if given),
        "target": _mapping(roles.get("target")) or NOT_STATED,
        "sensitive": [one.get("column") if isinstance(one, Mapping) else one for one in roles.get("sensitive") or []],
        "cohort": {
            "records": _count(cohort),
            "fingerprint": _stated(cohort.get("fingerprint")),
            "table_1": "cohort.json",
        },
        "performance": {split: _headlines(findings, split) for split in _judged(findings)},
        "trust": trust_lines(trust or {}, lang) or NOT_MEASURED,
        "privacy": privacy_lines(findings, lang) or NOT_MEASURED,
        "test_looks": next((int(f.value) for f in findings if f.metric == "test_looks" and f.value), NOT_MEASURED),
        "fairness": [_line(f) for f in findings if f.pillar == "fairness" and f.versus],
        "verdict": {
            "outcome": _stated(verdict.get("verdict")),
            "policy": _stated(verdict.get("policy")),
            "policy_sha256": _stated(verdict.get("policy_sha256")),
            "reasons": [
                {"rule": rule.get("rule"), "outcome": rule.get("outcome"), "because": _because(rule, lang)}
                for rule in verdict.get("rules") or []
                if rule.get("outcome") != "pass"
            ],
            "needs": [
                {
                    "clause": need["clause"],
                    "state": need["state"],
                    "asks": need["sentences"][lang],
                    "document": need["document"],
                }
                for need in verdict.get("needs") or []
            ],
        },
        "hazards": card_hazards(findings, verdict, study=study, trust=trust or {}, line=_line, lang=lang),
        "not_a_medical_device": True,
    }


def _because(rule: Mapping[str, Any], lang: str) -> Any:
    """Return why a rule says what it says in a language; verdicts of other makers may know one only."""
    return _mapping(rule.get("sentences")).get(lang) or rule.get("because")


def _mapping(value: object) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else {}


def _stated(value: object) -> str:
    return NOT_STATED if value is None or value == "" else str(value)


def _count(cohort: Mapping[str, Any]) -> int | str:
    for key in ("records", "n", "n_records"):
        if isinstance(cohort.get(key), int):
            return int(cohort[key])
    return NOT_STATED


def _judged(findings: Sequence[Finding]) -> list[str]:
    """Return test and every external set; `external` alone stands for none."""
    splits = in_order(f.split for f in findings if f.split and f.metric in HEADLINES)
    return ["test", *(list(filter(is_external, splits)) or ["external"])]


def _headlines(findings: Sequence[Finding], split: str) -> list[dict[str, Any]] | str:
    """Return the split's figures over everybody and all classes together, or "not measured"."""
    by_metric = {
        f.metric: f for f in findings if f.split == split and not f.slice and not f.versus and f.class_ is None
    }
    lines = [_line(by_metric[metric]) for metric in HEADLINES if metric in by_metric]
    return lines or NOT_MEASURED


def _line(finding: Finding) -> dict[str, Any]:
    return {
        "metric": finding.metric,
        "title": METRICS.get(finding.metric).title["en"] if finding.metric in METRICS else finding.metric,
        "value": finding.value,
        "low": finding.low,
        "high": finding.high,
        "level": finding.level,
        "n": finding.n,
        "slice": dict(finding.slice),
        "versus": dict(finding.versus),
        "enough": finding.enough,
    }
