"""A person's key: Ed25519, in a file of its own that only its owner may read, locked with a passphrase if wished.

Source: RFC 8032 (Ed25519); its signatures depend on nothing but key and text, so that equal releases have equal bytes.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from primum.errors import OutputError, SignatureError
from primum.extras import require

if TYPE_CHECKING:  # cryptography is an optional part
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PASSPHRASE_VARIABLE = "PRIMUM_KEY_PASSPHRASE"
_HEX_KEY, _HEX_SIGNATURE = re.compile(r"[0-9a-f]{64}"), re.compile(r"[0-9a-f]{128}")
_NAME = re.compile(r"[^\x00-\x1f\x7f]{1,80}")
_PURPOSE = "Signing"


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A key that can sign."""

    name: str
    """Of its owner."""
    public: str
    """The public key, 64 hexadecimal digits."""
    private: Ed25519PrivateKey
    """Never leaves memory, except into its file."""

    def sign(self, text: str) -> str:
        """Return the signature of a text's UTF-8 bytes, 128 hexadecimal digits."""
        return self.private.sign(text.encode("utf-8")).hex()

    def __repr__(self) -> str:
        return f"SigningKey(name={self.name!r}, public={self.public!r})"


def new_key(path: Path, *, name: str, passphrase: str | None = None) -> SigningKey:
    """Make a key, write it to a new file that only its owner may read (0600), and return it.

    Args:
        path: where no file is yet.
        name: of the person, or of the service, that it belongs to.
        passphrase: locks the file; None: whoever has the file can sign.
    Raises:
        SignatureError: the name is empty, too long or has control characters, or the passphrase is empty.
        OutputError: there is a file already, or it cannot be written.
    """
    ed25519 = require("cryptography.hazmat.primitives.asymmetric.ed25519", extra="oversight", purpose=_PURPOSE)
    if _NAME.fullmatch(name.strip()) is None:
        raise SignatureError("--name: expected the owner's name, of 1 to 80 characters on one line.")
    if passphrase == "":
        raise SignatureError("the passphrase is empty; give one, or make the key without.")
    key = _signing_key(ed25519.Ed25519PrivateKey.generate(), name.strip())
    content = {"format": 1, "name": key.name, "public": key.public, "private": _pem(key.private, passphrase)}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise OutputError(
            f"{path}: a file of that name exists, and a key is never overwritten; choose another."
        ) from None
    except OSError as exc:
        raise OutputError(f"{path}: the key cannot be written there; choose another place.") from exc
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    return key


def load_key(path: Path, *, passphrase: str | None = None) -> SigningKey:
    """Return the key of a file.

    Args:
        path: what `new_key` wrote.
        passphrase: of a locked file; None: that in PRIMUM_KEY_PASSPHRASE.
    Raises:
        SignatureError: no key file, open to others, locked with another passphrase, or damaged.
    """
    content = _key_file(path)
    if os.name == "posix" and path.stat().st_mode & 0o077:
        raise SignatureError(f"{path}: others can read this key; make it yours alone with `chmod 600`, or a new one.")
    serialization = require("cryptography.hazmat.primitives.serialization", extra="oversight", purpose=_PURPOSE)
    secret = passphrase if passphrase is not None else os.environ.get(PASSPHRASE_VARIABLE)
    locked = "ENCRYPTED" in content["private"]
    if locked and not secret:
        raise SignatureError(f"{path}: the key is locked; give its passphrase in {PASSPHRASE_VARIABLE}.")
    try:
        private = serialization.load_pem_private_key(
            content["private"].encode(), password=secret.encode() if locked and secret else None
        )
        key = _signing_key(private, content["name"])
    except (ValueError, TypeError, AttributeError) as exc:
        said = "the passphrase is wrong, or the file is damaged" if locked else "the file is damaged"
        raise SignatureError(f"{path}: the key cannot be opened: {said}.") from exc
    if key.public != content["public"]:
        raise SignatureError(f"{path}: its public key is not that of its private key; the file was changed.")
    return key


def is_locked(path: Path) -> bool:
    """Return whether a key file needs a passphrase.

    Raises:
        SignatureError: no key file.
    """
    return "ENCRYPTED" in _key_file(path)["private"]


def public_of(path: Path) -> tuple[str, str]:
    """Return the owner's name and the public key of a key file, without opening the key.

    Raises:
        SignatureError: no key file.
    """
    content = _key_file(path)
    return content["name"], content["public"]


def is_signed(text: str, *, key: str, signature: str) -> bool:
    """Return whether `signature` is that of `key` on a text's UTF-8 bytes; whatever is no key or signature is not."""
    ed25519 = require(
        "cryptography.hazmat.primitives.asymmetric.ed25519", extra="oversight", purpose="Checking a signature"
    )
    from cryptography.exceptions import InvalidSignature

    if _HEX_KEY.fullmatch(key) is None or _HEX_SIGNATURE.fullmatch(signature) is None:
        return False
    try:
        public = ed25519.Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))
        public.verify(bytes.fromhex(signature), text.encode("utf-8"))
    except (InvalidSignature, ValueError):
        return False
    return True


def is_public_key(text: object) -> bool:
    """Return whether a text has the form of a public key."""
    return isinstance(text, str) and _HEX_KEY.fullmatch(text) is not None


def _key_file(path: Path) -> dict[str, str]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != 1 or not all(isinstance(content[k], str) for k in ("name", "public", "private")):
            raise ValueError("another format")
    except FileNotFoundError:
        raise SignatureError(f"{path}: no such key file; make one with `primum keys new`.") from None
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise SignatureError(f"{path}: not a key file; make one with `primum keys new`.") from exc
    return dict(content)


def _signing_key(private: Any, name: str) -> SigningKey:
    return SigningKey(name=name, public=private.public_key().public_bytes_raw().hex(), private=private)


def _pem(private: Ed25519PrivateKey, passphrase: str | None) -> str:
    from cryptography.hazmat.primitives import serialization

    locked: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase is not None:
        locked = serialization.BestAvailableEncryption(passphrase.encode("utf-8"))
    form = serialization.PrivateFormat.PKCS8
    return private.private_bytes(serialization.Encoding.PEM, form, locked).decode("ascii")
