"""How often somebody may ask: a bucket that fills steadily and is drawn from with each request."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

_MOST_KEYS = 10_000


class Rates:
    """Buckets by key, in this process.

    Args:
        per_minute: requests that a bucket holds, and that it gains in a minute.
        clock: seconds that only go forward.
    """

    def __init__(self, per_minute: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._size = float(per_minute)
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, key: str) -> float:
        """Draw one request for `key`; return how many seconds to wait where the bucket is empty, else 0.

        The buckets asked for longest ago are forgotten beyond ten thousand.
        """
        now = self._clock()
        with self._lock:
            left, since = self._left.pop(key, (self._size, now))
            left = min(self._size, left + (now - since) * self._size / 60.0)
            wait = 0.0 if left >= 1.0 else (1.0 - left) * 60.0 / self._size
            self._left[key] = (left - 1.0 if wait == 0.0 else left, now)
            if len(self._left) > _MOST_KEYS:
                self._left.popitem(last=False)
        return wait
