"""The room where questions are put, and the page of a Case with its answer and its decision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.responses import Response

from primum.evidence import METRICS
from primum.serve.answering import Explanation
from primum.serve.api.answers import check_file
from primum.serve.api.cases import PictureName, readable
from primum.serve.api.parts import CaseId, TheDesk, desk_of
from primum.serve.cases import Case
from primum.serve.cases.case import VERBS
from primum.serve.deciding import decide, found_in
from primum.serve.desk import Desk, Question
from primum.serve.engine import OpenedRelease
from primum.serve.engine.pictures import IMAGE, PRIOR
from primum.serve.page.fields import EXAMPLES, PREFIX, example_of, fields_of
from primum.serve.page.found import BOX, LABEL, REJECT, found_of, placed_of, said_of_marks
from primum.serve.page.marks import cells_of, marks_of, places_in, regions_of
from primum.serve.page.rendering import go, render, sentence
from primum.serve.page.wording import language_of, words
from primum.serve.people.access import needs
from primum.serve.people.principal import Principal
from primum.serve.placing import Placed
from primum.serve.security.bodies import check_words
from primum.serve.security.faults import Refused

router = APIRouter(include_in_schema=False)
Asker = Annotated[Principal, Depends(needs("answer"))]
Reader = Annotated[Principal, Depends(needs("cases.own"))]
Decider = Annotated[Principal, Depends(needs("decide"))]
_RECENT = 8
_NOTHING_TYPED = {"decision": "", "answer": "", "reason": "", "places": [], BOX: [], LABEL: [], REJECT: []}


@router.get("/")
def consult(
    request: Request,
    desk: TheDesk,
    who: Asker,
    release: Annotated[str | None, Query(max_length=64)] = None,
    example: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """Show the form of a question, empty or with a made-up example."""
    chosen = desk.engine.release(release or None)
    values: dict[str, str] = {}
    if example in EXAMPLES:
        values = example_of(chosen, example, says=words(language_of(request))("consult.made_up"))
    return _form(request, who, chosen, values)


@router.post("/consult")
async def ask(request: Request, desk: TheDesk, who: Asker) -> Response:
    """Put a question and go to its Case."""
    async with request.form() as form:  # closes the files
        texts = {name: value for name, value in form.items() if isinstance(value, str)}
        check_words(*texts, *texts.values())
        chosen = desk.engine.release(texts.get("release") or None)
        given = {name: value for name, value in texts.items() if name.startswith(PREFIX)}
        try:
            files = {name: await _file(form, name, desk) for name in (IMAGE, PRIOR)}
            answer = await desk.ask(_question(texts, files), who, release=chosen.id, lang=language_of(request))
        except Refused as refused:
            if refused.status not in (409, 413, 415, 422):
                raise
            return _form(request, who, chosen, given, refused=refused, patient=texts.get("patient", ""))
    return go(f"/cases/{answer.case}")


def _question(texts: Mapping[str, str], files: Mapping[str, bytes | None]) -> Question:
    inputs = {n.removeprefix(PREFIX): value for n, value in texts.items() if n.startswith(PREFIX) and value.strip()}
    patient = texts.get("patient", "").strip()[:200] or None
    return Question(inputs=inputs, patient=patient, image=files[IMAGE], prior=files[PRIOR])


async def _file(form: FormData, name: str, desk: Desk) -> bytes | None:
    """Return a file of a form; None where none was chosen."""
    file = form.get(name)
    if not isinstance(file, UploadFile):
        return None
    content = await file.read()
    check_file(content, desk, field=name)
    return content or None


@router.get("/cases/{case}/images/{name}")
def image(case: CaseId, name: PictureName, desk: TheDesk, who: Reader) -> Response:
    """Show an image of a Case."""
    readable(desk.cases, case, who)
    return Response(desk.cases.picture(case, name), media_type="image/png")


@router.get("/cases/{case}")
def show(case: CaseId, request: Request, desk: TheDesk, who: Reader) -> Response:
    """Show a Case: its record, its answer, what was decided, and what this person may decide."""
    return case_page(request, readable(desk.cases, case, who), who)


@router.get("/cases/{case}/reasons")
async def reasons(case: CaseId, request: Request, desk: TheDesk, who: Reader) -> Response:
    """Show which words and vitals speak for the answer: a part for the page, or a page of its own."""
    found = await run_in_threadpool(readable, desk.cases, case, who)
    told = await desk.explain(found)
    if request.headers.get("hx-request") == "true":
        return render(request, "parts/reasons.html", reasons=told, pieces=pieces(told))
    return await run_in_threadpool(case_page, request, found, who, told=told)


@router.post("/cases/{case}/decision")
async def decided(case: CaseId, request: Request, desk: TheDesk, who: Decider) -> Response:
    """Write down what a person decides, as the asker or as a reviewer."""
    async with request.form() as form:
        return await run_in_threadpool(_decided, case, request, desk, who, form)


def _decided(case: str, request: Request, desk: Desk, who: Principal, form: FormData) -> Response:
    typed = {name: _typed(form, name, most) for name, most in (("decision", 20), ("answer", 400), ("reason", 4000))}
    places, of_marks = places_in(form), said_of_marks(form)
    found = readable(desk.cases, case, who)
    verb = next((one for one in VERBS if one == typed["decision"]), None)
    try:
        if verb is None:
            raise Refused("invalid", "Choose accept, correct or refuse.", key="no_decision")
        decide(
            desk,
            case,
            who,
            verb,
            answer=typed["answer"] or None,
            reason=typed["reason"],
            review=found.head.owner != who.id,
            regions=[
                *placed_of(of_marks, found_in(found)),
                *(Placed(region=region) for region in regions_of(places)),
            ],
        )
    except Refused as refused:
        return case_page(request, found, who, fault=refused, typed={**typed, "places": places, **of_marks})
    return go(f"/cases/{case}")


def _typed(form: FormData, name: str, most: int) -> str:
    value = form.get(name)
    words = value if isinstance(value, str) else ""
    check_words(words)
    if len(words) > most:
        raise Refused("invalid", f"The request is not as expected: {name}.")
    return words


def case_page(
    request: Request,
    case: Case,
    who: Principal,
    *,
    fault: Refused | None = None,
    typed: dict[str, Any] | None = None,
    told: Explanation | None = None,
) -> Response:
    """Return the page of a Case."""
    mine, decided = case.head.owner == who.id, any(one.by == who.id for one in case.decisions)
    may = case.head.state != "closed" and not decided and case.answer is not None
    may = may and who.may("decide") and (mine or (case.head.held and who.may("review")))
    # A second reader reads without knowing what the first one decided; of a dispute everything is shown.
    blind = may and not mine and case.head.state == "waiting"
    return render(
        request,
        "case.html",
        status=200 if fault is None else fault.status,
        room="consult" if mine else "reviews",
        case=case,
        mine=mine,
        may=may,
        decisions=[one for one in case.decisions if not (blind and one.review)],
        hidden=sum(1 for one in case.decisions if blind and one.review),
        said="" if fault is None else sentence(request, fault),
        typed={**_NOTHING_TYPED, **(typed or {})},
        cells=cells_of(told, case.images[IMAGE]) if case.images else [],
        marks=[] if case.answer is None else marks_of(case, hide_reviews=blind),
        found=found_of(case, hide_reviews=blind),
        reasons=told,
        pieces=[] if told is None else pieces(told),
        metric_title=lambda name: METRICS.get(name).title[language_of(request)],
    )


def pieces(told: Explanation) -> list[tuple[str, float]]:
    """Return a note cut at the words that an explanation names, each with its share of the strongest, -1 to 1."""
    cuts = sorted((int(w["start"]), int(w["end"]), float(w["adds"])) for w in told.words)
    strongest = max((abs(adds) for *_, adds in cuts), default=0.0) or 1.0
    found, at = list[tuple[str, float]](), 0
    for start, end, adds in cuts:
        if start < at:
            continue
        found += [(told.text[at:start], 0.0), (told.text[start:end], adds / strongest)]
        at = end
    return [(piece, share) for piece, share in [*found, (told.text[at:], 0.0)] if piece]


def _form(
    request: Request,
    who: Principal,
    chosen: OpenedRelease,
    values: dict[str, str],
    *,
    refused: Refused | None = None,
    patient: str = "",
) -> Response:
    desk = desk_of(request)
    wrong = {one.field.removeprefix("inputs.") for one in refused.errors} if refused else set()
    return render(
        request,
        "consult.html",
        status=200 if refused is None else refused.status,
        room="consult",
        releases=list(desk.engine.releases.values()),
        chosen=chosen,
        fields=fields_of(chosen),
        reads_images=chosen.roles.inputs.image is not None,
        values=values,
        patient=patient,
        wrong=wrong,
        said="" if refused is None else sentence(request, refused),
        examples=list(EXAMPLES),
        recent=desk.cases.heads(owner=who.id, limit=_RECENT),
    )
