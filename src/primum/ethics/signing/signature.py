"""A Signature: one person's decision on a run or a Release, in a role, with the reason, as a file beside it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

from primum.errors import SignatureError
from primum.ethics.canonical import canonical, readable, sha256_text
from primum.ethics.signing.keys import SigningKey, is_signed
from primum.ethics.signing.manifest import SIGNATURES_FOLDER
from primum.files import write_text

Subject = Literal["run", "release"]
Decision = Literal["approve", "refuse"]
_ROLE = re.compile(r"[a-z][a-z0-9_]{0,39}")
_REASON_LENGTH = 2000
_FILE_BYTES = 64 << 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What a person signed, and the signature."""

    subject: Subject
    sha256: str
    """Of the run's list of file hashes, or of the Release's manifest."""
    role: str
    """In which the person decides, e.g. clinical_lead."""
    name: str
    """Of the key's owner."""
    key: str
    """Public key, 64 hexadecimal digits."""
    decision: Decision
    reason: str
    """Why; empty only for an approval."""
    at: str
    """UTC, ISO 8601."""
    signature: str = ""
    """Ed25519 over `signed_text`, 128 hexadecimal digits."""

    def signed_text(self) -> str:
        """Return what the signature is over: every other field."""
        content = asdict(self)
        del content["signature"]
        return "primum signature 1\n" + canonical(content)

    @property
    def valid(self) -> bool:
        """Whether the signature is that of the key on all the rest."""
        return is_signed(self.signed_text(), key=self.key, signature=self.signature)

    def text(self) -> str:
        """Return the file's content; there is one form, so that no byte of it can be changed unseen."""
        return readable({"format": 1, **asdict(self)})

    def drafted(self) -> Mapping[str, str]:
        """Return what a ledger keeps of it: not the reason itself."""
        return {
            "of": self.subject,
            "role": self.role,
            "name": self.name,
            "key": self.key,
            "decision": self.decision,
            "signature_sha256": sha256_text(self.text()),
            "reason_sha256": sha256_text(self.reason) if self.reason else "",
        }


def make_signature(
    key: SigningKey,
    *,
    subject: Subject,
    sha256: str,
    role: str,
    decision: Decision = "approve",
    reason: str = "",
    at: datetime | None = None,
) -> Signature:
    """Return a person's signed decision.

    Raises:
        SignatureError: the role is no name, or a refusal gives no reason, or the reason is too long.
    """
    reason = reason.strip()
    if _ROLE.fullmatch(role) is None:
        raise SignatureError("--as: expected a role such as clinical_lead: small letters, digits and underscores.")
    if decision == "refuse" and not reason:
        raise SignatureError("--reason: a refusal needs a reason; say what has to change.")
    if len(reason) > _REASON_LENGTH:
        raise SignatureError(f"--reason: expected at most {_REASON_LENGTH} characters; name a document instead.")
    moment = (at or datetime.now(UTC)).astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    plain = Signature(
        subject=subject,
        sha256=sha256,
        role=role,
        name=key.name,
        key=key.public,
        decision=decision,
        reason=reason,
        at=moment,
    )
    return Signature(**{**asdict(plain), "signature": key.sign(plain.signed_text())})


def write_signature(folder: Path, signature: Signature) -> Path:
    """Write a signature beside what it is about and return its file; earlier ones stay.

    Raises:
        OutputError: it cannot be written.
    """
    path = folder / SIGNATURES_FOLDER / f"{signature.role}-{sha256_text(signature.text())[:16]}.json"
    write_text(path, signature.text())
    return path


def read_signature(path: Path) -> Signature | None:
    """Return the signature of a file; None where the file is not exactly what `write_signature` writes.

    A signature whose text is whole but not that of its key is returned; see `Signature.valid`.
    """
    try:
        if path.is_symlink() or path.stat().st_size > _FILE_BYTES:
            return None
        text = path.read_bytes().decode("utf-8")
        content: dict[str, Any] = json.loads(text)
        if content.pop("format") != 1 or not all(isinstance(value, str) for value in content.values()):
            return None
        found = Signature(**content)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    if found.text() != text or not _possible(found):
        return None
    return found


def signature_files(folder: Path) -> list[Path]:
    """Return the files in the signatures' folder beside a run or Release, sorted."""
    return sorted(path for path in (folder / SIGNATURES_FOLDER).glob("*") if path.is_file() or path.is_symlink())


def _possible(signature: Signature) -> bool:
    return (
        signature.subject in get_args(Subject)
        and signature.decision in get_args(Decision)
        and _ROLE.fullmatch(signature.role) is not None
        and (signature.decision == "approve" or bool(signature.reason.strip()))
        and moment_of(signature) is not None
    )


def moment_of(signature: Signature) -> datetime | None:
    """Return when it was signed; None where its text is no moment."""
    try:
        moment = datetime.fromisoformat(signature.at)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None
