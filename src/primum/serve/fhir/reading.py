"""A patient's FHIR resources as the inputs of a Case, by the codes that the study states."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from primum.errors import InputError
from primum.serve.fhir.units import same_unit
from primum.serve.told import Unread, Why
from primum.study.spec_cohort import InputsSpec, VitalSpec

_VOID = frozenset({"entered-in-error", "cancelled", "registered", "unknown"})
_REFUTED = frozenset({"refuted", "entered-in-error"})
_GONE = frozenset({"inactive", "remission", "resolved"})
_EPOCH = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class FhirCase:
    """What goes into a Case."""

    inputs: Mapping[str, str | float | None]
    """Column -> value; None where the resources do not give it."""
    patient: str | None
    """The Patient's id."""
    sources: Mapping[str, str] = field(default_factory=dict)
    """Column -> the resource that it comes from, e.g. "Observation/42"."""
    unread: tuple[Unread, ...] = ()


def read_case(resource: Mapping[str, Any], inputs: InputsSpec, *, today: date | None = None) -> FhirCase:
    """Return what a Bundle or a single resource says of the study's inputs.

    Of several resources with a code the newest counts; one that was entered in error, cancelled, or is not confirmed
    state counts for nothing. The newest document is the text.

    Args:
        resource: valid FHIR of either version.
        inputs: of the study; a vital without `code` cannot be read and is missing.
        today: for ages; None: the clock's.
    Raises:
        InputError: there are resources of several patients, or the study states no code and takes no text.
    """
    if not inputs.text and not any(vital.code for vital in inputs.vitals):
        raise InputError("study: no vital has a FHIR code; state `code` for each vital under cohort.inputs.vitals.")
    resources = list(_resources(resource))
    patient = _one_patient(resources)
    values: dict[str, str | float | None] = {}
    sources: dict[str, str] = {}
    unread: list[Unread] = []
    for vital in inputs.vitals:
        value, source, why = _vital(vital, resources, patient, today or datetime.now(UTC).date())
        values[vital.column] = value
        if source:
            sources[vital.column] = source
        if why:
            unread.append(Unread(column=vital.column, why=why, expected=vital.unit or ""))
    for place, column in enumerate(inputs.text):
        text, source = _newest_text(resources) if place == 0 else (None, "")
        values[column] = text
        if source:
            sources[column] = source
        if text is None:
            unread.append(Unread(column=column, why="not_text" if source else "absent"))
    return FhirCase(inputs=values, patient=_id_of(patient, resources), sources=sources, unread=tuple(unread))


