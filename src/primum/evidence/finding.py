"""A Finding: one measured fact about a model or its cohort, with an interval and a count."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from primum.errors import InputError
from primum.files import write_text

Pillar = Literal["privacy", "fairness", "transparency", "safety", "ethics"]
PILLARS: tuple[Pillar, ...] = get_args(Pillar)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One measured fact."""

    pillar: Pillar
    """The pillar it speaks for."""
    metric: str
    """A name from the metric registry (`primum policies --metrics`)."""
    value: float | None
    """The point estimate; None when it is not defined for these records."""
    low: float | None = None
    """Lower end of the interval; None when there is no interval (an exact count)."""
    high: float | None = None
    """Upper end of the interval."""
    level: float | None = 0.95
    """Confidence level of the interval, in (0, 1)."""
    n: int
    """How many records (or patients, where the method says so) the figure rests on."""
    slice: Mapping[str, str] = field(default_factory=dict)
    """The patient group, e.g. {"sex": "Female"}; empty for everybody."""
    versus: Mapping[str, str] = field(default_factory=dict)
    """What it is compared with: another slice, or {"baseline": "majority"}; empty for no comparison."""
    class_: str | None = None
    """The class it is about, one against the rest; None for all classes together."""
    split: str | None = None
    """The split it was measured on: train, validation, calibration, test, external or external:NAME."""
    enough: bool = True
    """Whether there are enough patients to tell; when False, no rule may pass on it."""
    method: str = ""
    """How value and interval were computed, in words."""
    reference: str = ""
    """The source of the method."""
    detail: Mapping[str, Any] = field(default_factory=dict)
    """Whatever else a reader needs, as plain JSON; never the content of a record."""

    def to_json(self) -> dict[str, Any]:
        """Return the finding as the JSON object of the outside contract (key `class`, no NaN)."""
        return {
            "pillar": self.pillar,
            "metric": self.metric,
            "value": _plain(self.value),
            "low": _plain(self.low),
            "high": _plain(self.high),
            "level": self.level,
            "n": int(self.n),
            "slice": dict(self.slice),
            "versus": dict(self.versus),
            "class": self.class_,
            "split": self.split,
            "enough": bool(self.enough),
            "method": self.method,
            "reference": self.reference,
            "detail": dict(self.detail),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Finding:
        """Return the finding that `to_json` wrote."""
        known = dict(value)
        known["class_"] = known.pop("class", None)
        return cls(**known)


def write_findings(path: Path, findings: Iterable[Finding]) -> None:
    """Write one finding a line, atomically."""
    lines = (json.dumps(f.to_json(), ensure_ascii=False, allow_nan=False) + "\n" for f in findings)
    write_text(path, "".join(lines))


def read_findings(path: Path) -> list[Finding]:
    """Return the findings of a findings.jsonl file.

    Raises:
        InputError: the file is missing, or a line is no finding (the message gives its number).
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file; a finished run holds findings.jsonl.")
    findings = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            findings.append(Finding.from_json(json.loads(line)))
        except (TypeError, ValueError, AttributeError) as exc:
            raise InputError(f"{path}, line {number}: not a finding; run primum again to make it anew.") from exc
    return findings


def _plain(value: float | None) -> float | None:
    if value is None or not math.isfinite(value):
        return None
    return float(value)
