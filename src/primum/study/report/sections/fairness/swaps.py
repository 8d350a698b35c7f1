"""What happens when a patient's sex or age is swapped and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from primum.evidence.finding import Finding
from primum.evidence.split_names import is_external
from primum.study.report.sections.fairness import telling
from primum.study.report.sections.fairness.gather import Fairness
from primum.study.report.wording import number, percent

FLIPS, SHIFTS = "counterfactual_flip_rate", "counterfactual_shift"
MOST_ROWS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapRow:
    """One swap, of everybody or of a slice."""

    swap: str
    split: str
    n: str
    flips: str
    flip_interval: str
    shift: str
    shift_interval: str
    few: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Swaps:
    """A sentence about each swap, and the rows."""

    sentences: Sequence[str]
    rows: Sequence[SwapRow]
    more: str


def swaps(fair: Fairness) -> Swaps | None:
    """Return flip rates and shifts by swap; None when nothing was swapped."""
    found: dict[tuple[str, str], dict[str, Finding]] = {}
    for metric in (FLIPS, SHIFTS):
        for finding in fair.by_metric.get(metric, ()):
            row = found.setdefault((_swap(finding, fair), finding.split or ""), {})
            if metric not in row or _says_more(finding, row[metric], fair):
                row[metric] = finding
    if not found:
        return None
    keys = sorted(found, key=lambda key: key[1] != "test")
    words = fair.context.words
    more = words("fair.more_rows", n=len(keys) - MOST_ROWS) if len(keys) > MOST_ROWS else ""
    sentences = [_sentence(key, found[key], fair) for key in keys if not is_external(key[1])][:4]
    return Swaps(
        sentences=[one for one in sentences if one], rows=[_row(k, found[k], fair) for k in keys[:MOST_ROWS]], more=more
    )


def _says_more(finding: Finding, held: Finding, fair: Fairness) -> bool:
    """Return whether a finding is about all classes or the one looked for, or moves further than the held one."""
    if fair.positive or finding.class_ is None:
        return finding.class_ in (None, fair.positive)
    return abs(finding.value or 0.0) > abs(held.value or 0.0)


def _swap(finding: Finding, fair: Fairness) -> str:
    """Return what was swapped, in words: the slice with what it became, or the name that the finding gives."""
    context = fair.context
    name = finding.detail.get("attribute") or finding.detail.get("swap") or finding.detail.get("swapped")
    known = context.words.known(f"attribute.{name}", otherwise=str(name or ""))
    if finding.slice and finding.versus and "group" not in finding.versus and "model" not in finding.versus:
        return f"{context.group(finding.slice)} → {', '.join(finding.versus.values())}"
    if finding.slice:
        group = context.group(finding.slice)
        return f"{known} · {group}" if known and name not in finding.slice else group
    return known or context.group(finding.versus)


def _sentence(key: tuple[str, str], row: dict[str, Finding], fair: Fairness) -> str:
    flips = row.get(FLIPS)
    if flips is None or flips.value is None:
        return ""
    return fair.context.words(
        "fair.swap.sentence",
        swap=telling.capital(key[0]),
        rate=percent(flips.value),
        figures=_figures(flips, fair),
    )


def _figures(finding: Finding, fair: Fairness) -> str:
    parts = [] if finding.low is None or finding.high is None else [_ends(finding, fair)]
    return fair.context.words("fair.comma").join([*parts, telling.n_is(finding.n)])


def _ends(finding: Finding, fair: Fairness) -> str:
    level = f"{100 * (finding.level or 0.95):g}"
    return fair.context.words("interval", level=level, interval=_percents(finding))


def _percents(finding: Finding) -> str:
    return "–" if finding.low is None or finding.high is None else f"{percent(finding.low)} – {percent(finding.high)}"


def _row(key: tuple[str, str], row: dict[str, Finding], fair: Fairness) -> SwapRow:
    flips, shift = row.get(FLIPS), row.get(SHIFTS)
    split = fair.context.split(key[1] or None)
    as_points = fair.kind != "number"
    write = telling.figure if as_points else (lambda _, value, signed=False: number(value, signed=signed))
    known = [f for f in (flips, shift) if f is not None]
    return SwapRow(
        swap=key[0],
        split=split,
        n=telling.count(max(f.n for f in known)),
        flips="–" if flips is None else percent(flips.value),
        flip_interval="–" if flips is None else _percents(flips),
        shift="–" if shift is None else write("share", shift.value, signed=True),
        shift_interval="–"
        if shift is None or shift.low is None
        else f"{write('share', shift.low, signed=True)} – {write('share', shift.high, signed=True)}",
        few=not all(f.enough for f in known),
    )
