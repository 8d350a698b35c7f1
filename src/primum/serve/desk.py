"""The desk where questions are asked: read, answered, guarded, traced, stored, and only then handed out."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import orjson
from starlette.concurrency import run_in_threadpool

from primum.cohort.roles import ImageRole
from primum.errors import PrimumError, ShreddedError
from primum.ethics.canonical import canonical, sha256_text
from primum.ethics.signing import SigningKey
from primum.serve.answering import Answer, Explanation, Trace, answer_of, explained
from primum.serve.cases import Case, CaseHead, Cases, NewCase
from primum.serve.cases.store import erased_before
from primum.serve.engine import Engine, Judged, OpenedRelease, Row, read_row
from primum.serve.engine.batching import Batcher, Onward
from primum.serve.engine.pictures import IMAGE, PRIOR, SQUARE, Picture, pixels_of, png_of, read_upload
from primum.serve.engine.rows import Scalar
from primum.serve.people.principal import Principal
from primum.serve.security.faults import FieldFault, Refused
from primum.serve.settings import Settings
from primum.serve.tracing import Spans, Untraced

_STORED_TOGETHER = 64
_EXPLAINED_MOST = 8
Made = tuple[Answer, NewCase]
"""An answer before its ledger entry is known, and what is stored of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question put to a Release."""

    inputs: Mapping[str, Scalar]
    patient: str | None = None
    """Id of the patient, where the asker has one."""
    image: bytes | None = None
    """File of the image that is asked about."""
    prior: bytes | None = None
    """File of an earlier image of the patient, to be seen beside it; the model does not read it."""


class Desk:
    """Everything between a question and its answer.

    Args:
        engine: the Releases.
        cases: where Cases are stored.
        key: of the service, which signs answers; None: they are not signed.
        settings: of the service.
        answered: is told of every answer that was stored.
        spans: is told when something begins and ends.
    """

    def __init__(
        self,
        engine: Engine,
        cases: Cases,
        *,
        key: SigningKey | None,
        settings: Settings,
        answered: Callable[[Answer], None] = lambda answer: None,
        spans: Spans | None = None,
    ) -> None:
        self.engine = engine
        self.cases = cases
        self._key = key
        self._settings = settings
        self._answered = answered
        self._spans = spans or Untraced()
        self.image_megabytes = settings.image_megabytes
        times: dict[str, Any] = {"most": settings.queue, "timeout_s": settings.timeout_s}
        self._store: Batcher[Made, Answer] = Batcher(
            self._stored, size=_STORED_TOGETHER, threads=1, name="store", **times
        )
        self._read_image: Batcher[tuple[bytes, ImageRole, str], Picture] = Batcher(
            lambda given: [_picture(*one) for one in given], size=1, threads=1, name="image", **times
        )
        self._explain: Batcher[tuple[OpenedRelease, Row], Explanation] = Batcher(
            lambda asked: [explained(release, row) for release, row in asked],
            size=1,
            threads=1,
            name="explain",
            **{**times, "most": _EXPLAINED_MOST},
        )

    async def ask(
        self, question: Question, who: Principal, *, release: str | None = None, lang: str = "en", explain: bool = False
    ) -> Answer:
        """Return the guarded answer to a question; its Case is stored, and in the Ledger, when this returns.

        Raises:
            Refused: the question cannot be read, there is no such Release or it has expired, too many questions wait,
                it takes too long, or the patient was erased.
            LedgerError: nothing can be stored now, and so nothing is answered.
        """
        chosen = self.engine.release(release)
        pictures = await self._pictures(chosen, question)
        if explain:
            _check_reasons(chosen)
        seen = pictures.get(IMAGE)
        square, shape = (None, None) if seen is None else (seen.square, (seen.height, seen.width))
        row = self.engine.read(chosen, question.inputs, square, shape=shape)
        with self._spans.span("answer", **{"primum.release": chosen.id}):
            if explain:
                judged = await self.engine.ask(chosen, row)
                reasons = await self._reasons(chosen, row)
                made = self._made(chosen, question, row, judged, who, lang=lang, reasons=reasons, pictures=pictures)
                answer = await self._store.ask(made, size=1)
            else:
                answer = await self.engine.ask_then(
                    chosen,
                    row,
                    lambda judged: Onward(
                        self._store, self._made(chosen, question, row, judged, who, lang=lang, pictures=pictures)
                    ),
                )
        self._answered(answer)
        return answer

    async def _reasons(self, release: OpenedRelease, row: Row) -> Explanation:
        with self._spans.span("explain", **{"primum.release": release.id}):
            return await self._explain.ask((release, row), size=1)

    async def ask_all(
        self, questions: Sequence[Question], who: Principal, *, release: str | None = None, lang: str = "en"
    ) -> list[Answer]:
        """Return the answers to several questions, all or none."""
        chosen = self.engine.release(release)
        rows = [_read(self.engine, chosen, one, place) for place, one in enumerate(questions)]
        judged = await self.engine.ask_all(chosen, rows)
        made = [
            self._made(chosen, question, row, one, who, lang=lang)
            for question, row, one in zip(questions, rows, judged, strict=True)
        ]
        answers = await self._store.ask_all([(one, 1) for one in made])
        for answer in answers:
            self._answered(answer)
        return answers

    async def explain(self, case: Case) -> Explanation:
        """Return the reason for the answer of a Case that was asked before.

        Raises:
            Refused: its content was erased, its Release is not served here or marks places, too many wait, or it takes
                too long.
        """
        if case.inputs is None:
            raise Refused("conflict", "The content of this Case was erased.", key="erased")
        chosen = self.engine.release(case.head.release)
        _check_reasons(chosen)
        inputs, role, square = dict(case.inputs), chosen.roles.inputs.image, None
        if role is not None and inputs.pop(role.column, None) is not None:
            square = pixels_of(await run_in_threadpool(self.cases.picture, case.head.id, SQUARE))
        return await self._reasons(chosen, read_row(inputs, chosen.roles, square))

    async def _pictures(self, release: OpenedRelease, question: Question) -> dict[str, Picture]:
        """Return what is kept of the images that came with a question, by name.

        Raises:
            Refused: one cannot be read, the model reads none, or there is one of before and none that is asked about.
        """
        given = {name: file for name, file in ((IMAGE, question.image), (PRIOR, question.prior)) if file is not None}
        if not given:
            return {}
        role = release.roles.inputs.image
        if role is None or IMAGE not in given:
            told = "this model reads no images." if role is None else "comes with none that is asked about."
            name = next(iter(given))
            raise Refused(
                "invalid",
                f"The image cannot be taken: {told}",
                errors=[FieldFault(field=name, message=told)],
                key="no_image" if role is None else "prior_alone",
            )
        return {name: await self._read_image.ask((file, role, name), size=1) for name, file in given.items()}

    def waiting(self) -> dict[str, int]:
        """Return how many questions wait, by Release, to be stored, and to be explained."""
        own = {"store": self._store.waiting, "explain": self._explain.waiting, "image": self._read_image.waiting}
        return {**self.engine.waiting(), **own}

    def close(self) -> None:
        """Answer and store what waits, and end."""
        self.engine.close()
        self._read_image.close(drain_s=self._settings.drain_s)
        self._explain.close(drain_s=self._settings.drain_s)
        self._store.close(drain_s=self._settings.drain_s)

    def _stored(self, made: Sequence[Made]) -> list[Answer | Exception]:
        try:
            numbers = self.cases.add_all([case for _, case in made])
        except ShreddedError as exc:
            if len(made) == 1:
                return [erased_before(exc)]
            return [self._stored([one])[0] for one in made]
        except PrimumError as exc:
            return [exc] * len(made)
        return [
            replace(answer, trace=replace(answer.trace, ledger=number))
            for (answer, _), number in zip(made, numbers, strict=True)
        ]

    def _made(
        self,
        release: OpenedRelease,
        question: Question,
        row: Row,
        judged: Judged,
        who: Principal,
        *,
        lang: str,
        reasons: Explanation | None = None,
        pictures: Mapping[str, Picture] | None = None,
    ) -> Made:
        case = secrets.token_hex(16)
        hold = self._settings.hold_disagreement
        answer = answer_of(release, row, judged, case=case, lang=lang, hold_disagreement=hold)
        if reasons is not None:
            answer = replace(answer, reasons=reasons)
        shown = orjson.loads(orjson.dumps(answer))  # plain values, many times faster than dataclasses.asdict
        del shown["trace"]
        pictures = pictures or {}
        inputs = {**question.inputs, **_named(release, pictures)}
        trace = self._trace(answer, sha256_text(f"{case}\n{canonical(inputs)}"), sha256_text(canonical(shown)))
        shown["trace"] = asdict(trace)
        kept = {"inputs": inputs, "answer": shown, "patient": question.patient}
        if pictures:
            kept["images"] = {name: (one.height, one.width) for name, one in pictures.items()}
        content = canonical(kept).encode()
        new = NewCase(
            head=_head(answer, trace, who),
            patient=question.patient,
            content=content,
            figures={
                "release": answer.release,
                "input_sha256": trace.input_sha256,
                "answer_sha256": trace.answer_sha256,
                "abstained": int(answer.abstained),
                "escalated": int(answer.escalate),
                "held": int(answer.held),
            },
            pictures=_stored_as(pictures),
        )
        return replace(answer, trace=trace), new

    def _trace(self, answer: Answer, input_sha256: str, answer_sha256: str) -> Trace:
        trace = Trace(input_sha256=input_sha256, answer_sha256=answer_sha256, ledger=0, key="", signature="")
        if self._key is None:
            return trace
        said = signed_text(answer.case, answer.release, input_sha256, answer_sha256)
        return replace(trace, key=self._key.public, signature=self._key.sign(said))


def _check_reasons(release: OpenedRelease) -> None:
    """Check that a Release can be asked for reasons.

    Raises:
        Refused: it marks places, which are all that there is to show.
    """
    if release.run.marks:
        raise Refused("invalid", "This model marks places; it gives no reasons beside them.", key="no_reasons")


def signed_text(case: str, release: str, input_sha256: str, answer_sha256: str) -> str:
    """Return what the signature of an answer is over."""
    said = {"case": case, "release": release, "input_sha256": input_sha256, "answer_sha256": answer_sha256}
    return "primum answer 1\n" + canonical(said)


def _picture(file: bytes, role: ImageRole, name: str) -> Picture | Exception:
    try:
        return read_upload(file, role, field=name)
    except Refused as exc:
        return exc


def _named(release: OpenedRelease, pictures: Mapping[str, Picture]) -> dict[str, str]:
    """Return what stands for an image among the inputs: its hash, so that the trace is about it as well."""
    role = release.roles.inputs.image
    return {} if role is None or IMAGE not in pictures else {role.column: f"sha256:{pictures[IMAGE].key}"}


def _stored_as(pictures: Mapping[str, Picture]) -> dict[str, bytes]:
    shown = {name: one.shown for name, one in pictures.items()}
    return {**shown, SQUARE: png_of(pictures[IMAGE].square)} if IMAGE in pictures else shown


def _read(engine: Engine, release: OpenedRelease, question: Question, place: int) -> Row:
    try:
        return engine.read(release, question.inputs)
    except Refused as exc:
        errors = [replace(one, field=f"questions.{place}.{one.field}") for one in exc.errors]
        raise Refused(exc.kind, f"Question {place + 1}: {exc.message}", errors=errors, headers=exc.headers) from None


def _head(answer: Answer, trace: Trace, who: Principal) -> CaseHead:
    return CaseHead(
        id=answer.case,
        at=time.time(),
        release=answer.release,
        study=answer.study,
        owner=who.id,
        owner_name=who.name,
        state="open",
        held=answer.held,
        urgency=answer.urgency,
        because=answer.held_because,
        input_sha256=trace.input_sha256,
        answer_sha256=trace.answer_sha256,
        ledger=0,
        assigned="",
        assigned_name="",
        erased=False,
    )
