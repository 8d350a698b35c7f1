"""How long work tells its reader where it is; the command line decides how that looks."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Receives the steps of a long job. Implementations must never raise."""

    def step(self, name: str, detail: str = "") -> None:
        """A new step called `name` begins (a key of the message catalogue, e.g. "train")."""

    def advance(self, done: float, total: float, **figures: float) -> None:
        """Within the current step, `done` of `total` is reached; figures such as loss=0.31 may go with it."""

    def note(self, message: str) -> None:
        """Something the reader should know, as a sentence; never the content of a record."""


class Silent:
    """A Progress that says nothing."""

    def step(self, name: str, detail: str = "") -> None:
        """Ignore the step."""

    def advance(self, done: float, total: float, **figures: float) -> None:
        """Ignore the figures."""

    def note(self, message: str) -> None:
        """Ignore the note."""
