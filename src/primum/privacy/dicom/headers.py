"""The header of a DICOM file by the Basic Application Confidentiality Profile of PS3.15, stricter where it is silent.

The profile lists what may identify. A file may hold more: private attributes, attributes of a newer edition or of one
vendor, free text. So what the table does not list is kept only where its kind cannot name anybody: private attributes
go, names of people go, free text is read by the rules for texts, every date moves, every identifier of an instance
becomes another, binary data that is no pixels, waveform or palette goes. Dates move by one number of days for each
patient, so that intervals stay (Retain Longitudinal Temporal Information With Modified Dates Option).
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from primum.privacy.deid import Deidentifier
from primum.privacy.deid.keyed import Keyed
from primum.privacy.dicom.table import Action, action_for

if TYPE_CHECKING:
    from pydicom.dataelem import DataElement
    from pydicom.dataset import Dataset

_STANDARD_ROOT = "1.2.840.10008."
_TEXT = frozenset({"LO", "LT", "SH", "ST", "UC", "UT", "UR"})
_BINARY = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})
_DATA_GROUPS = frozenset({0x0028, 0x5400, 0x7FE0, 0x0062, 0x0066})
"""Palettes and pixel description, waveforms, pixels, segmentations, surfaces: binary data that is no text."""
_DROPPED = frozenset({0xFFFCFFFC, 0x00880200})
"""Padding after the data set, which may hold anything, and the icon image, a small copy of the pixels as they were."""
_SAFE_TEXT = frozenset({0x00080070, 0x00081090, 0x00181020, 0x00080104, 0x00080102, 0x00080103})
"""Manufacturer, its model and software versions, and the meaning, scheme and version of coded terms."""
_OLDEST = 89


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How headers are cleaned."""

    keyed: Keyed
    """Makes codes, identifiers and the days by which dates move: the same for one patient in files and tables."""
    texts: Deidentifier
    """Reads free text."""
    keep: frozenset[str] = frozenset({"PatientSex", "PatientAge"})
    """Keywords that are left as they are (Retain Patient Characteristics Option); ages above 89 become 90."""
    counts: Counter[str] = field(default_factory=Counter)
    """What was done, by kind of attribute; never a value."""


def clean_header(data: Dataset, profile: Profile) -> str:
    """Clean a data set in place, with its file meta information, and return the code that stands for the patient.

    Args:
        data: as pydicom reads it.
        profile: what to do.
    """
    patient = str(data.get("PatientID") or data.get("PatientName") or data.get("StudyInstanceUID") or "")
    code = profile.keyed.number("patient", patient)
    shown = f"{code:064x}"[:16]
    _Cleaner(profile=profile, days=profile.keyed.days(patient), patient=patient).walk(data)
    data.PatientName = shown
    data.PatientID = shown
    _declare(data, profile)
    _clean_meta(data)
    return shown


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cleaner:
    profile: Profile
    days: int
    patient: str

    def walk(self, data: Dataset) -> None:
        for tag in list(data.keys()):
            if tag.is_private or int(tag) in _DROPPED:
                del data[tag]
                self.profile.counts["private" if tag.is_private else "padding"] += 1
                continue
            element = data[tag]
            if element.VR == "SQ":
                self._sequence(data, element)
            else:
                self._one(data, element)

    def _sequence(self, data: Dataset, element: DataElement) -> None:
        action = action_for(int(element.tag))
        if action == "X":
            del data[element.tag]
            self.profile.counts["removed"] += 1
        elif action in ("Z", "D"):
            element.value = []
            self.profile.counts["emptied"] += 1
        else:
            for item in element.value:
                self.walk(item)

    def _one(self, data: Dataset, element: DataElement) -> None:
        tag = int(element.tag)
        if element.keyword in self.profile.keep:
            if element.keyword == "PatientAge":
                element.value = _capped(str(element.value or ""))
            return
        if element.VR in ("DA", "DT") and element.keyword != "PatientBirthDate":
            self._moved(data, element)
            return
        action = action_for(tag)
        if element.VR == "UI":
            self._identified(element)
        elif action is not None:
            self._by_table(data, element, action)
        elif element.VR == "PN":
            self._emptied(element)
        elif element.VR in _TEXT and tag not in _SAFE_TEXT:
            self._read(element)
        elif element.VR == "AE":
            self._emptied(element)
        elif element.VR in _BINARY and element.tag.group not in _DATA_GROUPS:
            del data[element.tag]
            self.profile.counts["binary"] += 1

    def _by_table(self, data: Dataset, element: DataElement, action: Action) -> None:
        if element.VR == "TM":  # a time of day beside a moved date tells nothing
            return
        if action == "X":
            del data[element.tag]
            self.profile.counts["removed"] += 1
        elif action == "D" and element.VR not in _BINARY:
            element.value = _STAND_INS.get(element.VR, "")
            self.profile.counts["replaced"] += 1
        else:
            self._emptied(element)

    def _emptied(self, element: DataElement) -> None:
        element.value = b"" if element.VR in _BINARY else None
        self.profile.counts["emptied"] += 1

    def _read(self, element: DataElement) -> None:
        values = _values(element)
        read = [self.profile.texts.cell(one, column=element.name, patient=self.patient) for one in values]
        if read != values:
            element.value = read if len(read) > 1 else read[0]
            self.profile.counts["text"] += 1

    def _identified(self, element: DataElement) -> None:
        values = _values(element)
        new = [one if one.startswith(_STANDARD_ROOT) or not one else self.uid(one) for one in values]
        if new != values:
            element.value = new if len(new) > 1 else new[0]
            self.profile.counts["uid"] += 1

    def uid(self, value: str) -> str:
        """Return the identifier that stands for one, under the root of random ones (2.25, ITU-T X.667)."""
        return f"2.25.{self.profile.keyed.number('uid', value) >> 128}"

    def _moved(self, data: Dataset, element: DataElement) -> None:
        values = _values(element)
        moved = [_move(one, self.days) for one in values]
        element.value = (moved if len(moved) > 1 else moved[0]) if all(moved) and values else None
        self.profile.counts["date"] += 1


