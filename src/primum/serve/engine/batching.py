"""Questions that wait become one batch: bounded in number, bounded in time, never waited for on purpose.

While a batch is answered, the next one gathers by itself. A window of waiting would add to every answer and gain
nothing: on a processor texts are read one after another anyway (see `primum.model.served`); what a batch shares is the
work around the model, and the way back: all answers of a batch wake the event loop once. What has to go through
another queue first (an answer is stored before it goes out) is handed on from thread to thread, and the loop sleeps on.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from primum.serve.security.faults import Refused

Q = TypeVar("Q")
A = TypeVar("A")
logger = logging.getLogger(__name__)
_QUICK_S = 0.005


@dataclass(slots=True, eq=False)
class _Waiting(Generic[Q, A]):
    question: Q
    size: int
    until: float
    answer: asyncio.Future[A]


@dataclass(slots=True, frozen=True)
class Onward(Generic[A]):
    """In the place of an answer: the question that another queue answers, for who waits already."""

    queue: Batcher[Any, A]
    question: Any
    size: int = 1


class Batcher(Generic[Q, A]):
    """Threads that answer questions in batches.

    Args:
        answer: from questions to their answers, in order, or to the error that one of them comes to, or to what another
            queue has to do first; called from one of the threads.
        most: questions that may wait.
        size: of a batch; one question is always taken, whatever its size.
        threads: batches that are answered at the same time.
        timeout_s: longest that a question may take, waiting included.
        name: of the threads.
    """

    def __init__(
        self,
        answer: Callable[[Sequence[Q]], Sequence[A | Exception | Onward[A]]],
        *,
        most: int,
        size: int,
        threads: int,
        timeout_s: float,
        name: str,
    ) -> None:
        self._answer = answer
        self._most = most
        self._size = size
        self._timeout_s = timeout_s
        self._queue: deque[_Waiting[Q, A]] = deque()
        self._lock = threading.Condition()
        self._closed = False
        self._pace_s = 0.05
        """Seconds a question has been taking, smoothed; says when to come back."""
        self._threads = [threading.Thread(target=self._run, name=f"{name}-{i}", daemon=True) for i in range(threads)]
        for thread in self._threads:
            thread.start()

    @property
    def waiting(self) -> int:
        """How many questions wait."""
        return len(self._queue)

    async def ask(self, question: Q, *, size: int) -> A:
        """Return the answer to a question.

        Raises:
            Refused: too many wait already (429), it takes too long, or the service is stopping (503).
        """
        waiting = self._waiting(question, size, time.monotonic() + self._timeout_s)
        self._add([waiting])
        return await self._wait(waiting)

    async def ask_all(self, questions: Sequence[tuple[Q, int]]) -> list[A]:
        """Return the answers to questions with their sizes; either all of them are taken or none."""
        until = time.monotonic() + self._timeout_s
        together = [self._waiting(question, size, until) for question, size in questions]
        self._add(together)
        return list(await asyncio.gather(*(self._wait(one) for one in together)))

    def close(self, *, drain_s: float) -> None:
        """Take no more questions, answer those that wait, and end; what is left after `drain_s` is refused."""
        with self._lock:
            self._closed = True
            self._lock.notify_all()
        until = time.monotonic() + drain_s
        for thread in self._threads:
            thread.join(max(until - time.monotonic(), 0.0))
        with self._lock:
            left, self._queue = list(self._queue), deque()
        _deliver([(one.answer, _stopping()) for one in left])

    def _waiting(self, question: Q, size: int, until: float) -> _Waiting[Q, A]:
        return _Waiting(question, size, until, asyncio.get_running_loop().create_future())

    def _add(self, together: Sequence[_Waiting[Q, A]]) -> None:
        with self._lock:
            if self._closed:
                raise _stopping()
            if len(self._queue) + len(together) > self._most:
                wait = max(1, round(self._pace_s * len(self._queue)))
                raise Refused(
                    "busy", "Too many questions wait; ask again later.", headers={"Retry-After": str(min(wait, 60))}
                )
            self._queue.extend(together)
            self._lock.notify(1)

    async def _wait(self, waiting: _Waiting[Q, A]) -> A:
        try:
            async with asyncio.timeout_at(asyncio.get_running_loop().time() + waiting.until - time.monotonic()):
                return await waiting.answer
        except TimeoutError:
            raise _too_slow() from None

    def _run(self) -> None:
        while True:
            with self._lock:
                self._lock.wait_for(lambda: self._queue or self._closed)
                if not self._queue:
                    return
                batch = self._taken()
            self._timed(batch)

    def _timed(self, batch: Sequence[_Waiting[Q, A]]) -> None:
        began = time.monotonic()
        self._carry_out(batch)
        taken = (time.monotonic() - began) / max(len(batch), 1)
        self._pace_s = 0.9 * self._pace_s + 0.1 * taken

    def _taken(self) -> list[_Waiting[Q, A]]:
        """Return the next batch, without questions that nobody waits for any more; the lock is held."""
        batch: list[_Waiting[Q, A]] = []
        size, now = 0, time.monotonic()
        while self._queue and (not batch or size + self._queue[0].size <= self._size):
            one = self._queue.popleft()
            if one.until > now and not one.answer.done():
                batch.append(one)
                size += one.size
        return batch

    def _carry_out(self, batch: Sequence[_Waiting[Q, A]]) -> None:
        if not batch:
            return
        answers: Sequence[A | BaseException | Onward[A]]
        try:
            answers = self._answer([one.question for one in batch])
            if len(answers) != len(batch):
                raise ValueError("not one answer a question")
        except BaseException as exc:
            answers = [exc] * len(batch)
        ready: list[tuple[asyncio.Future[A], A | BaseException]] = []
        onward: dict[Batcher[Any, A], list[_Waiting[Any, A]]] = {}
        for one, answer in zip(batch, answers, strict=True):
            if not isinstance(answer, Onward):
                ready.append((one.answer, answer))
            elif not one.answer.done():  # else nobody waits for it any more
                further = _Waiting(answer.question, answer.size, one.until, one.answer)
                onward.setdefault(answer.queue, []).append(further)
        _deliver(ready)
        for queue, some in onward.items():
            if not self._queue and queue._is_quick():  # nobody waits for this thread: the other need not be woken
                queue._timed(some)
            else:
                queue._take(some)

    def _take(self, some: Sequence[_Waiting[Q, A]]) -> None:
        try:
            self._add(some)
        except Refused as refused:
            _deliver([(one.answer, refused) for one in some])

    def _is_quick(self) -> bool:
        """Return whether another thread may as well do this queue's work: none waits, and it takes but a moment."""
        return not self._queue and not self._closed and self._pace_s < _QUICK_S


def _deliver(answers: Sequence[tuple[asyncio.Future[A], A | BaseException]]) -> None:
    """Hand answers, or what went wrong, to who waits for them, from any thread; each event loop is woken once."""
    of_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[A], A | BaseException]]] = {}
    for answer in answers:
        of_loop.setdefault(answer[0].get_loop(), []).append(answer)
    for loop, some in of_loop.items():
        with suppress(RuntimeError):  # a loop that has ended: nobody waits any more
            loop.call_soon_threadsafe(_settle, some)


def _settle(answers: Sequence[tuple[asyncio.Future[A], A | BaseException]]) -> None:
    for future, answer in answers:
        if future.done():
            continue  # nobody waits for it any more
        if isinstance(answer, BaseException):
            future.set_exception(answer)
        else:
            future.set_result(answer)


def _too_slow() -> Refused:
    return Refused("unavailable", "The answer took too long; ask again later.", headers={"Retry-After": "5"})


def _stopping() -> Refused:
    return Refused("unavailable", "The service is stopping; ask again in a moment.", headers={"Retry-After": "5"})
