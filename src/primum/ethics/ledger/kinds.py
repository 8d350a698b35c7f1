"""What may happen, and which hashes, figures and words are kept of it: never what a patient's record says."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from primum.errors import LedgerError, nearest
from primum.registry import Registry

Form = Literal["hash", "figure", "word", "name"]
_HASH = re.compile(r"[0-9a-f]{64}|")
_WORD = re.compile(r"[A-Za-z0-9_.:+-]{0,80}")
_NAME_LENGTH = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of entry."""

    fields: Mapping[str, Form]
    """Each field that such an entry may hold: a SHA-256, a number (or true, false, none), a short word without spaces,
    or the name that a study or a member of staff goes by."""
    about: str
    """One line: what happened."""


KINDS: Registry[Kind] = Registry("kind of ledger entry")
"""The kinds that a ledger may hold; another room registers its own."""


def _known(kind: str, about: str, /, **fields: Form) -> None:
    KINDS.register(kind)(Kind(fields=fields, about=about))


_known(
    "run",
    "A study was carried out.",
    study="name",
    study_sha256="hash",
    cohort="hash",
    test="hash",
    records="figure",
    findings="figure",
    version="word",
)
_known("verdict", "A policy judged a run.", outcome="word", policy="name", policy_sha256="hash", verdict_sha256="hash")
_known(
    "signature",
    "A person approved or refused a run or a Release.",
    of="word",
    role="word",
    name="name",
    key="hash",
    decision="word",
    signature_sha256="hash",
    reason_sha256="hash",
)
_known("release", "A Release was built.", study="name", run="hash", verdict="word", key="hash", files="figure")
_known(
    "deployment",
    "A Release was proposed for use, put into use or taken back.",
    action="word",
    channel="word",
    name="name",
    key="hash",
    event="hash",
    effective="figure",
)
_known(
    "case",
    "A Release answered.",
    release="hash",
    input_sha256="hash",
    answer_sha256="hash",
    abstained="figure",
    escalated="figure",
    held="figure",
)
_known(
    "review",
    "A person decided on a Case.",
    case="hash",
    decision="word",
    name="name",
    role="word",
    reason_sha256="hash",
)
_known(
    "sending",
    "Files about a picture were sent to an archive.",
    host="name",
    outcome="word",
    files="figure",
    failed="figure",
    uids_sha256="hash",
)
_known("incident", "Something went wrong in use.", severity="word", report_sha256="hash", name="name")
_known(
    "erasure",
    "A patient's records were taken out, unlearnt or made unreadable.",
    records="figure",
    method="word",
    before="hash",
    after="hash",
    folders="figure",
    heads="figure",
    keys="figure",
)
_known("login", "Somebody came in, or was kept out.", name="name", role="word", accepted="figure")
_known(
    "account",
    "An account or its token was made, changed or closed.",
    action="word",
    name="name",
    role="word",
    by="name",
)


def check_content(kind: str, subject: str, content: Mapping[str, Any]) -> None:
    """Check that an entry holds nothing but what its kind allows.

    Raises:
        InputError: the kind is not known.
        LedgerError: a field is not known, or not of its form; its value is not repeated.
    """
    fields = KINDS.get(kind).fields
    if not (_fits("hash", subject) or _fits("name", subject)):
        raise LedgerError(f"ledger entry {kind!r}: its subject is neither a SHA-256 nor a short name.")
    for field, value in content.items():
        if field not in fields:
            raise LedgerError(f"ledger entry {kind!r}: has no field {field!r}{nearest(field, fields)}.")
        if not _fits(fields[field], value):
            raise LedgerError(f"ledger entry {kind!r}: {field} is no {fields[field]}; a ledger holds nothing longer.")


def _fits(form: Form, value: object) -> bool:
    if form == "figure":
        return value is None or (isinstance(value, int | float) and math.isfinite(value))
    if not isinstance(value, str):
        return False
    if form == "hash":
        return _HASH.fullmatch(value) is not None
    if form == "word":
        return _WORD.fullmatch(value) is not None
    return len(value) <= _NAME_LENGTH and value.isprintable()
