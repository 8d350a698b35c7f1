"""Random secrets that are shown once and kept as hashes."""

from __future__ import annotations

import hashlib
import hmac
import secrets


def new_secret(prefix: str = "") -> str:
    """Return 256 random bits as text that fits a cookie or a header."""
    return prefix + secrets.token_urlsafe(32)


def kept(secret: str) -> str:
    """Return what the database keeps of a secret. One hash is enough: a random secret cannot be guessed from it."""
    return hashlib.sha256(secret.encode("utf-8")).hexdigest()


def derived(secret: str, purpose: str) -> str:
    """Return another secret made from this one, which does not give it away."""
    return hmac.new(secret.encode("utf-8"), purpose.encode("utf-8"), hashlib.sha256).hexdigest()


def same(one: str, other: str) -> bool:
    """Return whether two texts are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(one.encode("utf-8"), other.encode("utf-8"))
