"""Verifying a Release: every byte, every signature, the verdict, the date. Nothing is opened that was not checked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import yaml

from primum.errors import ReleaseError, SignatureError
from primum.ethics.gate import judge
from primum.ethics.needs import stated_documents
from primum.ethics.policy import Policy
from primum.ethics.policy_reading import parse_policy
from primum.ethics.release.layout import (
    MADE,
    MANIFEST,
    MANIFEST_SIGNATURE,
    MODEL,
    POLICY,
    REQUIRED,
    RUN_FILES,
    RUN_SIGNATURES,
    STUDY,
    is_release,
    is_safe,
)
from primum.ethics.release.manifest import Manifest, Seal, read_manifest, read_seal
from primum.ethics.signing.asked import Standing, standing_of
from primum.ethics.signing.manifest import SIGNATURES_FOLDER, FileHashes, file_names
from primum.ethics.signing.signature import Signature, read_signature, signature_files
from primum.ethics.signing.trust import RELEASE_ROLE, TrustList
from primum.evidence.finding import read_findings
from primum.files import sha256_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One reason not to open a Release; its sentence stands in the catalogue under release.fault.<kind>."""

    kind: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What a verification found."""

    faults: Sequence[Fault]
    """Empty where the Release may be opened."""
    manifest: Manifest | None
    seal: Seal | None
    signatures: Sequence[Signature]
    """Valid ones, on the run and on the Release."""
    untrusted: Sequence[tuple[str, str, str]]
    """Name, role and public key of whoever signed and is on no list of trusted keys."""

    @property
    def ok(self) -> bool:
        """Whether it may be opened."""
        return not self.faults


def verify_release(folder: Path, *, trust: TrustList | None = None, now: datetime | None = None) -> Verified:
    """Return what stands against opening a Release; all faults, as far as the damage lets one see.

    Args:
        folder: the Release.
        trust: whose keys count; None: everybody's, and all are named as untrusted.
        now: for the date on which it expires; None: the clock's.
    Raises:
        ReleaseError: there is no Release.
    """
    if not folder.is_dir() or not is_release(folder):
        raise ReleaseError(f"{folder}: no Release there; give the folder that `primum release` wrote.")
    manifest, seal = read_manifest(folder), read_seal(folder)
    if manifest is None or seal is None:
        damaged = MANIFEST if manifest is None else MANIFEST_SIGNATURE
        fault = Fault(kind="altered" if (folder / damaged).is_file() else "missing", values={"file": damaged})
        return Verified(faults=[fault], manifest=manifest, seal=seal, signatures=(), untrusted=())
    faults = list(_seal_faults(manifest, seal, trust))
    faults += _file_faults(folder, manifest)
    if faults:  # what follows reads the files, which must be the ones that were signed
        return Verified(faults=faults, manifest=manifest, seal=seal, signatures=(), untrusted=())
    policy = parse_policy((folder / POLICY).read_bytes(), source=POLICY)
    faults += _binding_faults(folder, manifest)
    faults += _verdict_faults(folder, manifest, policy)
    signatures, unusable = _read_signatures(folder, manifest)
    faults += unusable
    standing = standing_of(signatures, policy.signatures, verdict=manifest.verdict, trust=trust)
    faults += [Fault(kind=f"lack_{one.lack}", values={"role": one.role, "name": one.name}) for one in standing.lacking]
    faults += _date_faults(manifest, policy, standing, now or datetime.now(UTC))
    return Verified(
        faults=faults,
        manifest=manifest,
        seal=seal,
        signatures=signatures,
        untrusted=_untrusted(seal, standing, trust),
    )


def expiry(policy: Policy, standing: Standing) -> str:
    """Return when a Release with these approvals expires, UTC, ISO 8601; empty for never."""
    return policy.signatures.expiry_after([one.at for one in standing.approvals(policy.signatures.roles)])


def _seal_faults(manifest: Manifest, seal: Seal, trust: TrustList | None) -> Iterator[Fault]:
    if not seal.valid(manifest):
        yield Fault(kind="seal", values={"file": MANIFEST_SIGNATURE})
    elif trust is not None and not trust.trusts(key=seal.key, name=seal.name, role=RELEASE_ROLE):
        yield Fault(kind="seal_untrusted", values={"name": seal.name, "public": seal.key, "role": RELEASE_ROLE})


def _file_faults(folder: Path, manifest: Manifest) -> Iterator[Fault]:
    try:
        present = set(file_names(folder, but=SIGNATURES_FOLDER)) - {MANIFEST, MANIFEST_SIGNATURE}
    except SignatureError:
        yield Fault(kind="link")
        return
    for name in sorted(present - set(manifest.files)):
        yield Fault(kind="extra", values={"file": name})
    for name in sorted(manifest.files):
        if name not in present:
            yield Fault(kind="missing", values={"file": name})
        elif sha256_of(folder / name) != manifest.files[name]:
            yield Fault(kind="altered", values={"file": name})
        elif not is_safe(folder / name):
            yield Fault(kind="unsafe", values={"file": name})
    for name in sorted({*REQUIRED, *MADE} - set(manifest.files)):
        yield Fault(kind="missing", values={"file": name})


def _binding_faults(folder: Path, manifest: Manifest) -> Iterator[Fault]:
    """What people signed is the run's list of files: the Release must hold the very files of that list."""
    content = json.loads((folder / RUN_FILES).read_text(encoding="utf-8"))
    files = content.get("files") if isinstance(content, dict) else None
    if not isinstance(files, dict) or FileHashes(files=files).sha256 != manifest.run:
        yield Fault(kind="other_run", values={"file": RUN_FILES})
        return
    for name, sha256 in sorted(manifest.files.items()):
        if name not in MADE and not name.startswith(f"{RUN_SIGNATURES}/") and files.get(name) != sha256:
            yield Fault(kind="other_run", values={"file": name})
    for name in sorted(files):
        if name.startswith(f"{MODEL}/") and name not in manifest.files:
            yield Fault(kind="missing", values={"file": name})


