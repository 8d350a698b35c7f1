"""Records: the input columns of a cohort, as the model sees them. No target, no attribute, no site."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from primum.cohort.roles import VitalKind


class TextColumn(Protocol):
    """Texts that need not all be in memory at once."""

    def __len__(self) -> int:
        """Return the number of records."""

    def take(self, rows: Sequence[int] | npt.NDArray[np.int64]) -> list[str | None]:
        """Return the texts of these records, None where there is none."""

    def chunks(self, size: int) -> Iterator[list[str | None]]:
        """Yield all texts in order, `size` at a time."""


class ImageColumn(Protocol):
    """Pictures of one shape that need not all be in memory at once."""

    size: int
    """Side of the square, in pixels."""
    channels: int
    """1: all are grey; 3: red, green and blue."""
    keys: npt.NDArray[np.object_]
    """What tells pictures apart: equal pictures have equal keys; None where there is none; shape (n,)."""

    def __len__(self) -> int:
        """Return the number of records."""

    def take(self, rows: Sequence[int] | npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
        """Return the pictures of these records, shape (b, size, size, channels), black where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VitalColumn:
    """One vital's values."""

    name: str
    kind: VitalKind
    values: npt.NDArray[np.float64] | npt.NDArray[np.object_]
    """number: float64 with NaN where missing; category: strings with None where missing; shape (n,)."""
    unit: str | None = None
    range: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """What a model may see of n records; any input may be missing in any record."""

    n: int
    """Number of records."""
    text: TextColumn | None = None
    """Notes; None when the study has no text input."""
    vitals: Mapping[str, VitalColumn] = field(default_factory=dict)
    """Vitals by column name, in the study's order; empty when the study has none."""
    image: ImageColumn | None = None
    """Images; None when the study has none."""

    def __len__(self) -> int:
        return self.n

    def input_names(self) -> tuple[str, ...]:
        """Return which inputs exist, e.g. ("text", "vitals")."""
        names = []
        if self.text is not None:
            names.append("text")
        if self.vitals:
            names.append("vitals")
        if self.image is not None:
            names.append("image")
        return tuple(names)


def record_keys(records: Records) -> list[object]:
    """Return what each record says, as something that can be looked up: equal records have equal keys."""
    texts = [None] * len(records) if records.text is None else records.text.take(np.arange(len(records)))
    columns = [[None if value != value else value for value in v.values.tolist()] for v in records.vitals.values()]
    images = [] if records.image is None else [records.image.keys.tolist()]
    return list(zip(texts, *columns, *images, strict=True))


class TextList:
    """A TextColumn over a list in memory."""

    def __init__(self, texts: Sequence[str | None]) -> None:
        self._texts = list(texts)

    def __len__(self) -> int:
        return len(self._texts)

    def take(self, rows: Sequence[int] | npt.NDArray[np.int64]) -> list[str | None]:
        """Return the texts of these records."""
        return [self._texts[int(row)] for row in rows]

    def chunks(self, size: int) -> Iterator[list[str | None]]:
        """Yield all texts in order, `size` at a time."""
        for start in range(0, len(self._texts), size):
            yield self._texts[start : start + size]
