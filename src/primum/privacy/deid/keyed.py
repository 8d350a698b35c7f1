"""Choices that a key makes: the same for the same input, and without the key unforeseeable."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from primum.errors import InputError

T = TypeVar("T")
LEAST_BYTES = 16
"""The shortest key: 128 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyed:
    """Draws by HMAC-SHA-256 under a key that the user holds."""

    key: bytes = field(repr=False)
    """At least LEAST_BYTES."""

    def number(self, *parts: str) -> int:
        """Return a number below 2**256 that `parts` and the key fix."""
        message = "\x1f".join(parts).encode("utf-8", "surrogatepass")
        return int.from_bytes(hmac.new(self.key, message, hashlib.sha256).digest(), "big")

    def choose(self, among: Sequence[T], *parts: str) -> T:
        """Return one of `among`, fixed by `parts` and the key."""
        return among[self.number(*parts) % len(among)]

    def days(self, patient: str, *, most: int = 365) -> int:
        """Return by how many days this patient's dates move: from -`most` to `most`, never 0."""
        drawn = self.number("days", patient) % (2 * most)
        return drawn - most if drawn < most else drawn - most + 1

    def reshaped(self, value: str, *parts: str) -> str:
        """Return another code of the same shape: digits for digits, letters for letters, the rest as it is."""
        for attempt in range(8):
            left = self.number(*parts, str(attempt))
            made: list[str] = []
            for one in value:
                alphabet = _alphabet(one)
                left, chosen = divmod(left, len(alphabet)) if left else divmod(self.number(*parts, "".join(made)), 10)
                made.append(alphabet[chosen % len(alphabet)])
            if "".join(made) != value:
                break
        return "".join(made)


def read_key(path: Path) -> Keyed:
    """Return the key in a file, its bytes as they are but for a final line end.

    Raises:
        InputError: there is no such file, or it holds fewer than LEAST_BYTES bytes.
    """
    try:
        key = path.read_bytes().rstrip(b"\r\n")
    except OSError as exc:
        raise InputError(
            f"{path}: the key cannot be read; make one with `openssl rand -hex 32 > {path.name}`."
        ) from exc
    if len(key) < LEAST_BYTES:
        raise InputError(
            f"{path}: the key has {len(key)} bytes, expected at least {LEAST_BYTES}; "
            f"make one with `openssl rand -hex 32 > {path.name}`."
        )
    return Keyed(key=key)


def _alphabet(one: str) -> str:
    if one.isascii() and one.isdigit():
        return "0123456789"
    if one.isascii() and one.isalpha():
        return "ABCDEFGHJKLMNPQRSTUVWXYZ" if one.isupper() else "abcdefghijkmnopqrstuvwxyz"
    return one
