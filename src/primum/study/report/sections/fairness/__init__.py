"""Fairness: who is served worse, how sure that is, who is too few to tell, and what was done about it."""

from __future__ import annotations

from collections.abc import Mapping

from primum.study.report.context import Context
from primum.study.report.sections.fairness.dataset import dataset
from primum.study.report.sections.fairness.few import too_few
from primum.study.report.sections.fairness.forest import forests, others
from primum.study.report.sections.fairness.gather import Fairness
from primum.study.report.sections.fairness.guide import guide
from primum.study.report.sections.fairness.intersections import intersections
from primum.study.report.sections.fairness.levels import levels, whole_attributes
from primum.study.report.sections.fairness.summary import ruling, statements
from primum.study.report.sections.fairness.swaps import swaps
from primum.study.report.sections.fairness.trade import trade_off

__all__ = ["fairness_section"]

PARTS = ("forests", "intersections", "levels", "whole", "trade", "swaps", "dataset")
"""Parts of which a reader is told when they were not measured."""


def fairness_section(context: Context) -> Mapping[str, object] | None:
    """Return every part of the section, None for a part that was not measured; None altogether without findings."""
    fair = Fairness(context)
    if not fair.findings:
        return None
    told, folded = statements(fair)
    parts: dict[str, object] = {
        "forests": forests(fair),
        "intersections": intersections(fair),
        "levels": levels(fair),
        "whole": whole_attributes(fair),
        "trade": trade_off(fair),
        "swaps": swaps(fair),
        "dataset": dataset(fair),
    }
    return {
        "positive": fair.positive or "",
        "ruling": ruling(fair),
        "statements": told,
        "more_statements": folded,
        "others": others(fair),
        "few": too_few(fair),
        "guide": guide(fair),
        "absent": [context.words(f"fair.absent.{name}") for name in PARTS if not parts[name]],
        **parts,
    }
