"""Master keys: where they come from, what they are called, and which one is in use."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from primum.errors import InputError, SealError
from primum.files import read_private

BYTES = 32
"""Length of a key: AES-256."""
PATIENCE_S = 30
"""Seconds that a command has to print its keys."""
_MAKE = "make one with `openssl rand -hex 32`"


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterKeys:
    """The keys that wrap patients' keys; never shown."""

    current: str
    """Id of the key that wraps from now on."""
    keys: Mapping[str, bytes] = field(repr=False)
    """Key by id, the current one and those it replaced; 32 bytes each."""

    def get(self, key_id: str) -> bytes:
        """Return the key of an id.

        Raises:
            SealError: it is not among them.
        """
        try:
            return self.keys[key_id]
        except KeyError:
            held = ", ".join(self.keys)
            raise SealError(
                f"master key {key_id}: is needed, but the keys given are {held}; add it below the current key, or "
                f"restore it from its safe."
            ) from None


def new_key() -> str:
    """Return a new random key as the line that a key file holds: 64 hexadecimal digits."""
    return os.urandom(BYTES).hex()


def key_id(key: bytes) -> str:
    """Return the name of a key: eight hexadecimal digits that say nothing of it."""
    return hashlib.sha256(b"primum key id\0" + key).hexdigest()[:8]


def read_keys(where: str | Path) -> MasterKeys:
    """Return the master keys of a place.

    One key a line, 64 hexadecimal digits or 32 bytes in base64. The first is in use; those below it are kept to open
    what was sealed before. Blank lines and lines that begin with # are left out.

    Args:
        where: `file:PATH` or a path, whose mode must be 0600 or stricter; `env:NAME`, a variable of the environment, in
            which blanks separate keys; or `command:PROGRAM ARGUMENTS`, whose output is read and no shell is started.
    Raises:
        InputError: there is no such place, it is open to others, or a line is no key. No message holds a key.
    """
    kind, sign, rest = str(where).partition(":")
    if isinstance(where, Path) or not sign or kind not in ("file", "env", "command"):
        kind, rest = "file", str(where)
    if kind == "env":
        return _parsed("\n".join(_of_environment(rest).split()), f"variable {rest}")
    if kind == "command":
        return _parsed(_of_command(rest), f"the output of {rest.split(' ', 1)[0]}")
    content = read_private(Path(rest), what="a master key", make=f"{_MAKE} > FILE")
    return _parsed(content.decode("ascii", "replace"), rest)


def _of_environment(name: str) -> str:
    if not os.environ.get(name):
        raise InputError(f"variable {name}: no master key stands in the environment under that name; {_MAKE}.")
    return os.environ[name]


def _of_command(line: str) -> str:
    try:
        words = shlex.split(line)
        done = subprocess.run(words, capture_output=True, timeout=PATIENCE_S, check=False)
    except (OSError, ValueError, IndexError) as exc:
        raise InputError(f"command {line.split(' ', 1)[0]!r}: cannot be started; check its name and quotes.") from exc
    except subprocess.TimeoutExpired:
        raise InputError(
            f"command {words[0]!r}: printed no master key within {PATIENCE_S} s; try it by hand."
        ) from None
    if done.returncode:
        raise InputError(f"command {words[0]!r}: ended with code {done.returncode} instead of printing a master key.")
    return done.stdout.decode("ascii", "replace")


def _parsed(text: str, place: str) -> MasterKeys:
    found: dict[str, bytes] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        key = _key(line.strip())
        if key is None:
            raise InputError(
                f"{place}, line {number}: not a master key (64 hexadecimal digits, or 32 bytes in base64); {_MAKE}."
            )
        found[key_id(key)] = key
    if not found:
        raise InputError(f"{place}: holds no master key; {_MAKE}.")
    return MasterKeys(current=next(iter(found)), keys=found)


def _key(line: str) -> bytes | None:
    try:
        key = bytes.fromhex(line) if len(line) == 2 * BYTES else base64.b64decode(line, validate=True)
    except (ValueError, binascii.Error):
        return None
    return key if len(key) == BYTES else None
