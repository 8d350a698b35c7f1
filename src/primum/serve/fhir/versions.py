"""The versions of FHIR that are spoken, and how a resource is checked against one."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Literal, get_args

from primum.errors import InputError
from primum.extras import require

FhirVersion = Literal["R4", "R5"]
VERSIONS: tuple[FhirVersion, ...] = get_args(FhirVersion)
NUMBERS: Mapping[FhirVersion, str] = {"R4": "4.0.1", "R5": "5.0.0"}
_PACKAGES: Mapping[FhirVersion, str] = {"R4": "fhir.resources.R4B", "R5": "fhir.resources"}
"""R4B changed none of the resources in use here."""


def validated(resource: object, version: FhirVersion, kinds: tuple[str, ...]) -> dict[str, Any]:
    """Return a resource as plain JSON after it was checked against the specification of its version.

    Args:
        resource: a JSON object.
        version: R4 or R5.
        kinds: the resource types that may come.
    Raises:
        InputError: it is none of these types or breaks the specification; what it says of a patient is not repeated.
    """
    require("fhir.resources", extra="serve", purpose="Speaking FHIR")
    kind = resource.get("resourceType") if isinstance(resource, Mapping) else None
    if kind not in kinds:
        raise InputError(f"FHIR: expected a resource of type {' or '.join(kinds)}.")
    model = import_module(f"{_PACKAGES[version]}.{kind.lower()}")
    try:
        checked = getattr(model, kind).model_validate(resource)
    except Exception as exc:  # beside ValueError the library raises TypeError and others on what is no resource
        raise InputError(
            f"FHIR {version}: the {kind} breaks the specification at {_places(exc)}; mend it there."
        ) from None
    return dict(checked.model_dump(mode="json"))


def _places(error: Exception) -> str:
    errors = error.errors() if hasattr(error, "errors") else []
    # The name of a key that FHIR does not know is the sender's own word, and is not repeated.
    known = [one["loc"][:-1] if one["type"] == "extra_forbidden" else one["loc"] for one in errors[:3]]
    places = [".".join(str(part) for part in loc) for loc in known]
    return ", ".join(dict.fromkeys(place for place in places if place)) or "its top level"
