"""How long each step of a run took, told to whoever watches."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from primum.progress import Progress


@dataclass(slots=True)
class Clock:
    """Seconds by step."""

    progress: Progress
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str, detail: str = "") -> Iterator[None]:
        """Announce a step and add what its body takes to the step's seconds."""
        self.progress.step(name, detail)
        started = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - started
