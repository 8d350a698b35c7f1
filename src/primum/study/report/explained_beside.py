"""What the page of `primum explain` says beside a reason: what turns the answer, and similar patients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from primum.study.report.wording import Wording, number, percent


def beside(one: Mapping[str, Any], words: Wording) -> dict[str, Any]:
    """Return what is shown of a record's counterfactuals and similar patients; empty where they were not asked for.

    Args:
        one: a record, as `primum.study.explaining.explain_run` tells it.
        words: of the page's language.
    """
    shown: dict[str, Any] = {"otherwise": [], "similar": []}
    if "counterfactuals" in one:
        found = one["counterfactuals"]
        if found is None:
            shown["otherwise"] = [{"head": words("beside.no_limits"), "lines": []}]
        else:
            shown["otherwise"] = [_changes(found[kind], kind, words) for kind in ("vitals", "note")]
    if "similar" in one:
        shown["similar"] = [words("beside.no_groups")] if one["similar"] is None else _similar(one["similar"], words)
    return shown


def _changes(found: Sequence[Mapping[str, Any]], kind: str, words: Wording) -> dict[str, Any]:
    if not found:
        return {"head": words(f"beside.none_{kind}"), "lines": []}
    return {"head": words(f"beside.found_{kind}"), "lines": [_line(one, words) for one in found]}


def _line(one: Mapping[str, Any], words: Wording) -> str:
    changes = words("beside.and").join(_change(change, words) for change in one["changes"])
    if one["decided"] is None:
        return words("beside.then_number", changes=changes, value=number(one["answer"]))
    about = one["decided"] or words("beside.no_label")
    if one["answer"] is None:
        return words("beside.then_labels", changes=changes, about=about)
    return words("beside.then", changes=changes, about=about, value=percent(one["answer"]))


def _change(change: Mapping[str, Any], words: Wording) -> str:
    if "vital" not in change:
        return words(f"beside.{change['edit']}", before=change["from"], after=change["to"])
    before, after = (f"{v:g}" if isinstance(v, float) else str(v) for v in (change["from"], change["to"]))
    unit = f" {change['unit']}" if change["unit"] else ""
    return words("beside.vital", vital=change["vital"], before=before, after=after, unit=unit)


def _similar(found: Mapping[str, Any], words: Wording) -> list[str]:
    said = [words("beside.far")] if found["far"] else []
    for one in found["outcomes"]:
        if one["class"] is None:
            figures = {key: number(one[key]) for key in ("value", "low", "high")}
            said.append(words("beside.mean", n=found["patients"], **figures))
        else:
            figures = {key: percent(one[key]) for key in ("value", "low", "high")}
            said.append(words("beside.share", n=found["patients"], name=one["class"], **figures))
    near = {"distance": number(found["distance"]), "usual": number(found["usual_distance"])}
    return [*said, words("beside.near", nearer=percent(found["nearer"]), **near)]
