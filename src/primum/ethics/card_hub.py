"""The head of a model card for the Hugging Face Hub: metadata in YAML, with every headline figure in `model-index`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from primum.evidence.finding import Finding
from primum.evidence.metrics import METRICS

_NAMES = {"auroc": "roc_auc", "auprc": "average_precision", "brier": "brier_score"}
"""What the Hub calls metrics that have another name there."""
_TASKS = {"number": "tabular-regression"}


def hub_head(card: Mapping[str, Any], findings: Sequence[Finding]) -> str:
    """Return the YAML head of README.md, between its lines of dashes. No licence is given: nobody stated one.

    Args:
        card: as `build_card` returns it, in English.
        findings: of the run; figures point to their places in it.
    """
    places = {(f.metric, f.split): place for place, f in enumerate(findings) if _overall(f)}
    results = [_result(card, split, places) for split, lines in card["performance"].items() if _measured(lines)]
    head: dict[str, Any] = {"library_name": "primum", "tags": ["primum", "clinical", "not-a-medical-device"]}
    backbone = str(card["model"]["backbone"])
    if backbone.count("/") == 1 and not backbone.startswith((".", "/")):
        head["base_model"] = backbone
    if results:
        head["model-index"] = [{"name": card["name"], "results": results}]
    return f"---\n{yaml.safe_dump(head, sort_keys=False, allow_unicode=True)}---\n\n"


def _overall(finding: Finding) -> bool:
    return not finding.slice and not finding.versus and finding.class_ is None


def _measured(lines: Sequence[Mapping[str, Any]] | str) -> list[Mapping[str, Any]]:
    return [] if isinstance(lines, str) else [line for line in lines if line["value"] is not None]


def _result(card: Mapping[str, Any], split: str, places: Mapping[tuple[str, str | None], int]) -> dict[str, Any]:
    target = card["target"]
    kind = str(target.get("type")) if isinstance(target, Mapping) else ""
    of_classes = "text-classification" if "text" in card["inputs"] else "tabular-classification"
    lines = _measured(card["performance"][split])
    return {
        "task": {"type": _TASKS.get(kind, of_classes)},
        "dataset": {
            "name": card["name"],
            "type": "private",
            "split": split,
            "args": {"fingerprint": card["cohort"]["fingerprint"]},
        },
        "metrics": [_metric(line, places[str(line["metric"]), split]) for line in lines],
    }


def _metric(line: Mapping[str, Any], place: int) -> dict[str, Any]:
    name = str(line["metric"])
    figures = {key: line[key] for key in ("low", "high", "level", "n", "enough")}
    return {
        "type": _NAMES.get(name, name),
        "name": METRICS.get(name).title["en"],
        "value": line["value"],
        "args": {**figures, "finding": place},
    }
