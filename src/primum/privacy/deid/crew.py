"""Work shared among processes: answers in the order of the work, counts added up, errors raised as in one process.

Workers are programs of their own that import this package and nothing of the caller's, so that a script or a notebook
needs no guard. They are given texts through pipes and keep none; at most two pieces of work a worker are under way, so
that memory does not grow with the work.
"""

from __future__ import annotations

import os
import pickle
import queue
import signal
import subprocess
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from primum.errors import DefectError, PrimumError
from primum.privacy.deid.deidentifier import Deidentifier

LARGE = 2_000_000
"""Characters from which on work is shared without being asked."""
Job = TypeVar("Job")
Answer = TypeVar("Answer")
_SERVE = "from primum.privacy.deid.crew import serve; serve()"
_AHEAD = 2


def workers_for(asked: int | None, size: int) -> int:
    """Return how many processes work: as many as asked; else one for each core where there is much to read.

    Args:
        asked: a number, or None for no wish.
        size: characters to read, about.
    """
    if asked is not None:
        return max(1, asked)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return cores if size >= LARGE and sys.executable else 1


class Crew:
    """Does the same task for many jobs, alone or with worker processes; a context manager.

    Args:
        deid: what replaces and counts; its counts grow with every answer.
        workers: how many processes; 1, or recognisers that were given as objects: all is done in this one.
    """

    def __init__(self, deid: Deidentifier, *, workers: int = 1) -> None:
        self._deid = deid
        self._workers = 1 if deid.recognisers else workers
        self._processes: list[subprocess.Popen[bytes]] = []
        self._idle: queue.Queue[subprocess.Popen[bytes]] = queue.Queue()

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    _close(pipe)
        self._processes = []

    def map(self, task: Callable[[Deidentifier, Job], Answer], jobs: Iterable[Job]) -> Iterator[Answer]:
        """Yield what `task` answers to each job, in order.

        Args:
            task: a function of a module of this package.
            jobs: read as they are needed; each must be picklable.
        Raises:
            PrimumError: what a task raised, when its turn comes.
        """
        if self._workers < 2:
            yield from (task(self._deid, job) for job in jobs)
            return
        self._start()
        with ThreadPoolExecutor(self._workers) as threads:
            waiting: deque[Future[tuple[Answer, Counter[str]]]] = deque()
            for job in jobs:
                waiting.append(threads.submit(self._ask, task, job))
                if len(waiting) >= _AHEAD * self._workers:
                    yield self._taken(waiting.popleft())
            while waiting:
                yield self._taken(waiting.popleft())

    def _taken(self, future: Future[tuple[Answer, Counter[str]]]) -> Answer:
        answer, counts = future.result()
        self._deid.counts.update(counts)
        return answer

    def _start(self) -> None:
        if self._processes:
            return
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path or os.getcwd() for path in sys.path)}
        for _ in range(self._workers):
            process = subprocess.Popen(
                [sys.executable, "-c", _SERVE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
            )
            self._processes.append(process)
            self._idle.put(process)
            _send(process.stdin, self._deid)

    def _ask(self, task: Callable[[Deidentifier, Job], Answer], job: Job) -> tuple[Answer, Counter[str]]:
        process = self._idle.get()
        try:
            _send(process.stdin, (task, job))
            answer, failed, counts = pickle.load(process.stdout) if process.stdout else (None, None, Counter())
        except (EOFError, OSError, pickle.UnpicklingError) as exc:
            raise DefectError(
                "A worker process ended before its work was done; run again with one: --workers 1."
            ) from exc
        finally:
            self._idle.put(process)
        if failed is not None:
            raise failed
        return answer, counts


def serve() -> None:
    """Work for a crew: read jobs from standard input, write answers to standard output, until the input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    given, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr
    try:
        deid: Deidentifier = pickle.load(given)
        while True:
            task, job = pickle.load(given)
            deid.counts.clear()
            _send(answers, _done(task, deid, job))
    except (EOFError, BrokenPipeError):
        return


def _done(task: Callable[[Deidentifier, Any], Any], deid: Deidentifier, job: Any) -> tuple[Any, Exception | None, Any]:
    try:
        return task(deid, job), None, deid.counts
    except PrimumError as exc:
        return None, exc, deid.counts
    except Exception as exc:
        # The message may quote a record: only the kind of the failure leaves the worker.
        return (
            None,
            DefectError(f"A worker process failed: {type(exc).__name__}; run again with --workers 1."),
            deid.counts,
        )


def _send(pipe: Any, what: Any) -> None:
    pickle.dump(what, pipe, protocol=pickle.HIGHEST_PROTOCOL)
    pipe.flush()


def _close(pipe: Any) -> None:
    try:
        pipe.close()
    except OSError:
        return
