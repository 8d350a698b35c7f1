# ruff: noqa: E501 - the table of elements stays readable
"""JSON values without identifiers: any object by its keys, FHIR resources by what their elements mean."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

from primum.privacy.deid.deidentifier import Deidentifier

_BY_KEY: Mapping[str, str] = {
    "family": "name", "given": "name", "display": "", "line": "address", "city": "place", "district": "place",
    "postalCode": "place", "birthDate": "date", "deceasedDateTime": "date", "serialNumber": "device",
    "carrierHRF": "device", "carrierAIDC": "device", "deviceIdentifier": "device", "accountIdentifier": "account_number",
    "subscriberId": "insurance_number",
}  # fmt: skip
"""FHIR elements that hold one kind of identifier and nothing else; "" means read as text."""
_KEPT = frozenset(
    "resourceType system code status use unit version type gender profile comparator valueCode intent mode class lang "
    "language contentType versionId fhirVersion vocabulary priority severity currency".split()
)
_DATE = re.compile(r"^\d{4}-\d{2}(?:-\d{2}(?:T\S+)?)?$")
_REFERENCE = re.compile(r"^(?P<type>[A-Z][A-Za-z]+)/(?P<id>[A-Za-z0-9.-]{1,64})(?P<rest>/.*)?$")
_TELECOM: Mapping[str, str] = {
    "phone": "phone",
    "fax": "fax",
    "email": "email",
    "url": "url",
    "pager": "phone",
    "sms": "phone",
}


def is_fhir(value: Any) -> bool:
    """Return whether a JSON value is a FHIR resource."""
    return isinstance(value, dict) and isinstance(value.get("resourceType"), str)


def patient_of(value: Mapping[str, Any]) -> str:
    """Return whose resource this is, as Patient/ID; empty where it does not say."""
    if value.get("resourceType") == "Patient":
        return f"Patient/{value.get('id', '')}"
    for key in ("subject", "patient", "beneficiary"):
        link = value.get(key)
        if isinstance(link, dict) and isinstance(link.get("reference"), str):
            return str(link["reference"])
    return ""


def cleaned(value: Any, deid: Deidentifier, *, patient: str, key: str = "") -> Any:
    """Return any JSON value with every text read, a short one together with its key."""
    if isinstance(value, dict):
        return {name: cleaned(inner, deid, patient=patient, key=str(name)) for name, inner in value.items()}
    if isinstance(value, list):
        return [cleaned(inner, deid, patient=patient, key=key) for inner in value]
    return deid.cell(value, column=key, patient=patient) if isinstance(value, str) else value


def cleaned_fhir(value: Any, deid: Deidentifier, *, patient: str, key: str = "", within: str = "") -> Any:
    """Return a FHIR value without identifiers: names, contacts, addresses, identifiers, dates, links and narratives.

    Args:
        value: a resource or a part of one.
        deid: what replaces and counts.
        patient: whose it is; a resource in a bundle says so itself.
        key: the element that holds it.
        within: the element around that one.
    """
    if isinstance(value, list):
        return [cleaned_fhir(inner, deid, patient=patient, key=key, within=within) for inner in value]
    if isinstance(value, dict):
        return _object(value, deid, patient=patient, key=key)
    if not isinstance(value, str) or not value or key in _KEPT:
        return value
    return _string(value, deid, patient=patient, key=key, within=within)


def _object(value: dict[str, Any], deid: Deidentifier, *, patient: str, key: str) -> dict[str, Any]:
    owner = (patient_of(value) or patient) if is_fhir(value) else patient
    made: dict[str, Any] = {}
    for name, inner in value.items():
        if key == "photo" and name in ("data", "url"):
            deid.counts["photo"] += 1
        elif name == "value" and key == "telecom" and isinstance(inner, str):
            made[name] = deid.whole(inner, _TELECOM.get(str(value.get("system")), "phone"), patient=owner)
        elif name == "value" and key == "identifier" and isinstance(inner, str):
            made[name] = deid.whole(inner, "record_number", patient=owner)
        elif name == "text" and key in ("name", "address") and isinstance(inner, str):
            made[name] = deid.whole(inner, "name" if key == "name" else "address", patient=owner)
        elif name == "data" and isinstance(inner, str):
            made[name] = _attachment(inner, str(value.get("contentType", "")), deid, owner)
        else:
            made[name] = cleaned_fhir(inner, deid, patient=owner, key=name, within=key)
    return made


def _string(value: str, deid: Deidentifier, *, patient: str, key: str, within: str) -> str:
    if key == "id":
        return _link(value, deid)
    if key in ("reference", "fullUrl"):
        found = _REFERENCE.match(value)
        if found:
            return f"{found['type']}/{_link(found['id'], deid)}{found['rest'] or ''}"
        return _link(value, deid)
    if key == "display" and within in (
        "subject",
        "patient",
        "performer",
        "author",
        "practitioner",
        "recorder",
        "asserter",
    ):
        return deid.whole(value, "name", patient=patient)
    if _BY_KEY.get(key):
        return deid.whole(value, _BY_KEY[key], patient=patient)
    if _DATE.match(value):
        return deid.whole(value, "date", patient=patient)
    return deid.text(value, patient=patient)


def _link(value: str, deid: Deidentifier) -> str:
    """Return another id for a resource, the same wherever it is spoken of."""
    return deid.code("link", value.removeprefix("urn:uuid:"))


def _attachment(data: str, content: str, deid: Deidentifier, patient: str) -> str:
    """Return an attachment's text without identifiers; one that is no plain text is left out."""
    try:
        text = base64.b64decode(data, validate=True).decode("utf-8") if content.startswith("text/") else ""
    except (binascii.Error, UnicodeDecodeError):
        text = ""
    return base64.b64encode(deid.text(text, patient=patient).encode()).decode() if text else ""
