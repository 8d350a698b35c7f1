"""What the study asks, for whom, and with which model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from primum.study.report.context import Context
from primum.study.spec_image import LITE

USES = ("population", "setting", "user", "not_for", "risk")


def study_section(context: Context) -> Mapping[str, object] | None:
    """Return question, intended use and the facts of cohort and model; None without a study file."""
    study, words = context.run.study, context.words
    if not study:
        return None
    use = study.get("intended_use") or {}
    unsaid = words("study.unsaid")
    rows = [(words(f"study.use.{key}"), _use(key, use.get(key), context) or unsaid, not use.get(key)) for key in USES]
    return {"question": str(study.get("question") or ""), "use": rows, "facts": _facts(study, context)}


def _use(key: str, value: object, context: Context) -> str:
    text = str(value or "")
    return context.words.known(f"risk.{text}", otherwise=text) if key == "risk" else text


def _facts(study: Mapping[str, Any], context: Context) -> list[tuple[str, str]]:
    words = context.words
    cohort, model = study.get("cohort") or {}, study.get("model") or {}
    inputs, target = cohort.get("inputs") or {}, cohort.get("target") or {}
    adapt = model.get("adapt") or {}
    facts = [
        ("study.fact.target", ": ".join(_names(target.get("column")) + _kind(target, context))),
        ("study.fact.text", ", ".join(_names(inputs.get("text")))),
        ("study.fact.vitals", ", ".join(_vitals(inputs.get("vitals")))),
        ("study.fact.image", ", ".join(_vitals(inputs.get("image")))),
        ("study.fact.sensitive", ", ".join(_vitals(cohort.get("sensitive")))),
        ("study.fact.site", ", ".join(_names(cohort.get("site")))),
        ("study.fact.backbone", ", ".join(_names(model.get("backbone")))),
        ("study.fact.adapt", ", ".join(_names(adapt.get("method") if isinstance(adapt, Mapping) else adapt))),
    ]
    if inputs.get("image") and inputs.get("text"):
        image = model.get("image") or {}
        facts.append(("study.fact.image_backbone", str(image.get("backbone") or LITE)))
    return [(words(key), value) for key, value in facts if value]


def _kind(target: Mapping[str, Any], context: Context) -> list[str]:
    kind = str(target.get("type") or "")
    return [context.words.known(f"target.{kind}", otherwise=kind)] if kind else []


def _names(value: object) -> list[str]:
    if value is None or value == "":
        return []
    return [str(one) for one in value] if isinstance(value, list | tuple) else [str(value)]


def _vitals(value: object) -> list[str]:
    """Return column names, with the unit where one is given."""
    columns = value if isinstance(value, list | tuple) else [] if value is None else [value]
    names = []
    for column in columns:
        if isinstance(column, Mapping):
            unit = column.get("unit")
            names.append(f"{column.get('column')} ({unit})" if unit else str(column.get("column")))
        else:
            names.append(str(column))
    return names
