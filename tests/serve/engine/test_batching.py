"""Questions gather while others are answered; too many, too slow and too late ones are refused."""

from __future__ import annotations

import asyncio
import threading

import pytest

from primum.serve.engine.batching import Batcher
from primum.serve.security.faults import Refused


class Slow:
    """An answerer that waits until it is let go, and remembers its batches."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.begun = threading.Event()
        self.go = threading.Event()

    def __call__(self, questions):
        self.batches.append(list(questions))
        self.begun.set()
        assert self.go.wait(10)
        return [ValueError("odd") if one == 13 else 2 * one for one in questions]


def _batcher(answer, **options):
    given = {"most": 8, "size": 10, "threads": 1, "timeout_s": 10.0, "name": "test"}
    return Batcher(answer, **{**given, **options})


async def _begun(slow: Slow) -> None:
    assert await asyncio.to_thread(slow.begun.wait, 10)


def test_what_waits_is_answered_together_within_the_size():
    slow = Slow()
    batcher = _batcher(slow)

    async def main():
        first = asyncio.create_task(batcher.ask(1, size=3))
        await _begun(slow)
        rest = [asyncio.create_task(batcher.ask(number, size=4)) for number in (2, 3, 4)]
        await asyncio.sleep(0)
        slow.go.set()
        return await asyncio.gather(first, *rest)

    assert asyncio.run(main()) == [2, 4, 6, 8]
    assert slow.batches == [[1], [2, 3], [4]]
    batcher.close(drain_s=1)


def test_one_larger_than_a_batch_is_answered_alone_and_one_fault_is_not_anothers():
    slow = Slow()
    slow.go.set()
    batcher = _batcher(slow)

    async def main():
        return await asyncio.gather(batcher.ask(5, size=99), batcher.ask(13, size=1), return_exceptions=True)

    big, odd = asyncio.run(main())
    assert big == 10 and isinstance(odd, ValueError)
    batcher.close(drain_s=1)


def test_beyond_the_queue_it_is_429_with_when_to_come_back():
    slow = Slow()
    batcher = _batcher(slow, most=2)

    async def main():
        tasks = [asyncio.create_task(batcher.ask(1, size=1))]
        await _begun(slow)
        tasks += [asyncio.create_task(batcher.ask(number, size=1)) for number in (2, 3)]
        await asyncio.sleep(0)
        assert batcher.waiting == 2
        with pytest.raises(Refused, match="Too many questions wait") as caught:
            await batcher.ask(4, size=1)
        assert caught.value.status == 429 and int(caught.value.headers["Retry-After"]) >= 1
        with pytest.raises(Refused, match="Too many"):
            await batcher.ask_all([(5, 1), (6, 1)])
        slow.go.set()
        return await asyncio.gather(*tasks)

    assert asyncio.run(main()) == [2, 4, 6]
    batcher.close(drain_s=1)


def test_too_slow_is_503_and_what_nobody_waits_for_is_not_answered():
    slow = Slow()
    batcher = _batcher(slow, timeout_s=0.2)

    async def main():
        first = asyncio.create_task(batcher.ask(1, size=1))
        await _begun(slow)
        second = asyncio.create_task(batcher.ask(2, size=1))
        return await asyncio.gather(first, second, return_exceptions=True)

    found = asyncio.run(main())
    slow.go.set()
    assert [one.status for one in found] == [503, 503] and "took too long" in str(found[0])
    batcher.close(drain_s=1)
    assert slow.batches == [[1]]


def test_at_the_end_what_waits_is_answered_and_nothing_more_is_taken():
    slow = Slow()
    batcher = _batcher(slow)

    async def main():
        first = asyncio.create_task(batcher.ask(1, size=1))
        await _begun(slow)
        second = asyncio.create_task(batcher.ask(2, size=1))
        await asyncio.sleep(0)
        closing = asyncio.create_task(asyncio.to_thread(batcher.close, drain_s=10))
        while not batcher._closed:
            await asyncio.sleep(0.001)
        with pytest.raises(Refused, match="The service is stopping"):
            await batcher.ask(3, size=1)
        slow.go.set()
        await closing
        return await asyncio.gather(first, second)

    assert asyncio.run(main()) == [2, 4]


def test_what_cannot_be_drained_in_time_is_refused():
    slow = Slow()
    batcher = _batcher(slow)

    async def main():
        first = asyncio.create_task(batcher.ask(1, size=1))
        await _begun(slow)
        second = asyncio.create_task(batcher.ask(2, size=1))
        await asyncio.sleep(0)
        await asyncio.to_thread(batcher.close, drain_s=0.01)
        with pytest.raises(Refused, match="stopping"):
            await second
        slow.go.set()
        return await first

    assert asyncio.run(main()) == 2
