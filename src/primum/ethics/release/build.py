"""Building a Release: from a judged and signed run to a folder of its own, the same bytes each time."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

from primum.errors import DefectError, OutputError, ReleaseError
from primum.ethics.canonical import readable
from primum.ethics.gate import judge
from primum.ethics.needs import stated_documents
from primum.ethics.policy import Policy
from primum.ethics.policy_reading import parse_policy
from primum.ethics.portable import portable_study
from primum.ethics.release.layout import (
    CARRIED,
    MANIFEST,
    MANIFEST_SIGNATURE,
    MODEL,
    PAPERS,
    POLICY,
    PROVENANCE,
    REQUIRED,
    RUN_FILES,
    RUN_SIGNATURES,
    SBOM,
    STUDY,
    is_safe,
)
from primum.ethics.release.manifest import Manifest, seal
from primum.ethics.release.provenance import provenance
from primum.ethics.release.verify import expiry, verify_release
from primum.ethics.signing.asked import Lacking, Standing, standing_of
from primum.ethics.signing.keys import SigningKey
from primum.ethics.signing.manifest import FileHashes, hash_files
from primum.ethics.signing.signature import Signature, read_signature, signature_files
from primum.ethics.signing.trust import TrustList
from primum.evidence.finding import read_findings
from primum.extras import require
from primum.files import write_text, writing_failed
from primum.privacy.erasure import must_rebuild


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A new Release."""

    path: Path
    manifest: Manifest
    untrusted: Sequence[Signature]
    """Approvals by keys that are on no list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Checked:
    """A run that may become a Release."""

    files: FileHashes
    policy: Policy
    verdict: str
    signatures: Mapping[str, Signature]
    """By file name; only those on the run as it is."""
    standing: Standing


def build_release(run: Path, out: Path, *, key: SigningKey, trust: TrustList | None = None) -> Built:
    """Write a Release of a run and return it.

    Args:
        run: a finished run, signed as its policy asks.
        out: a folder that is not there yet, or empty.
        key: signs the manifest.
        trust: whose signatures count; None: everybody's.
    Raises:
        ReleaseError: the run is not finished, is blocked, learnt from a patient who was erased since, lacks signatures,
            or holds a file that is not safe to open.
        OutputError: the place is taken or cannot be written.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise OutputError(f"{out}: the place is taken; choose an empty folder with --out.")
    checked = _checked(run, trust)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    except OSError as exc:
        raise writing_failed(out, exc) from exc
    try:
        manifest = _write(run, work, checked, key)
        faults = verify_release(work, trust=None).faults
        broken = [fault.kind for fault in faults if fault.kind != "expired"]
        if broken:
            raise DefectError(f"a Release that was just built does not verify ({', '.join(broken)}).")
        os.chmod(work, 0o755)
        os.replace(work, out)
    except OSError as exc:
        if isinstance(exc, OutputError):
            raise
        raise writing_failed(out, exc) from exc
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return Built(path=out, manifest=manifest, untrusted=checked.standing.untrusted)


def signatures_on(folder: Path, sha256: str) -> tuple[dict[str, Signature], list[str]]:
    """Return the valid signatures beside a run or Release on its present state, and the files about another state.

    Raises:
        ReleaseError: a file there is no signature, or was changed.
    """
    found, stale = {}, []
    for path in signature_files(folder):
        one = read_signature(path)
        if one is None or not one.valid:
            raise ReleaseError(f"{path}: is not a signature, or was changed; take the file away.")
        if one.sha256 == sha256:
            found[path.name] = one
        else:
            stale.append(path.name)
    return found, stale


def _checked(run: Path, trust: TrustList | None) -> _Checked:
    lacking = [name for name in REQUIRED if not (run / name).is_file()]
    if not (run / MODEL).is_dir():
        lacking.append(MODEL)
    if lacking:
        raise ReleaseError(f"{run}: no finished run: {', '.join(lacking)} is not there; run the study anew.")
    if must_rebuild(run):
        raise ReleaseError(f"{run}: it learnt from a patient who was erased since; run the study anew, without them.")
    files = hash_files(run)
    policy = parse_policy((run / POLICY).read_bytes(), source=str(run / POLICY))
    outcome = _outcome(run, policy)
    signatures, stale = signatures_on(run, files.sha256)
    standing = standing_of(signatures.values(), policy.signatures, verdict=outcome, trust=trust)
    if standing.lacking:
        said = "; ".join(_in_words(one) for one in standing.lacking)
        old = f" ({len(stale)} signatures are on an earlier state of its files)" if stale else ""
        unknown = "".join(
            f"; the key of {one.name} is not trusted as {one.role}" for one in standing.untrusted if trust
        )
        raise ReleaseError(f"{run}: may not become a Release: {said}{old}{unknown}. See `primum sign`.")
    return _Checked(files=files, policy=policy, verdict=outcome, signatures=signatures, standing=standing)


