"""How a command speaks: progress on stderr, one answer on stdout."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from primum.cli.options import Lang
from primum.i18n import translate
from primum.progress import Progress, Silent


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a command has to say when it ends."""

    text: str
    """What goes to stdout: sentences, or one JSON object."""
    exit_code: int = 0
    """0 pass or done, 3 review, 4 block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """The choices of --json, --quiet and --lang."""

    as_json: bool
    quiet: bool
    lang: Lang

    def say(self, key: str, **values: object) -> str:
        """Return the catalogue's sentence for `key` in the chosen language."""
        return translate(key, self.lang.value, **values)

    @contextmanager
    def progress(self) -> Iterator[Progress]:
        """Yield where a long job reports: nowhere, rich bars, or one line a step."""
        if self.quiet:
            yield Silent()
            return
        from primum.cli.progress import BarProgress, LineProgress

        shown = BarProgress(self.lang.value) if sys.stderr.isatty() else LineProgress(self.lang.value)
        try:
            yield shown
        finally:
            shown.close()

    def answer(self, value: Mapping[str, Any], lines: Sequence[str], *, exit_code: int = 0) -> Answer:
        """Return `value` as one JSON object, or `lines` for a person."""
        if self.as_json:
            return Answer(text=json.dumps(value, ensure_ascii=False, allow_nan=False), exit_code=exit_code)
        return Answer(text="\n".join(lines), exit_code=exit_code)
