"""Roles: what each column of the records is for. Plain values; the study file's reader builds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from primum.cohort.erased import Erased

VitalKind = Literal["number", "category"]
CodedKind = Literal["classes", "labels", "number"]
"""What a target is once it is coded; of regions the number says how much is marked."""
TargetKind = CodedKind | Literal["regions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class VitalRole:
    """One vital sign, laboratory value or category that the model may see."""

    column: str
    """Name of the column."""
    kind: VitalKind | None = None
    """number or category; None lets the values decide."""
    unit: str | None = None
    """Unit of a number as it stands in the records, e.g. "mmHg"; documented, never converted."""
    range: tuple[float, float] | None = None
    """Smallest and largest plausible value, in `unit`; values outside are reported, not removed."""
    missing: tuple[str, ...] = ()
    """Values that mean "not measured" besides an empty field, e.g. ("0",)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRole:
    """The column of image files that the model may see, and how each becomes a small picture."""

    column: str
    """Name of the column; a relative path starts at the folder of the table."""
    size: int = 224
    """Side of the square that an image is fitted into, in pixels."""
    colour: Literal["auto", "grey", "rgb"] = "auto"
    """auto: in colour where an image is; grey: an image in colour is refused; rgb: all are shown in colour."""
    window: tuple[float, float] | None = None
    """Centre and width of the shades of deep greys (Hounsfield units of a CT); None: the file's own, else a spread."""
    frame: int | None = None
    """Frame or slice of several, from 0; None: the middle one."""
    shortest: int = 8
    """Pixels that the shorter side has at least."""
    megapixels: float = 64.0
    """Most pixels of an image, in millions; what states more is refused before it is unpacked."""
    megabytes: float = 512.0
    """Most bytes of a file, in millions."""

    def chosen_frame(self, frames: int) -> int:
        """Return the place of the frame to read among so many; the last one where there are fewer than asked for."""
        return frames // 2 if self.frame is None else min(self.frame, frames - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class InputRoles:
    """The columns that a model may see; at least one kind is given."""

    text: tuple[str, ...] = ()
    """Text columns; several are joined with a blank line in this order."""
    vitals: tuple[VitalRole, ...] = ()
    """Numbers and categories."""
    image: ImageRole | None = None
    """Image files."""

    def columns(self) -> tuple[str, ...]:
        """Return the names of all input columns."""
        images = () if self.image is None else (self.image.column,)
        return (*self.text, *(vital.column for vital in self.vitals), *images)


@dataclass(frozen=True, slots=True, kw_only=True)
class BoxesRole:
    """A table of boxes around places in pictures, one a row."""

    file: Path
    """The table."""
    key: str | None = None
    """Its column that names a record's image or id; None: the column that is called as one of theirs."""
    label: str | None = None
    """Its column that says what is there; None: label, class or category, and without such a column one label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MasksRole:
    """Mask files, which the target's column names."""

    label: str = "region"
    """What is there where a mask is not 0; empty with `values`."""
    values: Mapping[int, str] = field(default_factory=dict)
    """Value of a pixel -> label; values not named are outside. Empty: whatever is not 0 is inside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRole:
    """What the model is to predict."""

    column: str
    """Name of the column; of boxes the name of their table."""
    kind: TargetKind = "classes"
    """classes: one of several; labels: several at once, ";"-separated; number: a quantity; regions: marked places."""
    regions: BoxesRole | MasksRole | None = None
    """Where marked places are written; None for every other kind."""
    classes: tuple[str, ...] = ()
    """Class or label names in the order of their codes, where they are known; empty: those that occur, sorted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SensitiveRole:
    """An attribute by which patients may be served unequally."""

    column: str
    """Name of the column, which is also the attribute's name in predictions and findings."""
    bins: tuple[float, ...] | None = None
    """Edges of the bands of a number, ascending; a band holds its lower edge, the last band both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRole:
    """Which records may be used."""

    column: str
    """Name of the column."""
    granted: tuple[str, ...]
    """Values that grant consent; every other value, and a missing one, refuses it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """Every column's part in the study."""

    inputs: InputRoles
    target: TargetRole
    id: str | None = None
    """Record id; None numbers the records from 1."""
    patient: str | None = None
    """Patient id; None means that each record is one patient."""
    sensitive: tuple[SensitiveRole, ...] = ()
    quasi_identifiers: tuple[SensitiveRole, ...] = ()
    """Columns that an outsider may know of a patient; none: the sensitive attributes and the hospital."""
    site: str | None = None
    """Hospital."""
    time: str | None = None
    """When the record was made: ISO date or timestamp, or a number such as a year."""
    consent: ConsentRole | None = None
    erased: Erased | None = None
    """Patients whose records are left out because they asked to be erased."""
    label_map: Mapping[str, str] = field(default_factory=dict)
    """Value in the target column -> class name; values not named keep theirs."""
    columns_of: str = ""
    """Where the records come from, for messages."""
