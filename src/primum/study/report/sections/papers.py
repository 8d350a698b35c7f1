"""The papers beside the report: which there are, and how much of each is still open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from primum.ethics.papers import FOLDER, Written
from primum.study.report.wording import Wording


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperRow:
    """One paper."""

    title: str
    page: str
    """Where it lies, relative to the report."""
    data: str
    """Where its JSON lies; empty where it has none."""
    counts: Sequence[int]
    """Items answered, partly, not measured and open; empty for the patients' page."""


def papers_section(written: Sequence[Written], words: Wording) -> Mapping[str, object]:
    """Return one row a paper, with links that work while report and papers lie side by side."""
    return {"rows": [_row(one, words) for one in written]}


def _row(one: Written, words: Wording) -> PaperRow:
    return PaperRow(
        title=one.title[words.lang],
        page=f"{FOLDER}/{one.path.name}",
        data=f"{FOLDER}/{one.path.with_suffix('.json').name}" if one.states else "",
        counts=list(one.states.values()),
    )
