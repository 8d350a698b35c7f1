"""The envelope around a value: sealed under a patient's key, which a master key wraps; wherever the keys are kept.

    sealed value = "PV1", kind (t or b), generation of the patient's key (4 bytes), nonce, ciphertext, tag

What a sealed value is tied to (patient, record, field, kind, generation) is not in it but must be given to open it.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, replace

from primum.errors import SealError
from primum.privacy.at_rest.cipher import LEAST, decrypt, encrypt
from primum.privacy.at_rest.keys import MasterKeys
from primum.privacy.at_rest.place import Place, bound

_MARK = b"PV1"
_HEAD = len(_MARK) + 1 + 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrapped:
    """A patient's key as it is stored."""

    patient: str
    """Keyed hash of the patient's id."""
    generation: int
    """1 for the first key, one more for each that replaced it."""
    master: str
    """Id of the master key that wraps it."""
    wrapped: bytes
    """Nonce, ciphertext and tag."""


def wrap(masters: MasterKeys, of: Wrapped, key: bytes) -> Wrapped:
    """Return a patient's key wrapped by the current master key."""
    master = masters.current
    sealed = encrypt(masters.get(master), key, bound("key", of.patient, str(of.generation), master))
    return replace(of, master=master, wrapped=sealed)


def unwrap(masters: MasterKeys, key: Wrapped) -> bytes:
    """Return a patient's key.

    Raises:
        SealError: its master key is not among those given, or it was changed.
    """
    associated = bound("key", key.patient, str(key.generation), key.master)
    return decrypt(masters.get(key.master), key.wrapped, associated)


def seal_with(key: bytes, value: str | bytes, place: Place, *, generation: int) -> bytes:
    """Return a value as bytes that open only at `place` and with this key."""
    kind = "t" if isinstance(value, str) else "b"
    plain = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
    head = _MARK + kind.encode() + generation.to_bytes(4, "big")
    return head + encrypt(key, plain, place.bound(kind, str(generation)))


def unseal_with(key: bytes, sealed: bytes, place: Place) -> str | bytes:
    """Return the value that was sealed at `place`, text as text and bytes as bytes.

    Raises:
        SealError: it does not open here, was changed, or was not sealed by primum.
    """
    kind, generation = _read_head(sealed)
    plain = decrypt(key, sealed[_HEAD:], place.bound(kind, str(generation)))
    return plain.decode("utf-8", "surrogatepass") if kind == "t" else plain


def generation_of(sealed: bytes) -> int:
    """Return the generation of the key that a value was sealed under.

    Raises:
        SealError: it was not sealed by primum.
    """
    return _read_head(sealed)[1]


def tag_of(index: bytes, patient: str) -> str:
    """Return the keyed hash under which a patient stands beside their keys."""
    return hmac.new(index, patient.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def _read_head(sealed: bytes) -> tuple[str, int]:
    kind = chr(sealed[len(_MARK)]) if len(sealed) >= _HEAD + LEAST and sealed.startswith(_MARK) else ""
    if kind not in ("t", "b"):
        raise SealError("sealed value: was not sealed by primum, or is cut short.")
    return kind, int.from_bytes(sealed[_HEAD - 4 : _HEAD], "big")
