"""FHIR R4 and R5: a patient's resources come in, an answer goes out, and nothing is stored as FHIR."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Body, Depends, Query, Request, Response

from primum.errors import InputError
from primum.i18n import Language
from primum.serve.api.bodies import ReleaseName
from primum.serve.api.parts import TheDesk, refusals
from primum.serve.desk import Question
from primum.serve.fhir import FhirVersion, answer_bundle, capability_statement, operation_outcome, read_case, validated
from primum.serve.people import Principal, needs
from primum.serve.security.speaking import asked_language, of_kind, translated
from primum.serve.told import told_of

router = APIRouter(prefix="/fhir", tags=["fhir"])
Asker = Annotated[Principal, Depends(needs("answer"))]
Reader = Annotated[Principal, Depends(needs("releases.read"))]
_EXAMPLE = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [{"resource": {"resourceType": "Patient", "id": "p1", "gender": "male", "birthDate": "1960-05-01"}}],
}
Resources = Annotated[dict[str, Any], Body(examples=[_EXAMPLE], description="A Bundle of one patient's resources.")]


class FhirResponse(Response):
    """JSON of FHIR."""

    media_type = "application/fhir+json"


@router.get("/{version}/metadata", response_class=FhirResponse, responses=refusals())
def capabilities(version: FhirVersion, who: Reader) -> Response:
    """Say what is spoken here, as a CapabilityStatement."""
    return _fhir(capability_statement(version))


@router.post("/{version}/$answer", response_class=FhirResponse, responses=refusals(404, 413, 503))
async def fhir_answer(
    version: FhirVersion,
    resources: Resources,
    request: Request,
    desk: TheDesk,
    who: Asker,
    release: Annotated[ReleaseName, Query()] = None,
    lang: Annotated[Language, Query()] = "en",
) -> Response:
    """Ask about the patient of a Bundle; the answer is a RiskAssessment with its Provenance.

    Observations, Conditions and documents are read by the codes that the study states. A value in another unit than the
    study's is not used, and the answer says so. What is wrong with the resources comes back as an OperationOutcome.
    """
    chosen = desk.engine.release(release)
    try:
        read = read_case(validated(resources, version, ("Bundle",)), chosen.run.spec.cohort.inputs)
    except InputError as exc:
        speaks = asked_language(request)
        said = translated(str(exc), speaks) or of_kind("invalid", speaks)
        return _fhir(operation_outcome(422, said), status=422)
    given = {column: value for column, value in read.inputs.items() if value is not None}
    answer = await desk.ask(Question(inputs=given, patient=read.patient), who, release=chosen.id, lang=lang)
    sources = list(dict.fromkeys(read.sources.values()))
    told = told_of(answer, read.unread)
    return _fhir(answer_bundle(told, patient=read.patient, sources=sources, fhir=version))


def _fhir(resource: dict[str, Any], *, status: int = 200) -> Response:
    return FhirResponse(orjson.dumps(resource), status_code=status)
