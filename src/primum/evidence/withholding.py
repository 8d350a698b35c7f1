"""Small groups: what may be published of a finding that one to four patients stand behind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from primum.evidence.finding import Finding

SMALL = 5
"""Fewest patients or records of a group of whom a figure is published."""
_KEPT = ("depth", "needed", "detectable", "unalike")
"""Details that are kept beside words: how a finding is judged, and nothing of the group."""


def withheld(findings: Iterable[Finding], *, but: frozenset[str] = frozenset()) -> list[Finding]:
    """Return findings fit to be published: a group or class of one to four, or compared with so few, has no figures.

    Such a finding says that it is there and that too few stand behind it: value, interval and figures in its detail are
    taken out, its n is 4 whatever it was. No rule could pass on it before, and none can now.

    Args:
        findings: any.
        but: metrics that are left as they are.
    """
    return [_bare(one) if one.metric not in but and _tells_of_few(one) else one for one in findings]


def _tells_of_few(finding: Finding) -> bool:
    if not finding.slice and finding.class_ is None:
        return False
    others = finding.detail.get("versus_n")
    return 0 < finding.n < SMALL or (isinstance(others, int) and 0 < others < SMALL)


def _bare(finding: Finding) -> Finding:
    kept: Mapping[str, Any] = {
        key: value for key, value in finding.detail.items() if isinstance(value, str) or key in _KEPT
    }
    n = SMALL - 1 if 0 < finding.n < SMALL else finding.n
    return replace(
        finding, value=None, low=None, high=None, level=None, n=n, enough=False, detail={**kept, "withheld": True}
    )
