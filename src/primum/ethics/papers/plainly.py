"""Plain words for patients: sentences of patients.yaml, chances as words and as "of 100 people"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from primum.ethics.catalogue import Catalogue
from primum.ethics.papers.facts import Facts

say = Catalogue("papers/asked/patients.yaml")
_BANDS = (0.05, 0.2, 0.4, 0.6, 0.8, 0.95)
"""Where one word for a chance ends and the next begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One sentence or two, and where their numbers come from."""

    text: str
    """Empty for a line that is only missing."""
    findings: tuple[int, ...] = ()
    """Places in findings.jsonl, counted from 0."""
    keys: tuple[str, ...] = ()
    """FILE:KEY of each other number."""
    share: float | None = None
    """Drawn as so many of 100 dots."""
    quoted: bool = False
    """Whether it is the study's own wording."""
    soft: bool = False
    """Whether it only explains the line before."""
    missing: str = ""
    """Key of the sentence that names what is missing here; empty where nothing is."""

    @property
    def dots(self) -> Markup:
        """The picture of the share."""
        return _dots(round(100 * (self.share or 0.0)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A heading with its lines."""

    title: str
    lines: Sequence[Line]
    listed: bool = False
    """Whether the lines are points of a list."""
    tone: str = ""
    """fine, wait or stop for a box; empty for none."""


def of_100(share: float, lang: str) -> str:
    """Return how many of 100 a share is, whole; a little more than none or less than all is said so."""
    if 0 < share < 0.005:
        return say("fewer_than_one", lang)
    if 0.995 < share < 1:
        return say("nearly_all", lang)
    return str(round(100 * share))


def chance(share: float, lang: str) -> str:
    """Return a chance in words, from very unlikely to very likely."""
    return say(f"chance.{sum(share >= end for end in _BANDS)}", lang)


def who(facts: Facts, lang: str) -> dict[str, str]:
    """Return what is counted: people, or records where a patient has several."""
    records, patients = facts.value("cohort.json:records"), facts.value("cohort.json:patients")
    what = "people" if records == patients else "records"
    return {"who": say(what, lang), "unit": say(f"unit.{what}", lang)}


def _dots(count: int) -> Markup:
    circles = (
        f'<circle class="{"on" if place < count else "off"}" cx="{6 + 11 * (place % 10)}" '
        f'cy="{6 + 11 * (place // 10)}" r="4.4"/>'
        for place in range(100)
    )
    return Markup(f'<svg viewBox="0 0 111 111" aria-hidden="true">{"".join(circles)}</svg>')
