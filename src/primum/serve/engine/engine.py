"""The Releases of one process, warm, and the questions that wait for them."""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import numpy as np

from primum.errors import nearest
from primum.serve.engine.batching import Batcher, Onward
from primum.serve.engine.judged import Judged, judge_rows
from primum.serve.engine.opening import OpenedRelease, open_release
from primum.serve.engine.pictures import ByteArray
from primum.serve.engine.rows import Row, Scalar, read_row
from primum.serve.security.faults import Refused
from primum.serve.settings import Settings

T = TypeVar("T")
Then = Callable[[Judged], Any]
_SHORT = 8
"""Digits of a Release's id that are enough to name it, where only one begins so."""


class Engine:
    """Opened Releases, each with its queue.

    Args:
        releases: the first answers where none is named.
        settings: queue, batches and times.
    """

    def __init__(self, releases: Sequence[OpenedRelease], settings: Settings) -> None:
        self.releases: Mapping[str, OpenedRelease] = {one.id: one for one in releases}
        self.default = releases[0]
        self._settings = settings
        self._queues: dict[str, Batcher[tuple[Row, Then], Any]] = {one.id: self._queue(one) for one in releases}

    @classmethod
    def open(cls, settings: Settings) -> Engine:
        """Return the engine of all Releases of the settings, each verified and asked once.

        Raises:
            ReleaseError: one of them may not be served.
            SignatureError: the list of trusted keys cannot be read.
        """
        from primum.ethics.signing import find_trust

        trust = find_trust(settings.trust)
        engine = cls([open_release(one, trust=trust, any_key=settings.any_key) for one in settings.releases], settings)
        engine.warm()
        _give_memory_back()
        return engine

    def _queue(self, release: OpenedRelease) -> Batcher[tuple[Row, Then], Any]:
        return Batcher(
            lambda asked: _judged(release, asked),
            most=self._settings.queue,
            size=self._settings.batch_tokens,
            threads=self._settings.threads,
            timeout_s=self._settings.timeout_s,
            name=f"release-{release.id[:_SHORT]}",
        )

    def warm(self) -> None:
        """Ask each Release about a record of which nothing is known, so that no patient pays for the first call."""
        for release in self.releases.values():
            vitals = {v.column: None if v.kind == "category" else float("nan") for v in release.roles.inputs.vitals}
            levels = {} if release.run.decisions is None else {release.run.decisions.attribute: "unknown"}
            role = release.roles.inputs.image
            square = None if role is None else np.zeros((role.size, role.size), np.uint8)
            shape = None if role is None else (role.size, role.size)
            judge_rows(
                release, [Row(text="warm", vitals=vitals, levels=levels, missing=(), square=square, shape=shape)]
            )

    def release(self, named: str | None) -> OpenedRelease:
        """Return the Release of an id, of the first eight or more digits of one, or the one that answers by default.

        Raises:
            Refused: there is none.
        """
        if named is None:
            return self.default
        found = [one for one in self.releases.values() if len(named) >= _SHORT and one.id.startswith(named)]
        if len(found) != 1:
            studies = [one for one in self.releases.values() if one.study == named]
            if len(studies) != 1:
                known = [one.study for one in self.releases.values()]
                raise Refused("not_found", f"There is no such Release here{nearest(named[:60], known)}.")
            return studies[0]
        return found[0]

    def column_names(self) -> set[str]:
        """Return the columns that questions to any of the Releases may have."""
        return {name for one in self.releases.values() for name in one.columns}

    def read(
        self,
        release: OpenedRelease,
        inputs: Mapping[str, Scalar],
        square: ByteArray | None = None,
        *,
        shape: tuple[int, int] | None = None,
    ) -> Row:
        """Return one question's inputs, checked; see `read_row`.

        Raises:
            Refused: they are not what the study's columns hold, or the Release has expired meanwhile.
        """
        check_date(release)
        row = read_row(inputs, release.roles, square, shape=shape)
        decisions = release.run.decisions
        if decisions is not None and decisions.attribute not in row.levels:
            raise Refused("invalid", f"This model decides by {decisions.attribute}; give it with the inputs.")
        return row

    async def ask(self, release: OpenedRelease, row: Row) -> Judged:
        """Return what a Release says of a row.

        Raises:
            Refused: too many questions wait (429), it takes too long, or the service is stopping (503).
        """
        judged: Judged = await self._queues[release.id].ask((row, _itself), size=row.tokens)
        return judged

    async def ask_then(self, release: OpenedRelease, row: Row, then: Callable[[Judged], Onward[T]]) -> T:
        """Return what another queue makes of what a Release says of a row.

        Args:
            release: that is asked.
            row: the record.
            then: makes the other queue's question; called in the thread that asked the Release.
        Raises:
            Refused: as by `ask`, of either queue.
        """
        found: T = await self._queues[release.id].ask((row, then), size=row.tokens)
        return found

    async def ask_all(self, release: OpenedRelease, rows: Sequence[Row]) -> list[Judged]:
        """Return what a Release says of several rows, all or none."""
        return await self._queues[release.id].ask_all([((row, _itself), row.tokens) for row in rows])

    def waiting(self) -> dict[str, int]:
        """Return how many questions wait, by Release."""
        return {name: queue.waiting for name, queue in self._queues.items()}

    def close(self) -> None:
        """Answer what waits, and end."""
        for queue in self._queues.values():
            queue.close(drain_s=self._settings.drain_s)


def _judged(release: OpenedRelease, asked: Sequence[tuple[Row, Then]]) -> list[Any]:
    judged = judge_rows(release, [row for row, _ in asked])
    return [_done(then, one) for (_, then), one in zip(asked, judged, strict=True)]


def _itself(judged: Judged) -> Judged:
    return judged


def _done(then: Then, judged: Judged) -> Any:
    try:
        return then(judged)
    except Exception as exc:  # one question's fault is not its neighbours'
        return exc


def _give_memory_back() -> None:
    """Return to the system what opening took and no longer needs; the C library keeps it otherwise (glibc only)."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)


def check_date(release: OpenedRelease, now: datetime | None = None) -> None:
    """Check that a Release may still answer.

    Raises:
        Refused: it has expired.
    """
    if not release.in_date(now):
        assert release.expires is not None
        raise Refused("unavailable", f"This Release expired on {release.expires.date().isoformat()}; use a newer one.")
