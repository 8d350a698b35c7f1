"""Asking a Release: one question, or several."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel

from primum.serve.answering import Answer
from primum.serve.api.bodies import Ask, AskAll
from primum.serve.api.parts import TheDesk, as_json, refusals
from primum.serve.desk import Question
from primum.serve.people import Principal, needs

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


@router.post("/answer", response_model=Answer, responses=refusals(404, 409, 413, 503))
async def answer(body: Ask, request: Request, desk: TheDesk, who: Asker) -> Response:
    """Ask one question. Its Case is stored, encrypted, and in the Ledger before the answer goes out."""
    speak(request, body)
    question = Question(inputs=body.inputs, patient=body.patient)
    return as_json(await desk.ask(question, who, release=body.release, lang=body.lang, explain=body.explain))


@router.post("/answers", response_model=Answers, responses=refusals(404, 409, 413, 503))
async def answers(body: AskAll, request: Request, desk: TheDesk, who: Asker) -> Response:
    """Ask up to 256 questions at once. All are answered and stored, or none is."""
    speak(request, body)
    questions = [Question(inputs=one.inputs, patient=one.patient) for one in body.questions]
    found = await desk.ask_all(questions, who, release=body.release, lang=body.lang)
    return as_json({"ok": True, "answers": found})
