"""Questions gather while others are answered; too many, too slow and too late ones are refused."""

from __future__ import annotations

import asyncio
import threading

import pytest

from primum.serve.engine.batching import Batcher, Onward
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


class Noting:
    """An answerer that adds one, and remembers its batches and the threads that asked it."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.threads: list[str] = []

    def __call__(self, questions):
        self.batches.append(list(questions))
        self.threads.append(threading.current_thread().name)
        return [Refused("conflict", "Not this one.") if one == 26 else one + 1 for one in questions]


def test_what_another_queue_has_to_do_first_goes_there_together_and_each_gets_its_own_answer():
    then, slow = Noting(), Slow()
    after = _batcher(then, name="after")
    batcher = _batcher(lambda asked: [one if isinstance(one, Exception) else Onward(after, one) for one in slow(asked)])

    async def main():
        first = asyncio.create_task(batcher.ask(1, size=1))
        await _begun(slow)
        rest = [asyncio.create_task(batcher.ask(number, size=2)) for number in (2, 13, 13, 4)]
        await asyncio.sleep(0)
        slow.go.set()
        return await asyncio.gather(first, *rest, return_exceptions=True)

    one, two, odd, odder, four = asyncio.run(main())
    assert (one, two, four) == (3, 5, 9) and isinstance(odd, ValueError) and isinstance(odder, ValueError)
    assert then.batches in ([[2], [4, 8]], [[2, 4, 8]])  # whether its thread was awake in time
    assert slow.batches == [[1], [2, 13, 13, 4]]
    batcher.close(drain_s=1)
    after.close(drain_s=1)


def test_what_the_other_queue_refuses_is_refused_to_who_asked_and_to_nobody_else():
    then = Noting()
    after = _batcher(then, name="after")
    batcher = _batcher(lambda asked: [Onward(after, 2 * one) for one in asked], size=1)

    async def main():
        return await asyncio.gather(*(batcher.ask(number, size=1) for number in (13, 1)), return_exceptions=True)

    refused, three = asyncio.run(main())
    assert isinstance(refused, Refused) and refused.status == 409 and three == 3
    after.close(drain_s=1)

    async def late():
        with pytest.raises(Refused, match="stopping"):
            await batcher.ask(5, size=1)

    asyncio.run(late())
    batcher.close(drain_s=1)


def test_where_the_other_queue_is_quick_and_nobody_waits_its_thread_is_not_woken():
    then = Noting()
    after = _batcher(then, name="after")
    batcher = _batcher(lambda asked: [Onward(after, one) for one in asked], name="first")

    async def main():
        slow = await batcher.ask(1, size=1)  # how quick it is has to be seen first
        after._pace_s = 0.0
        return slow, await batcher.ask(2, size=1)

    assert asyncio.run(main()) == (2, 3)
    assert then.threads == ["after-0", "first-0"]
    batcher.close(drain_s=1)
    after.close(drain_s=1)


def test_what_nobody_waits_for_is_not_handed_on():
    then, slow = Noting(), Slow()
    after = _batcher(then, name="after")
    batcher = _batcher(lambda asked: [Onward(after, one) for one in slow(asked)])

    async def main():
        task = asyncio.create_task(batcher.ask(1, size=1))
        await _begun(slow)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        slow.go.set()
        return await batcher.ask(2, size=1)

    assert asyncio.run(main()) == 5
    assert then.batches == [[4]]
    batcher.close(drain_s=1)
    after.close(drain_s=1)


def test_all_answers_of_a_batch_wake_the_event_loop_once(monkeypatch):
    slow = Slow()
    batcher = _batcher(slow)
    woken = []

    async def main():
        loop = asyncio.get_running_loop()
        first = asyncio.create_task(batcher.ask(1, size=1))
        await _begun(slow)
        rest = [asyncio.create_task(batcher.ask(number, size=1)) for number in range(2, 8)]
        await asyncio.sleep(0)
        real = loop.call_soon_threadsafe
        monkeypatch.setattr(loop, "call_soon_threadsafe", lambda *args: (woken.append(1), real(*args))[1])
        slow.go.set()
        return await asyncio.gather(first, *rest), len(woken)

    assert asyncio.run(main()) == ([2, 4, 6, 8, 10, 12, 14], 2)
    assert len(slow.batches) == 2
    batcher.close(drain_s=1)