def _resources(resource: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    if resource.get("resourceType") != "Bundle":
        yield resource
        return
    for entry in resource.get("entry") or []:
        inner = entry.get("resource")
        if isinstance(inner, Mapping):
            yield from _resources(inner)


def _one_patient(resources: list[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    patients = [one for one in resources if one.get("resourceType") == "Patient"]
    named = {_subject(one) for one in resources} - {""}
    named |= {str(one["id"]) for one in patients if one.get("id")}
    if len(patients) > 1 or len(named) > 1:
        raise InputError("FHIR: there are resources of several patients; send one patient's.")
    return patients[0] if patients else None


def _subject(resource: Mapping[str, Any]) -> str:
    reference = str((resource.get("subject") or resource.get("patient") or {}).get("reference") or "")
    return reference.rpartition("/")[2].removeprefix("urn:uuid:")


def _id_of(patient: Mapping[str, Any] | None, resources: list[Mapping[str, Any]]) -> str | None:
    if patient is not None and patient.get("id"):
        return str(patient["id"])
    return next((name for name in map(_subject, resources) if name), None)


def _vital(
    vital: VitalSpec, resources: list[Mapping[str, Any]], patient: Mapping[str, Any] | None, today: date
) -> tuple[str | float | None, str, Why | None]:
    """Return value, source, and what stands against it."""
    found: list[tuple[datetime, Mapping[str, Any], Mapping[str, Any]]] = []
    for code in vital.code:
        if code.startswith("patient."):
            value = _of_patient(code, patient, today)
            if value is not None:
                return vital.values.get(str(value), value), f"Patient/{(patient or {}).get('id', '')}", None
            continue
        found += [(_when(one), holder, one) for one in resources for holder in _holders(one, tuple(code.split("|", 1)))]
    if not found:
        return None, "", "absent"
    _, holder, resource = max(found, key=lambda each: each[0])
    source = f"{resource['resourceType']}/{resource.get('id', '')}"
    if resource["resourceType"] == "Condition":
        return vital.values.get("yes", "yes"), source, None
    return _value(vital, holder, source)


def _value(vital: VitalSpec, holder: Mapping[str, Any], source: str) -> tuple[str | float | None, str, Why | None]:
    quantity = holder.get("valueQuantity")
    if isinstance(quantity, Mapping) and quantity.get("value") is not None:
        unit = str(quantity.get("code") or quantity.get("unit") or "")
        spelt = [str(quantity[key]) for key in ("code", "unit") if quantity.get(key)]
        if vital.unit and spelt and not any(same_unit(vital.unit, one) for one in spelt):
            return None, source, "unit"
        return float(quantity["value"]), source, None if vital.unit and unit else "unit_unchecked"
    for key in ("valueInteger", "valueString", "valueBoolean"):
        value = holder.get(key)
        if value is not None:
            said = ("yes" if value else "no") if isinstance(value, bool) else value
            return vital.values.get(str(said), said), source, None
    concept = holder.get("valueCodeableConcept") or {}
    codings = [one for one in concept.get("coding") or [] if one.get("code")]
    for coding in codings:
        if coding["code"] in vital.values:
            return vital.values[coding["code"]], source, None
    said = concept.get("text") or next((one.get("display") or one["code"] for one in codings), None)
    return (None, source, "no_value") if said is None else (vital.values.get(said, said), source, None)


def _of_patient(code: str, patient: Mapping[str, Any] | None, today: date) -> str | float | None:
    if patient is None:
        return None
    if code == "patient.gender":
        return patient.get("gender")
    born = str(patient.get("birthDate") or "")
    if len(born) < 4:
        return None
    # A date of birth may be a year or a month only; the earliest day of it is taken.
    year, month, day = (int(part) for part in (f"{born}-01-01" if len(born) == 4 else f"{born}-01")[:10].split("-")[:3])
    return float(today.year - year - ((today.month, today.day) < (month, day)))


def _holders(resource: Mapping[str, Any], code: tuple[str, ...]) -> Iterable[Mapping[str, Any]]:
    """Yield the parts of a resource that hold the value of a code: itself, or components of it."""
    kind = resource.get("resourceType")
    if kind == "Observation" and resource.get("status") not in _VOID:
        if _has(resource.get("code"), code):
            yield resource
        for component in resource.get("component") or []:
            if _has(component.get("code"), code):
                yield component
    elif kind == "Condition" and _has(resource.get("code"), code) and _stands(resource):
        yield resource


def _stands(condition: Mapping[str, Any]) -> bool:
    return not (
        _codes(condition.get("verificationStatus")) & _REFUTED or _codes(condition.get("clinicalStatus")) & _GONE
    )


def _codes(concept: Any) -> set[str]:
    return {str(one.get("code")) for one in (concept or {}).get("coding") or []}


def _has(concept: Any, code: tuple[str, ...]) -> bool:
    codings = (concept or {}).get("coding") or []
    return any((one.get("system"), one.get("code")) == code for one in codings)


def _newest_text(resources: list[Mapping[str, Any]]) -> tuple[str | None, str]:
    documents = [
        one
        for one in resources
        if one.get("resourceType") == "DocumentReference"
        and one.get("status") in ("current", None)
        and one.get("docStatus") != "entered-in-error"
    ]
    source = ""
    for one in sorted(documents, key=_when, reverse=True):
        source = source or f"DocumentReference/{one.get('id', '')}"
        text = "\n".join(filter(None, (_plain(each.get("attachment") or {}) for each in one.get("content") or [])))
        if text.strip():
            return text, f"DocumentReference/{one.get('id', '')}"
    return None, source


def _plain(attachment: Mapping[str, Any]) -> str:
    """Return an attachment's text; one that is elsewhere is not fetched, and only plain UTF-8 text is read."""
    kind = str(attachment.get("contentType") or "").partition(";")[0].strip().lower()
    if kind != "text/plain" or not attachment.get("data"):
        return ""
    try:
        return base64.b64decode(str(attachment["data"]), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _when(resource: Mapping[str, Any]) -> datetime:
    for key in ("effectiveDateTime", "effectiveInstant", "issued", "recordedDate", "onsetDateTime", "date"):
        if resource.get(key):
            return _moment(str(resource[key]))
    period = resource.get("effectivePeriod") or {}
    return _moment(str(period.get("end") or period.get("start") or ""))


def _moment(text: str) -> datetime:
    """Return a FHIR date, which may be a year or a month only; one that is none comes before all others."""
    padded = {4: f"{text}-01-01", 7: f"{text}-01"}.get(len(text), text)
    try:
        moment = datetime.fromisoformat(padded.replace("Z", "+00:00"))
    except ValueError:
        return _EPOCH
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
