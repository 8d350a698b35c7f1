"""CDS Hooks 2.0: each Release is a service that the electronic record calls when a patient is opened."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Depends, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from primum.i18n import Language
from primum.serve.api.cases import readable
from primum.serve.api.parts import TheDesk, as_json, refusals
from primum.serve.deciding import decide
from primum.serve.desk import Desk, Question
from primum.serve.engine import OpenedRelease
from primum.serve.fhir import FhirVersion, read_case, validated
from primum.serve.hooks import Feedback, cards_of, describe_service, prefetched, read_feedback
from primum.serve.people import Principal, needs
from primum.serve.told import told_of

router = APIRouter(prefix="/cds-services", tags=["cds hooks"])
Asker = Annotated[Principal, Depends(needs("answer"))]
Reader = Annotated[Principal, Depends(needs("releases.read"))]
Decider = Annotated[Principal, Depends(needs("decide"))]
Service = Annotated[str, Path(max_length=64, description="Id of the service: the first 12 digits of its Release.")]
_SHOWN = 12
_UNREASONED = "overridden, no reason given"


@router.get("", responses=refusals())
def discovered(desk: TheDesk, who: Reader) -> Response:
    """List the services and the resources that each wants to be sent."""
    found = [_described(release) for release in desk.engine.releases.values() if _coded(release)]
    return as_json({"services": found})


@router.post("/{service}", responses=refusals(404, 413, 503))
async def called(
    service: Service,
    call: Annotated[dict[str, Any], Body()],
    request: Request,
    desk: TheDesk,
    who: Asker,
    lang: Annotated[Language, Query()] = "en",
) -> Response:
    """Answer about the patient who is opened in the record: one card, never an order."""
    release = desk.engine.release(service)
    bundle = prefetched(call)
    version: FhirVersion = "R5" if str(call.get("fhirVersion") or "").startswith("5") else "R4"
    read = read_case(validated(bundle, version, ("Bundle",)), release.run.spec.cohort.inputs)
    given = {column: value for column, value in read.inputs.items() if value is not None}
    patient = read.patient or str(call["context"]["patientId"])
    answer = await desk.ask(Question(inputs=given, patient=patient), who, release=release.id, lang=lang)
    url = str(request.base_url).rstrip("/")
    return as_json(cards_of([told_of(answer, read.unread)], url=url, lang=lang))


@router.post("/{service}/feedback", responses=refusals(404, 409))
async def told_back(service: Service, body: Annotated[dict[str, Any], Body()], desk: TheDesk, who: Decider) -> Response:
    """Write down what clinicians did with cards: taken up, or overruled and why."""
    desk.engine.release(service)
    for one in read_feedback(body):
        await run_in_threadpool(_decided, desk, one, who)
    return as_json({})


def _decided(desk: Desk, feedback: Feedback, who: Principal) -> None:
    readable(desk.cases, feedback.case, who)
    reason = feedback.reason or (_UNREASONED if feedback.decision == "refuse" else "")
    decide(desk, feedback.case, who, feedback.decision, answer=None, reason=reason, review=False)


def _described(release: OpenedRelease) -> dict[str, Any]:
    use = release.card.get("intended_use") or {}
    said = (str(release.card.get("question") or ""), str(use.get("population") or ""), str(use.get("not_for") or ""))
    return describe_service(
        service=release.id[:_SHOWN],
        title=release.study,
        description=" ".join(part for part in said if part),
        inputs=release.run.spec.cohort.inputs,
    )


def _coded(release: OpenedRelease) -> bool:
    inputs = release.run.spec.cohort.inputs
    return bool(inputs.text) or any(vital.code for vital in inputs.vitals)
