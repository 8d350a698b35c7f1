"""What a CDS service says of itself, and the resources that the record sends with a call.

Source: HL7 CDS Hooks 2.0, sections Discovery and Calling a CDS Service.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from primum.errors import InputError
from primum.study.spec_cohort import InputsSpec

HOOK = "patient-view"
_PATIENT = "{{context.patientId}}"


def describe_service(*, service: str, title: str, description: str, inputs: InputsSpec) -> dict[str, Any]:
    """Return a service's entry of GET /cds-services, asking for no more than the study's inputs need.

    Args:
        service: its id.
        title: for people.
        description: for people; what it is for and what not.
        inputs: of the study; their codes decide what is prefetched.
    """
    return {
        "hook": HOOK,
        "id": service,
        "title": title,
        "description": description,
        "prefetch": dict(_prefetch(inputs)),
        "usageRequirements": "A person decides; a card is advice of a model and never an order.",
    }


def _prefetch(inputs: InputsSpec) -> Iterable[tuple[str, str]]:
    yield "patient", f"Patient/{_PATIENT}"
    codes = [code for vital in inputs.vitals for code in vital.code if not code.startswith("patient.")]
    if codes:
        listed = ",".join(codes)
        yield "observations", f"Observation?patient={_PATIENT}&combo-code={listed}&_sort=-date&_count=200"
        yield "conditions", f"Condition?patient={_PATIENT}&code={listed}"
    if inputs.text:
        yield "documents", f"DocumentReference?patient={_PATIENT}&status=current&_sort=-date&_count=5"


def prefetched(call: Mapping[str, Any]) -> dict[str, Any]:
    """Return the resources of a call as one Bundle.

    Nothing is fetched from the record's FHIR server: what was not sent is missing, and the answer says so.

    Args:
        call: the JSON body of POST /cds-services/{id}.
    Raises:
        InputError: it is for another hook, or brings no resources.
    """
    if call.get("hook") != HOOK:
        raise InputError(f"CDS Hooks: expected the hook {HOOK}.")
    context, sent = call.get("context"), call.get("prefetch")
    if not isinstance(context, Mapping) or not context.get("patientId"):
        raise InputError("CDS Hooks: context.patientId is missing; send the patient's id.")
    if not isinstance(sent, Mapping) or not any(isinstance(one, Mapping) for one in sent.values()):
        raise InputError("CDS Hooks: prefetch is missing; send the resources that the service asks for.")
    resources = [one for one in sent.values() if isinstance(one, Mapping)]
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}
