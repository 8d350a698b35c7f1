"""AES-256-GCM with a nonce that never repeats: the adapter to `cryptography`."""

from __future__ import annotations

import os

from primum.errors import SealError
from primum.extras import require

NONCE = 12
"""Bytes of a nonce: 96 random bits from the system, drawn anew for every message.

NIST SP 800-38D, 8.3 allows 2**32 messages under one key with random nonces (a repeat then has a chance below 2**-32).
A key here seals one patient's fields, or wraps one key a patient, which is far fewer.
"""
LEAST = NONCE + 16
"""Bytes of the shortest ciphertext: nonce and tag of an empty message."""
_MODULE = "cryptography.hazmat.primitives.ciphers.aead"


def encrypt(key: bytes, plain: bytes, bound: bytes) -> bytes:
    """Return nonce, ciphertext and tag of a message.

    Args:
        key: 32 bytes.
        plain: the message.
        bound: associated data, without which it does not open.
    Source: NIST SP 800-38D.
    """
    nonce = os.urandom(NONCE)
    aead = require(_MODULE, extra="privacy", purpose="Encryption at rest").AESGCM(key)
    return bytes(nonce + aead.encrypt(nonce, plain, bound))


def decrypt(key: bytes, sealed: bytes, bound: bytes) -> bytes:
    """Return the message of what `encrypt` returned.

    Raises:
        SealError: another key, other associated data, or changed bytes; which of them cannot be told.
    """
    aead = require(_MODULE, extra="privacy", purpose="Encryption at rest").AESGCM(key)
    invalid = require("cryptography.exceptions", extra="privacy", purpose="Encryption at rest").InvalidTag
    if len(sealed) >= LEAST:
        try:
            return bytes(aead.decrypt(sealed[:NONCE], sealed[NONCE:], bound))
        except invalid:
            pass
    raise SealError(
        "sealed value: does not open; it was changed, belongs to another patient, record or field, or was sealed under "
        "another key."
    )
