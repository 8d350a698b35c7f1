"""Asking a Release: one question, or several."""

from __future__ import annotations

import base64
from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Request, Response, UploadFile
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

from primum.serve.answering import Answer
from primum.serve.api.bodies import Ask, AskAll
from primum.serve.api.parts import TheDesk, as_json, refusals
from primum.serve.desk import Desk, Question
from primum.serve.engine.pictures import IMAGE, PRIOR
from primum.serve.people import Principal, needs
from primum.serve.security.bodies import check_json
from primum.serve.security.faults import FieldFault, Refused
from primum.serve.security.limits import Limits

router = APIRouter(prefix="/api/v1", tags=["answers"])
Asker = Annotated[Principal, Depends(needs("answer"))]


class Answers(BaseModel):
    """Answers in the order of the questions."""

    ok: bool = True
    answers: list[Answer]


def speak(request: Request, body: Ask | AskAll) -> None:
    """Let refusals be in the language that the answer was asked for, where one was named."""
    if "lang" in body.model_fields_set:
        request.state.lang = body.lang


@router.post("/answer", response_model=Answer, responses=refusals(404, 409, 413, 415, 503))
async def answer(body: Ask, request: Request, desk: TheDesk, who: Asker) -> Response:
    """Ask one question. Its Case is stored, encrypted, and in the Ledger before the answer goes out."""
    speak(request, body)
    image, prior = file_of(body.image, desk, field=IMAGE), file_of(body.prior, desk, field=PRIOR)
    question = Question(inputs=body.inputs, patient=body.patient, image=image, prior=prior)
    return as_json(await desk.ask(question, who, release=body.release, lang=body.lang, explain=body.explain))


@router.post("/answer/image", response_model=Answer, responses=refusals(404, 409, 413, 415, 503))
async def answer_image(
    request: Request,
    desk: TheDesk,
    who: Asker,
    question: Annotated[str, Form(max_length=1_000_000, description="The question as JSON, as for `/answer`.")],
    image: Annotated[UploadFile, File(description="A PNG, JPEG, TIFF or DICOM file.")],
    prior: Annotated[UploadFile | None, File(description="An earlier image, to be seen beside it.")] = None,
) -> Response:
    """Ask one question about an image file, as a form of several parts."""
    check_json(question.encode("utf-8", "surrogatepass"), Limits())
    try:
        body = Ask.model_validate_json(question)
    except ValidationError as exc:
        raise RequestValidationError(
            [{**one, "loc": ("body", "question", *one["loc"])} for one in exc.errors(include_input=False)]
        ) from None
    speak(request, body)
    if body.image is not None or body.prior is not None:
        raise Refused("invalid", "Of an image send the file or the base64, not both.")
    files = {name: await file.read() for name, file in ((IMAGE, image), (PRIOR, prior)) if file is not None}
    for name, content in files.items():
        check_file(content, desk, field=name)
    asked = Question(inputs=body.inputs, patient=body.patient, image=files[IMAGE], prior=files.get(PRIOR))
    return as_json(await desk.ask(asked, who, release=body.release, lang=body.lang, explain=body.explain))


def file_of(encoded: str | None, desk: Desk, *, field: str) -> bytes | None:
    """Return a file that came as base64.

    Raises:
        Refused: it is no base64, or the file is too large.
    """
    if encoded is None:
        return None
    try:
        content = base64.b64decode(encoded, validate=True)
    except ValueError:
        fault = FieldFault(field=field, message="must be base64.")
        raise Refused("invalid", f"The request is not as expected: {field}.", errors=[fault]) from None
    check_file(content, desk, field=field)
    return content


def check_file(content: bytes, desk: Desk, *, field: str) -> None:
    """Check the size of a file.

    Raises:
        Refused: it is too large.
    """
    most = desk.image_megabytes
    if len(content) > most * 1_000_000:
        fault = FieldFault(field=field, message=f"must be of at most {most:g} megabytes.")
        raise Refused("too_large", f"The image is larger than {most:g} megabytes.", errors=[fault], key="image_large")


@router.post("/answers", response_model=Answers, responses=refusals(404, 409, 413, 503))
async def answers(body: AskAll, request: Request, desk: TheDesk, who: Asker) -> Response:
    """Ask up to 256 questions at once. All are answered and stored, or none is."""
    speak(request, body)
    questions = [Question(inputs=one.inputs, patient=one.patient) for one in body.questions]
    found = await desk.ask_all(questions, who, release=body.release, lang=body.lang)
    return as_json({"ok": True, "answers": found})
