"""Marked places as a Comprehensive SR: a measurement report after template TID 1500 of PS3.16."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

from primum.apps.imaging.common import NAME, frames_of, highdicom, series_of
from primum.apps.imaging.marks import PURPOSE, Maker, Marks, checked, code_of
from primum.apps.imaging.source import Source, silent
from primum.errors import InputError
from primum.evidence.regions import Region
from primum.extras import require


def structured_report(source: Source, marks: Marks, maker: Maker) -> Any:
    """Return a measurement report: for each region its box, label and certainty in per cent, and what found it.

    It is complete, not verified: verifying is a person's.

    Raises:
        InputError: there is no region, the source is no DICOM, or the marks do not fit it.
    """
    marks = checked(marks, *source.size)
    if not marks.regions:
        raise InputError("sr: there is no region; ask for sc, which takes a heat map.")
    header = source.dicom()
    try:
        with silent():
            sr = highdicom("sr")
            report = sr.MeasurementReport(
                observation_context=sr.ObservationContext(observer_device_context=_observer(maker)),
                procedure_reported=_procedure(header),
                imaging_measurements=[
                    _measured(source, region, number, maker) for number, region in enumerate(marks.regions, start=1)
                ],
            )
            return sr.ComprehensiveSR(
                evidence=[header], content=report, is_complete=True, is_verified=False, **series_of("sr", maker)
            )
    except (ValueError, TypeError, AttributeError, KeyError, IndexError) as exc:
        raise InputError("sr: the source's header does not say what a report on it needs.") from exc


def _codes() -> Any:
    return require("pydicom.sr.codedict", extra="imaging", purpose=PURPOSE).codes


def _procedure(header: Any) -> Any:
    """Return the procedure that the source names, or that it was one of imaging."""
    coding: Any = highdicom("sr.coding")
    given = header.get("ProcedureCodeSequence")
    if given and given[0].get("CodeValue"):
        return coding.CodedConcept.from_dataset(given[0])
    return _codes().SCT.ImagingProcedure


def _observer(maker: Maker) -> Any:
    sr = highdicom("sr")
    number = int(hashlib.sha256(f"primum {maker.release}".encode()).hexdigest()[:32], 16)
    return sr.ObserverContext(
        observer_type=_codes().DCM.Device,
        observer_identifying_attributes=sr.DeviceObserverIdentifyingAttributes(
            uid=f"2.25.{number}",  # the same Release is the same device
            name=NAME,
            manufacturer_name=NAME,
            model_name=maker.study[:64],
            serial_number=maker.release[:64],
        ),
    )


def _measured(source: Source, region: Region, number: int, maker: Maker) -> Any:
    sr, header, codes = highdicom("sr"), source.header, _codes()
    left, top, right, bottom = region.box
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom], [left, top]], dtype=np.float64)
    place = sr.ImageRegion(
        graphic_type="POLYLINE",
        graphic_data=corners,
        source_image=sr.SourceImageForRegion(
            referenced_sop_class_uid=header.SOPClassUID,  # type: ignore[union-attr]
            referenced_sop_instance_uid=header.SOPInstanceUID,  # type: ignore[union-attr]
            referenced_frame_numbers=frames_of(source.frame, source.frames),
        ),
    )
    algorithm = sr.AlgorithmIdentification(
        name=NAME,
        version=maker.version,
        family=codes.DCM.ArtificialIntelligence,
        parameters=[f"{name}={value}" for name, value in maker.parameters().items()],
    )
    certain = [] if region.score is None else [_certainty(region.score)]
    return sr.PlanarROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(uid=highdicom().UID(), identifier=f"{number} {region.label}"[:64]),
        referenced_region=place,
        finding_type=code_of(region.label),
        algorithm_id=algorithm,
        measurements=certain,
    )


def _certainty(score: float) -> Any:
    codes = _codes()
    return highdicom("sr").Measurement(
        name=codes.DCM.CertaintyOfFinding, value=round(100.0 * score, 4), unit=codes.UCUM.Percent
    )