def _verdict_faults(folder: Path, manifest: Manifest, policy: Policy) -> Iterator[Fault]:
    study = yaml.safe_load((folder / STUDY).read_text(encoding="utf-8"))
    verdict = judge(read_findings(folder / "findings.jsonl"), policy, documents=stated_documents(study))
    written = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
    told = {manifest.verdict, str(written.get("verdict")), verdict.outcome}
    hashes = {manifest.policy_sha256, str(written.get("policy_sha256")), policy.sha256}
    if len(told) > 1 or len(hashes) > 1:
        yield Fault(kind="verdict_differs")
    if "block" in told:
        yield Fault(kind="blocked")


def _read_signatures(folder: Path, manifest: Manifest) -> tuple[list[Signature], list[Fault]]:
    found: list[Signature] = []
    faults = []
    given = sorted(name for name in manifest.files if name.startswith(f"{RUN_SIGNATURES}/"))
    places = [(folder / name, "run", manifest.run) for name in given]
    places += [(path, "release", manifest.sha256) for path in signature_files(folder)]
    for path, subject, sha256 in places:
        one = read_signature(path)
        if one is None or not one.valid or (one.subject, one.sha256) != (subject, sha256):
            faults.append(Fault(kind="signature", values={"file": path.relative_to(folder).as_posix()}))
        else:
            found.append(one)
    return found, faults


def _date_faults(manifest: Manifest, policy: Policy, standing: Standing, now: datetime) -> Iterator[Fault]:
    approved = [one.at for one in standing.approvals(policy.signatures.roles) if one.subject == "run"]
    latest = policy.signatures.expiry_after([max(approved)] if approved else [])
    expires = manifest.expires or latest
    if not expires:
        return
    # No Release outlives what its policy gives to the latest approval, whatever its manifest says.
    due = min(datetime.fromisoformat(one) for one in (expires, latest or expires))
    if due <= now:
        yield Fault(kind="expired", values={"date": due.date().isoformat()})


def _untrusted(seal: Seal, standing: Standing, trust: TrustList | None) -> list[tuple[str, str, str]]:
    sealed = [] if trust is not None else [(seal.name, RELEASE_ROLE, seal.key)]
    return sealed + [(one.name, one.role, one.key) for one in standing.untrusted]


def release_id(folder: Path) -> str:
    """Return the SHA-256 of a Release's manifest, by which it is called.

    Raises:
        ReleaseError: there is none.
    """
    try:
        return hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()
    except OSError as exc:
        raise ReleaseError(f"{folder}: no Release there; give the folder that `primum release` wrote.") from exc
