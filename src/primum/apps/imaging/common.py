"""What all DICOM outputs say alike: a new series in the source's study, made by this Release."""

from __future__ import annotations

from typing import Any

from primum.apps.imaging.marks import NOTICE, PURPOSE, Maker
from primum.extras import require

NAME = "primum"
SERIES = {"seg": 9001, "sr": 9002, "pr": 9003, "sc": 9004}
"""Numbers of the new series, far above what a scanner gives."""


def highdicom(part: str = "") -> Any:
    """Return the library that writes DICOM, or a part of it."""
    name = f"highdicom.{part}" if part else "highdicom"
    return require(name, extra="imaging", purpose=PURPOSE)


def series_of(kind: str, maker: Maker) -> dict[str, Any]:
    """Return the arguments that name a new series and what made it."""
    hd = highdicom()
    return {
        "series_instance_uid": hd.UID(),
        "series_number": SERIES[kind],
        "sop_instance_uid": hd.UID(),
        "instance_number": 1,
        "manufacturer": NAME,
        "series_description": NOTICE,
        "specific_character_set": "ISO_IR 192",
        "software_versions": (maker.version, maker.release[:64]),
    }


def device_of(maker: Maker) -> dict[str, Any]:
    """Return the arguments that name the device, where an output asks for one."""
    return {"manufacturer_model_name": maker.study[:64], "device_serial_number": maker.release[:64]}


def algorithm_of(maker: Maker) -> Any:
    """Return what made the marks, as a sequence of the Algorithm Identification macro."""
    codes: Any = require("pydicom.sr.codedict", extra="imaging", purpose=PURPOSE).codes
    return highdicom().AlgorithmIdentificationSequence(
        name=NAME,
        family=codes.DCM.ArtificialIntelligence,
        version=maker.version,
        parameters=maker.parameters(),
    )


def frames_of(frame: int, frames: int) -> list[int] | None:
    """Return the number of the frame that is marked, from 1; None where the image has one."""
    return [frame + 1] if frames > 1 else None
