"""Writing files so that a reader never sees half of one."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from primum.errors import InputError, OutputError

T = TypeVar("T")

_FULL = (errno.ENOSPC, errno.EDQUOT)
_SAYS_FULL = ("No space left on device", "unexpected pos")
"""How libraries say it that raise no OSError: safetensors, and torch's writer when bytes went missing."""


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success it takes the place of `path` in one step.

    Raises:
        OutputError: the disk is full, or the place cannot be written to. Nothing is left behind.
    """
    temporary: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        yield temporary
        _sync(temporary)
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except OSError as exc:
        if isinstance(exc, OutputError):
            raise
        raise writing_failed(path, exc) from exc
    finally:
        if temporary is not None and temporary.exists():
            temporary.unlink()


@contextmanager
def new_folder(path: Path, *, mode: int = 0o700) -> Iterator[Path]:
    """Yield a folder beside `path` that takes its place when everything in it is written; nothing is left otherwise.

    Args:
        path: not there yet, or an empty folder.
        mode: who may read it afterwards; meanwhile its owner alone.
    Raises:
        OutputError: the disk is full, or the place cannot be written to.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
        try:
            yield work
            work.chmod(mode)
            work.replace(path)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    except OSError as exc:
        if isinstance(exc, OutputError):
            raise
        raise writing_failed(path, exc) from exc


def disk_is_full(exc: BaseException) -> bool:
    """Return whether a full disk (or quota) led to `exc`, whichever library met it."""
    link: BaseException | None = exc
    seen: set[int] = set()
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        if isinstance(link, OSError) and link.errno in _FULL:
            return True
        if any(words in str(link) for words in _SAYS_FULL):
            return True
        link = link.__cause__ or link.__context__
    return False


def writing_failed(path: Path, exc: OSError) -> OutputError:
    """Return the error that says why `path` could not be written and what to do."""
    if exc.errno in _FULL:
        mend = "the disk is full; free some space or choose another folder with --out."
    elif exc.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        mend = "writing is not permitted there; choose another folder with --out."
    else:
        mend = f"{exc.strerror or type(exc).__name__}; choose another folder with --out."
    return OutputError(f"{path}: cannot be written: {mend}")


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8, atomically."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON with a final newline, atomically; NaN is refused."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def read_saved(path: Path, build: Callable[[dict[str, Any]], T], *, what: str) -> T | None:
    """Return what `build` makes of a file saved with a model, JSON of format 1; None where there is none.

    Args:
        path: the file.
        build: from the file's object, without its format, to what it describes.
        what: what the file should be, with its article, for the error.
    Raises:
        InputError: the file is damaged, or of another format.
    """
    if not path.is_file():
        return None
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
        if given.pop("format") != 1:
            raise ValueError("unknown format")
        return build(given)
    except (ValueError, KeyError, TypeError, AttributeError) as exc:
        raise InputError(f"{path}: not {what} that primum wrote; run the study again.") from exc


def read_private(path: Path, *, what: str, make: str) -> bytes:
    """Return the bytes of a file that only its owner may read.

    Args:
        path: the file; a link to one will do.
        what: what it holds, with its article, for the error.
        make: how such a file is made, for the error.
    Raises:
        InputError: it is not there, or people other than its owner may read or change it.
    """
    try:
        with path.open("rb") as stream:
            mode = stat.S_IMODE(os.fstat(stream.fileno()).st_mode)
            if os.name == "posix" and mode & 0o077:
                raise InputError(
                    f"{path}: {what} must be for its owner alone, but its mode is {mode:04o}; run `chmod 600 {path}`."
                )
            return stream.read()
    except OSError as exc:
        raise InputError(f"{path}: {what} cannot be read; {make}.") from exc


def write_private(path: Path, content: bytes) -> None:
    """Write a new file that only its owner may read.

    Raises:
        OutputError: there is a file of that name, or the place cannot be written to.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as exc:
        raise writing_failed(path, exc) from exc


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes as 64 hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _sync(path: Path) -> None:
    with path.open("rb") as stream:
        os.fsync(stream.fileno())


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