def _outcome(run: Path, policy: Policy) -> str:
    """Return the verdict, after making sure that it is what the policy says of the findings.

    Raises:
        ReleaseError: it is block, or not that.
    """
    written = json.loads((run / "verdict.json").read_text(encoding="utf-8"))
    study = yaml.safe_load((run / STUDY).read_text(encoding="utf-8"))
    verdict = judge(read_findings(run / "findings.jsonl"), policy, documents=stated_documents(study))
    outcomes = {rule.rule.name: rule.outcome for rule in verdict.rules}
    told = {rule["rule"]: rule["outcome"] for rule in written["rules"]}
    if (written["verdict"], written["policy_sha256"], told) != (verdict.outcome, policy.sha256, outcomes):
        raise ReleaseError(
            f"{run}: verdict.json is not what policy.yaml says of findings.jsonl; one of them was changed. Run it anew."
        )
    if verdict.outcome == "block":
        rules = ", ".join(rule.rule.name for rule in verdict.rules if rule.outcome == "block")
        raise ReleaseError(f"{run}: its verdict is block ({rules}); a blocked run never becomes a Release.")
    return verdict.outcome


def _in_words(lacking: Lacking) -> str:
    return {
        "role": f"nobody has approved as {lacking.role}",
        "reason": f"the verdict is review, and the approval as {lacking.role} gives no --reason",
        "refused": f"{lacking.name} refused as {lacking.role}",
        "same_person": f"one person ({lacking.name}) approved in the place of two; {lacking.role} must be another",
    }[lacking.lack]


def _write(run: Path, work: Path, checked: _Checked, key: SigningKey) -> Manifest:
    names = [name for name in checked.files.files if name in CARRIED or name.startswith((f"{MODEL}/", f"{PAPERS}/"))]
    for name in names:
        if not is_safe(run / name):
            raise ReleaseError(
                f"{run}: {name} is of a form that a Release does not hold, since opening it could run code; "
                "a model is kept as safetensors, ONNX and JSON."
            )
        _copy(run / name, work / name)
    for name in checked.signatures:
        _copy(run / "signatures" / name, work / RUN_SIGNATURES / name)
    study = yaml.safe_load((run / STUDY).read_text(encoding="utf-8"))
    write_text(work / STUDY, yaml.safe_dump(portable_study(study), sort_keys=False, allow_unicode=True))
    _describe(run, work, checked, str(study["study"]))
    manifest = Manifest(
        study=str(study["study"]),
        run=checked.files.sha256,
        verdict=checked.verdict,
        policy=checked.policy.name,
        policy_sha256=checked.policy.sha256,
        primum=version("primum"),
        expires=expiry(checked.policy, checked.standing),
        files=hash_files(work).files,
    )
    write_text(work / MANIFEST, manifest.text())
    write_text(work / MANIFEST_SIGNATURE, seal(manifest, key).text())
    return manifest


def _describe(run: Path, work: Path, checked: _Checked, study: str) -> None:
    """Write what was signed, what it was made with, and where it comes from."""
    require("packaging", extra="oversight", purpose="Listing the software of a Release")
    from primum.ethics.release.sbom import software_list

    files = checked.files.files
    model = {name: sha256 for name, sha256 in files.items() if name.startswith(f"{MODEL}/")}
    write_text(work / RUN_FILES, readable({"files": dict(files)}))
    write_text(work / SBOM, readable(software_list(model, name=study)))
    statement = provenance(
        model,
        run=checked.files.sha256,
        study_sha256=files[STUDY],
        cohort=_json(run / "cohort.json"),
        environment=_json(run / "environment.json"),
    )
    write_text(work / PROVENANCE, readable(statement))


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _json(path: Path) -> dict[str, Any]:
    content = json.loads(path.read_text(encoding="utf-8"))
    return dict(content)
