"""The model card: what the model is for and what was measured, as Markdown, JSON and the CHAI applied model card's XML.

Every number comes from a finding; what nobody measured says "not measured", and what nobody wrote says "not stated".
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from primum.errors import InputError
from primum.ethics.card_hazards import card_hazards, hazard_lines
from primum.ethics.card_privacy import privacy_lines
from primum.ethics.card_trust import TRUST_FILES, trust_lines
from primum.ethics.card_xml import card_xml
from primum.ethics.sentences import number
from primum.evidence.finding import Finding, read_findings
from primum.evidence.metrics import METRICS
from primum.evidence.split_names import in_order, is_external
from primum.files import write_json, write_text

NOT_MEASURED = "not measured"
NOT_STATED = "not stated"
HEADLINES = ("auroc", "auprc", "accuracy", "balanced_accuracy", "macro_f1", "micro_f1", "subset_accuracy", "log_loss",
             "brier", "ece", "mae", "rmse", "r2")  # fmt: skip
"""Metrics over all classes together that the card shows first."""
_USES = ("population", "setting", "user", "not_for", "risk")


def write_cards(run_dir: Path) -> tuple[Path, Path, Path]:
    """Write card.md, card.json and card.xml from the files of a run's folder, and return their paths.

    Raises:
        InputError: findings.jsonl is missing, or a file is damaged.
        OutputError: the folder cannot be written to.
    """
    card = build_card(
        study=_read(run_dir / "study.yaml"),
        cohort=_read(run_dir / "cohort.json"),
        findings=read_findings(run_dir / "findings.jsonl"),
        verdict=_read(run_dir / "verdict.json"),
        trust={name: _read(run_dir / "model" / f"{name}.json") for name in TRUST_FILES},
    )
    paths = (run_dir / "card.md", run_dir / "card.json", run_dir / "card.xml")
    write_text(paths[0], card_markdown(card))
    write_json(paths[1], card)
    write_text(paths[2], card_xml(card))
    return paths


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        text = path.read_text(encoding="utf-8")
        value = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except (ValueError, yaml.YAMLError):
        raise InputError(f"{path}: is damaged; run primum again to make it anew.") from None
    if not isinstance(value, dict):
        raise InputError(f"{path}: expected keys and values; run primum again to make it anew.")
    return value


def build_card(
    *,
    study: Mapping[str, Any],
    cohort: Mapping[str, Any],
    findings: Sequence[Finding],
    verdict: Mapping[str, Any],
    trust: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """Return the card as plain JSON.

    Args:
        study: the resolved study.
        cohort: cohort.json's content; only counts are taken from it.
        findings: of the run.
        verdict: verdict.json's content.
        trust: what was fitted beside the model, by name (`TRUST_FILES`); empty where nothing was.
    """
    use = _mapping(study.get("intended_use"))
    roles = _mapping(study.get("cohort"))
    model = _mapping(study.get("model"))
    return {
        "name": _stated(study.get("study")),
        "question": _stated(study.get("question")),
        "intended_use": {key: _stated(use.get(key)) for key in _USES},
        "model": {"backbone": _stated(model.get("backbone")), "adapt": model.get("adapt") or NOT_STATED},
        "inputs": sorted(_mapping(roles.get("inputs"))),
        "target": _mapping(roles.get("target")) or NOT_STATED,
        "sensitive": [one.get("column") if isinstance(one, Mapping) else one for one in roles.get("sensitive") or []],
        "cohort": {
            "records": _count(cohort),
            "fingerprint": _stated(cohort.get("fingerprint")),
            "table_1": "cohort.json",
        },
        "performance": {split: _headlines(findings, split) for split in _judged(findings)},
        "trust": trust_lines(trust or {}) or NOT_MEASURED,
        "privacy": privacy_lines(findings) or NOT_MEASURED,
        "fairness": [_line(f) for f in findings if f.pillar == "fairness" and f.versus],
        "verdict": {
            "outcome": _stated(verdict.get("verdict")),
            "policy": _stated(verdict.get("policy")),
            "policy_sha256": _stated(verdict.get("policy_sha256")),
            "reasons": [
                {"rule": rule.get("rule"), "outcome": rule.get("outcome"), "because": rule.get("because")}
                for rule in verdict.get("rules") or []
                if rule.get("outcome") != "pass"
            ],
        },
        "hazards": card_hazards(findings, verdict, study=study, trust=trust or {}, line=_line),
        "not_a_medical_device": True,
    }


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


def figure_text(line: Mapping[str, Any]) -> str:
    """Return one figure of the card with its interval and n, as text."""
    if line["value"] is None:
        return f"not defined (n = {line['n']})"
    interval = ""
    if line["low"] is not None and line["high"] is not None and line["level"] is not None:
        interval = f"{100 * line['level']:g} % interval {number(line['low'])} to {number(line['high'])}, "
    few = "" if line["enough"] else "; too few patients to tell"
    return f"{number(line['value'])} ({interval}n = {line['n']}{few})"


def card_markdown(card: Mapping[str, Any]) -> str:
    """Return the card as Markdown; what the study says is escaped."""
    use, verdict = card["intended_use"], card["verdict"]
    lines = [
        f"# {_plain(card['name'])}",
        "",
        f"{_plain(card['question'])}",
        "",
        f"**Verdict: {_plain(verdict['outcome'])}** (policy {_plain(verdict['policy'])}).",
        "This is not a medical device.",
        "",
        "## Intended use",
        "",
        *(f"- {key.replace('_', ' ').capitalize()}: {_plain(value)}" for key, value in use.items()),
        "",
        "## Model and data",
        "",
        f"- Backbone: {_plain(card['model']['backbone'])}",
        f"- Inputs: {_plain(', '.join(card['inputs']) or NOT_STATED)}",
        f"- Records: {card['cohort']['records']}",
        f"- Sensitive attributes: {_plain(', '.join(map(str, card['sensitive'])) or NOT_STATED)}",
        "",
    ]
    for split, figures in card["performance"].items():
        lines += [f"## Performance, {split} split", "", *_figure_lines(figures), ""]
    for name in ("trust", "privacy"):
        said = card[name]
        told = [said] if isinstance(said, str) else [f"- {_plain(line)}" for line in said]
        lines += [f"## {name.capitalize()}", "", *told, ""]
    lines += ["## Fairness", "", *_figure_lines(card["fairness"] or NOT_MEASURED), ""]
    lines += ["## Hazards", "", f"Severity of harm, as the study states it: {_plain(use['risk'])}.", ""]
    lines += [f"- {_plain(line)}" for line in hazard_lines(card["hazards"], figure_text)] + [""]
    lines += ["## What the verdict rests on", ""]
    lines += [f"- {_plain(r['outcome'])}, {_plain(r['rule'])}: {_plain(r['because'])}" for r in verdict["reasons"]]
    return "\n".join([*lines, ""])


def _figure_lines(figures: Sequence[Mapping[str, Any]] | str) -> list[str]:
    if isinstance(figures, str):
        return [figures]
    return [f"- {_plain(_label(line))}: {figure_text(line)}" for line in figures]


def _label(line: Mapping[str, Any]) -> str:
    group = ", ".join(f"{key} = {value}" for key, value in line["slice"].items())
    return f"{line['title']}, {group}" if group else str(line["title"])


def _plain(value: object) -> str:
    """Return text that Markdown shows as it is, on one line."""
    text = " ".join(str(value).split())
    for mark in "\\`*[]<>|":
        text = text.replace(mark, "\\" + mark)
    return text
