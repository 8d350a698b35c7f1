"""How large a request may be."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What a request may ask the service to read."""

    body_bytes: int = 4 * 1024 * 1024
    """Of a body: 256 long notes fit."""
    body_s: float = 30.0
    """From its first byte to its last."""
    depth: int = 32
    """Levels of lists and objects inside each other in JSON; a FHIR Bundle has fewer than twenty."""


def for_images(megabytes: float) -> Limits:
    """Return the limits of a service that takes images: two files of so many megabytes, as base64, and a question."""
    return Limits(body_bytes=int(2 * megabytes * 1_000_000 * 4 / 3) + Limits().body_bytes)
