"""An answer as FHIR: a RiskAssessment with its Provenance, both marked as asserted by artificial intelligence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

from primum.serve.fhir.versions import NUMBERS, FhirVersion
from primum.serve.told import Told

AI_LABEL = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue",
    "code": "AIAST",
    "display": "Artificial Intelligence asserted",
}
"""Security label of HL7 Terminology: the resource was asserted by artificial intelligence."""
_ISSUES: Mapping[int, str] = {400: "structure", 401: "login", 403: "forbidden", 404: "not-found", 413: "too-long",
                              422: "invalid", 429: "throttled", 503: "timeout"}  # fmt: skip


def answer_bundle(told: Told, *, patient: str | None, sources: Sequence[str], fhir: FhirVersion) -> dict[str, Any]:
    """Return a Bundle of a RiskAssessment and its Provenance; a person's decision is asked for, so it is preliminary.

    Args:
        told: the answer.
        patient: id of the Patient.
        sources: the resources that were read, e.g. "Observation/42".
        fhir: version to write.
    """
    at = told.at.isoformat(timespec="seconds")
    label = {"meta": {"security": [AI_LABEL]}}
    subject = {"reference": f"Patient/{patient}"} if patient else {"display": "not named"}
    software = {"display": f"primum {version('primum')}, Release {told.release}"}
    assessment: dict[str, Any] = {
        "resourceType": "RiskAssessment",
        "id": told.case,
        **label,
        "status": "preliminary",
        "method": {"text": f"{told.study}: {told.question}" if told.question else told.study},
        "subject": subject,
        "occurrenceDateTime": at,
        "performer": software,
        "note": [{"text": sentence} for sentence in told.sentences],
        "prediction": list(_predictions(told)),
        "basis": [{"reference": source} for source in sources if not source.endswith("/")],
    }
    provenance: dict[str, Any] = {
        "resourceType": "Provenance",
        "id": f"{told.case}-provenance",
        **label,
        "target": [{"reference": f"RiskAssessment/{told.case}"}],
        "occurredDateTime": at,
        "recorded": at,
        "agent": [
            {
                "type": {
                    "coding": [
                        {
                            "system": "http://terminology.hl7.org/CodeSystem/provenance-participant-type",
                            "code": "assembler",
                        }
                    ]
                },
                "who": software,
            }
        ],
        "entity": [{"role": "source", "what": {"reference": source}} for source in sources if not source.endswith("/")],
    }
    entries = [_without_empty(assessment), _without_empty(provenance)]
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "timestamp": at,
        "entry": [{"resource": e} for e in entries],
    }


def capability_statement(fhir: FhirVersion) -> dict[str, Any]:
    """Return what this server can do, as /metadata tells it."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-11-26",
        "kind": "instance",
        "software": {"name": "primum", "version": version("primum")},
        "implementation": {
            "description": "Answers of a Release about one patient's resources; nothing is stored as FHIR."
        },
        "fhirVersion": NUMBERS[fhir],
        "format": ["json"],
        "rest": [
            {
                "mode": "server",
                "security": {"description": "A bearer token of a person or a system, over TLS."},
                "operation": [{"name": "answer", "definition": "OperationDefinition/primum-answer"}],
            }
        ],
    }


def operation_outcome(status: int, message: str) -> dict[str, Any]:
    """Return a refusal as FHIR says it; `message` is the one sentence of the other error shape."""
    code = _ISSUES.get(status, "processing" if status < 500 else "exception")
    return {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": code, "diagnostics": message}],
    }


def _predictions(told: Told) -> list[dict[str, Any]]:
    ranked = sorted(told.probabilities.items(), key=lambda each: -each[1])
    found: list[dict[str, Any]] = [
        {"outcome": {"text": name}, "probabilityDecimal": round(value, 6), **_rationale(told, name)}
        for name, value in ranked
    ]
    if told.found:
        found.append({"outcome": {"text": told.found}})
    if told.value is not None:
        said = f"{told.value:g}"
        if told.value_range is not None:
            said += f" ({told.value_range[0]:g} to {told.value_range[1]:g})"
        found.append({"outcome": {"text": said}})
    return found


def _rationale(told: Told, name: str) -> dict[str, str]:
    """Return how far a probability holds; FHIR lets a prediction have a probability or a range of it, not both."""
    ends = told.intervals.get(name)
    return {} if ends is None else {"rationale": f"{ends[0]:.4f} – {ends[1]:.4f}"}


def _without_empty(resource: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in resource.items() if value not in ([], None, "")}
