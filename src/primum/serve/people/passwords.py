"""Passwords: which are good enough, how they are kept, and a check that takes as long for a name that nobody has.

Sources: NIST SP 800-63B rev. 4, section 3.1.1 (length and a list of common ones, no rules of composition); OWASP
Password Storage Cheat Sheet (argon2id with 19 MiB, two passes, one lane).
"""

from __future__ import annotations

import secrets
import threading
import unicodedata
from functools import cache
from importlib.resources import files
from itertools import pairwise

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from primum.serve.security.faults import Refused

MIN_LENGTH = 12
MAX_LENGTH = 256
_FEWEST_DIFFERENT = 5
_AT_ONCE = threading.BoundedSemaphore(2)
"""Each check takes 19 MiB: a storm of logins waits instead of filling the memory."""
_HASHER = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def check_password(password: str, *, name: str) -> None:
    """Check that a new password may be used.

    Args:
        password: any characters, blanks too.
        name: of the account, which the password may not contain.
    Raises:
        Refused: too short, too long, common, or easily guessed; the password is not repeated.
    """
    low, key = _folded(password).lower(), _folded(name).lower()
    if len(low) < MIN_LENGTH:
        raise _refused("short", f"is too short: use {MIN_LENGTH} characters or more, a few words will do")
    if len(password) > MAX_LENGTH:
        raise _refused("long", f"is too long: use at most {MAX_LENGTH} characters")
    if low in _common() or low.strip("0123456789!.?@#$ ") in _common() or _is_a_row(low):
        raise _refused("common", "is a common one, which is tried first; choose another")
    if len(set(low)) < _FEWEST_DIFFERENT:
        raise _refused("repeats", "repeats a few characters; choose another")
    if len(key) >= 4 and key in low:
        raise _refused("name", "contains the name of the account; choose another")


def hash_password(password: str) -> str:
    """Return what is kept of a password: argon2id with its own salt."""
    with _AT_ONCE:
        return _HASHER.hash(_folded(password))


def matches(kept: str | None, password: str) -> bool:
    """Return whether a password is the one kept; None, for no such account, takes as long and is never right."""
    with _AT_ONCE:
        try:
            _HASHER.verify(kept or _nobodys(), _folded(password)[: MAX_LENGTH + 1])
        except (VerificationError, InvalidHashError):
            return False
    return kept is not None


def outdated(kept: str) -> bool:
    """Return whether a hash was made with weaker settings than today's."""
    return _HASHER.check_needs_rehash(kept)


def one_time_password() -> str:
    """Return a password to be changed at first use: four groups of five, about 98 bits."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(4))


@cache
def _nobodys() -> str:
    return _HASHER.hash(secrets.token_urlsafe(32))


@cache
def _common() -> frozenset[str]:
    text = (files("primum.serve.people") / "common_passwords.txt").read_text(encoding="utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("#"))


def _refused(why: str, said: str) -> Refused:
    return Refused("invalid", f"The password {said}.", key=f"password_{why}", values={"least": MIN_LENGTH})


def _folded(password: str) -> str:
    return unicodedata.normalize("NFKC", password)


def _is_a_row(low: str) -> bool:
    """Return whether it walks up or down the alphabet or the digits, or says one piece again and again."""
    turns = 10 if low.isdecimal() else 0x110000
    steps = {(ord(after) - ord(before)) % turns for before, after in pairwise(low)}
    if steps in ({1}, {turns - 1}, {0}):
        return True
    return any(low[:size] * (len(low) // size) == low for size in range(1, len(low) // 2 + 1) if len(low) % size == 0)
