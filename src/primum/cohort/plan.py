"""A split plan: how records are divided. Plain values; `primum.cohort.splits` carries it out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeWindow:
    """Records made from `start` (included) until `end` (excluded); None leaves that side open."""

    start: str | float | None = None
    end: str | float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalSet:
    """One of several external sets: the records of some hospitals, those of a window of time, or both together."""

    sites: tuple[str, ...] = ()
    time: TimeWindow | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitPlan:
    """Fractions by patient after the external records are set aside, or a column that says it all."""

    train: float = 0.6
    validation: float = 0.1
    calibration: float = 0.1
    test: float = 0.2
    seed: int = 7
    external_sites: tuple[str, ...] = ()
    """Hospitals whose patients are never trained on."""
    external_time: TimeWindow | None = None
    """Records of this window are never trained on."""
    external_sets: Mapping[str, ExternalSet] = field(default_factory=dict)
    """Name -> set; its split is called external:NAME. No patient may be in two."""
    column: str | None = None
    """Name of a column that gives every record's split; fractions are then ignored."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Value in that column -> train, validation, calibration, test, external or external:NAME, where they differ."""
