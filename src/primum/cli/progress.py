"""Two ways to show progress on stderr: bars on a terminal, one line a step elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from primum.i18n import known, translate

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID


def step_title(name: str, lang: str) -> str:
    """Return a step's name in the reader's language, or the name itself when the catalogue has none."""
    key = f"step.{name}"
    return translate(key, lang) if known(key, lang) else name


class LineProgress:
    """Writes one line when a step begins and, when it took long enough to matter, one when it ended."""

    def __init__(self, lang: str) -> None:
        self._lang = lang
        self._title: str | None = None
        self._began = 0.0

    def step(self, name: str, detail: str = "") -> None:
        """Write the step's title and detail."""
        self._finish()
        self._title = step_title(name, self._lang)
        self._began = time.monotonic()
        self._write(f"{self._title} {detail}".rstrip())

    def advance(self, done: float, total: float, **figures: float) -> None:
        """Say nothing: a line a step is enough in a log."""

    def note(self, message: str) -> None:
        """Write the note."""
        self._write(f"  {message}")

    def close(self) -> None:
        """End the last step."""
        self._finish()

    def _finish(self) -> None:
        seconds = time.monotonic() - self._began
        if self._title is not None and seconds >= 1.0:
            self._write("  " + translate("done_in", self._lang, name=self._title, seconds=f"{seconds:.0f}"))
        self._title = None

    def _write(self, line: str) -> None:
        sys.stderr.write(line + "\n")
        sys.stderr.flush()


class BarProgress:
    """Shows a bar a step, with the figures of the moment beside it."""

    def __init__(self, lang: str) -> None:
        self._lang = lang
        self._bars: RichProgress | None = None
        self._task: TaskID | None = None

    def step(self, name: str, detail: str = "") -> None:
        """Begin a new bar."""
        bars = self._shown()
        self._complete()
        title = f"{step_title(name, self._lang)} {detail}".rstrip()
        self._task = bars.add_task(title, total=None, figures="")

    def advance(self, done: float, total: float, **figures: float) -> None:
        """Move the current bar."""
        if self._task is None:
            return
        shown = "  ".join(f"{name} {value:.4g}" for name, value in figures.items())
        self._shown().update(self._task, completed=done, total=total, figures=shown)

    def note(self, message: str) -> None:
        """Print the note above the bars."""
        self._shown().console.print(message, markup=False, highlight=False)

    def close(self) -> None:
        """End the last bar and leave the terminal as it was."""
        self._complete()
        if self._bars is not None:
            self._bars.stop()
            self._bars = None

    def _complete(self) -> None:
        if self._task is None:
            return
        total = self._shown().tasks[self._task].total or 1
        self._shown().update(self._task, completed=total, total=total)
        self._task = None

    def _shown(self) -> RichProgress:
        if self._bars is None:
            self._bars = _new_bars()
            self._bars.start()
        return self._bars


def _new_bars() -> RichProgress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[figures]}", markup=False),
        console=Console(stderr=True),
    )