_STAND_INS: Mapping[str, Any] = {
    "LO": "REMOVED", "SH": "REMOVED", "ST": "REMOVED", "LT": "REMOVED", "UT": "REMOVED", "UC": "REMOVED",
    "PN": "REMOVED", "CS": "REMOVED", "AE": "REMOVED", "IS": "0", "DS": "0", "FD": 0.0, "FL": 0.0, "US": 0, "UL": 0,
    "SS": 0, "SL": 0,
}  # fmt: skip


def _values(element: DataElement) -> list[str]:
    value = element.value
    if value is None or value == "":
        return []
    return [str(one) for one in value] if element.VM > 1 else [str(value)]


def _move(value: str, days: int) -> str:
    """Return a DICOM date or date and time moved by days; empty where it names no day."""
    day, rest = value[:8], value[8:]
    try:
        new = dt.datetime.strptime(day, "%Y%m%d").date() + dt.timedelta(days=days)
    except (ValueError, OverflowError):
        return ""
    return f"{new:%Y%m%d}{rest}"


def _capped(age: str) -> str:
    years = age[:-1] if age.endswith("Y") else ""
    return "090Y" if years.isdigit() and int(years) > _OLDEST else age


def _declare(data: Dataset, profile: Profile) -> None:
    """Write into a data set what was done with it, in the codes of PS3.16, context group 7050."""
    from pydicom.dataset import Dataset as New
    from pydicom.sequence import Sequence as Items

    codes = [
        ("113100", "Basic Application Confidentiality Profile"),
        ("113105", "Clean Descriptors Option"),
        ("113107", "Retain Longitudinal Temporal Information Modified Dates Option"),
    ]
    if profile.keep:
        codes.append(("113108", "Retain Patient Characteristics Option"))
    items = []
    for value, meaning in codes:
        item = New()
        item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "DCM", meaning
        items.append(item)
    data.PatientIdentityRemoved = "YES"
    data.DeidentificationMethod = "primum: PS3.15 basic profile, edition 2026c"
    data.DeidentificationMethodCodeSequence = Items(items)
    data.LongitudinalTemporalInformationModified = "MODIFIED"


def _clean_meta(data: Dataset) -> None:
    """Let the file meta information say what the data set says, and no more."""
    meta = data.file_meta
    for tag in list(meta.keys()):
        if tag.group == 0x0002 and tag.element in (0x0000, 0x0001, 0x0002, 0x0003, 0x0010):
            continue
        del meta[tag]
    if "SOPInstanceUID" in data:
        meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID
    data.preamble = b"\0" * 128  # a second format may hide there
