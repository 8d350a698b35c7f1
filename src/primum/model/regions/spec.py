"""What a network of marks is to be, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from primum.evidence.marks import MarkKind

STRIDE = 4
"""Pixels of a picture to one of the map that the head answers on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionSpec:
    """Everything that decides a network's shape and what its answers mean."""

    kind: MarkKind
    labels: tuple[str, ...]
    size: int
    """Side of a picture in pixels, a multiple of 32."""
    width: int = 48
    """Channels of the decoder."""
    frozen: int | None = None
    """Blocks of the encoder that stay as they are; None: all of them, so that each picture is read once."""
    threshold: float = 0.3
    """The score from which a mark is shown."""

    @property
    def channels(self) -> int:
        """How many values the head answers for each place: one a label, and for boxes four distances besides."""
        return len(self.labels) + (4 if self.kind == "boxes" else 0)

    def to_json(self) -> dict[str, Any]:
        """Return the spec as plain JSON."""
        return {**asdict(self), "labels": list(self.labels)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> RegionSpec:
        """Return the spec that `to_json` described."""
        return cls(**{**value, "labels": tuple(value["labels"])})
