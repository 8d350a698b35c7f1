"""What the reader sees when a command cannot finish: one sentence, an exit code, never a record's content."""

from __future__ import annotations

import json
import os
import shlex
import sys
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from pathlib import Path

from primum.errors import DefectError, PrimumError
from primum.files import disk_is_full
from primum.i18n import translate

INPUT_WRONG = 2
DEFECT = 1
INTERRUPTED = 130
_RESUMABLE = ("run", "search")


def report_failure(exc: BaseException, *, as_json: bool, lang: str) -> int:
    """Write the one sentence for `exc` and return the exit code.

    A foreign exception's message can carry what a record says, so only a PrimumError's own message is shown.
    """
    message, code = _described(exc, lang)
    sys.stderr.write(message + "\n")
    if as_json:
        plain = str(exc) if isinstance(exc, PrimumError) else message
        sys.stdout.write(json.dumps({"ok": False, "error": plain}, ensure_ascii=False) + "\n")
    return code


def interrupted(arguments: Sequence[str], *, lang: str) -> int:
    """Say how to go on after Ctrl-C and return the exit code for it."""
    command = resume_command(arguments)
    key = "stopped_resume" if command else "stopped"
    sys.stderr.write(translate(key, lang, command=command) + "\n")
    return INTERRUPTED


def resume_command(arguments: Sequence[str]) -> str:
    """Return the command that goes on where this one stopped, or nothing when there is nothing to go on with."""
    if not arguments or arguments[0] not in _RESUMABLE:
        return ""
    again = list(arguments)
    if arguments[0] == "run" and "--resume" not in again:
        again.append("--resume")
    return shlex.join(["primum", *again])


def write_traceback(exc: BaseException) -> Path:
    """Write where `exc` happened to a file of the temporary folder and return its path.

    Frames only: no local values, and no message unless it is primum's own.
    """
    handle, name = tempfile.mkstemp(prefix="primum-traceback-", suffix=".txt")
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        for link in _chain(exc):
            stack = traceback.StackSummary.extract(traceback.walk_tb(link.__traceback__), capture_locals=False)
            said = f": {link}" if isinstance(link, PrimumError) else ""
            stream.write("".join(stack.format()) + f"{type(link).__name__}{said}\n\n")
    return Path(name)


def _described(exc: BaseException, lang: str) -> tuple[str, int]:
    if isinstance(exc, PrimumError) and not isinstance(exc, DefectError):
        return translate("error", lang, message=exc), INPUT_WRONG
    if disk_is_full(exc):
        full = "the disk is full; free some space or choose another folder with --out."
        return translate("error", lang, message=full), INPUT_WRONG
    path = write_traceback(exc)
    return translate("defect", lang, kind=type(exc).__name__, path=path), DEFECT


def _chain(exc: BaseException) -> Iterator[BaseException]:
    """Yield `exc` and the exceptions that led to it, latest first."""
    seen: set[int] = set()
    link: BaseException | None = exc
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__ or link.__context__
