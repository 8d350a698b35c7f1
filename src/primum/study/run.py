"""A Run: one execution of a Study, and the folder that holds everything it produced."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from primum.errors import OutputError
from primum.ethics import Policy, Verdict, judge, load_policy, stated_documents
from primum.evidence.finding import Finding, read_findings
from primum.files import disk_is_full, sha256_of, write_text
from primum.study.loading import read_yaml

_PACKAGES = (
    "primum numpy scipy pyarrow pydantic torch transformers peft accelerate safetensors tokenizers scikit-learn optuna"
).split()
_SMALL_FILES = 8 << 20
"""Bytes that the report and the other small files of a run take at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A finished run, or an audit."""

    path: Path | None
    """Its folder; None for an audit that writes nothing."""
    findings: Sequence[Finding]
    verdict: Verdict

    @property
    def report(self) -> Path | None:
        """The report's place."""
        return None if self.path is None else self.path / "report.html"


def open_folder(out: Path | None, *, name: str, resume: bool) -> Path:
    """Return the run's folder, which is free, or holds the stopped run to go on with. Nothing is written yet.

    Raises:
        OutputError: the folder is taken by something else, or there is nothing to resume.
    """
    if out is None:
        out = _free_name(Path("runs") / name, resume=resume)
    if out.exists() and not out.is_dir():
        raise OutputError(f"{out}: a file of that name exists; choose another folder with --out.")
    taken = out.is_dir() and any(out.iterdir())
    if resume and not (out / "study.yaml").is_file():
        raise OutputError(f"{out}: no stopped run to resume there; run without --resume.")
    if taken and not resume:
        raise OutputError(f"{out}: the folder is not empty; choose another with --out, or go on with --resume.")
    return out


def check_space(folder: Path, backbone: Path | None) -> None:
    """Check that a run fits on the disk, before anything is written.

    Asks for the least that any run needs: twice the backbone's weights (the tuned model and one checkpoint) and the
    small files. A run that needs more, or whose disk fills up meanwhile, is stopped by `whole_when_full`.

    Raises:
        OutputError: there is less room than that.
    """
    weights = sum(file.stat().st_size for file in backbone.glob("*.safetensors")) if backbone is not None else 0
    needed = 2 * weights + _SMALL_FILES
    place = next(parent for parent in (folder.absolute(), *folder.absolute().parents) if parent.is_dir())
    free = shutil.disk_usage(place).free
    if free < needed:
        raise OutputError(
            f"{folder}: the disk has {free >> 20} MiB left and this run needs at least {needed >> 20}; free some "
            "space or choose another folder with --out."
        )


@contextmanager
def whole_when_full(folder: Path) -> Iterator[None]:
    """When the disk fills up inside, leave nothing half-written and say how to go on.

    Raises:
        OutputError: the disk is full. What the folder holds is whole, and `--resume` goes on from it; a folder in which
            not even the study could be written is taken away again.
    """
    fresh = not folder.exists()
    try:
        yield
    except Exception as exc:
        if not disk_is_full(exc):
            raise
        if (folder / "study.yaml").is_file():
            said = "what it holds is whole: free some space, then go on with --resume."
        else:
            said = "nothing was written; free some space or choose another folder with --out."
            if fresh and folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
        raise OutputError(f"{folder}: the disk is full; {said}") from exc


def _free_name(base: Path, *, resume: bool) -> Path:
    number, place = 1, base
    while place.exists() and any(place.iterdir()):
        if resume and not (place / "report.html").is_file():
            return place
        number += 1
        place = base.with_name(f"{base.name}-{number}")
    return base if resume else place


def write_study(folder: Path, resolved: Mapping[str, Any]) -> None:
    """Write the resolved study into a run's folder."""
    write_text(folder / "study.yaml", yaml.safe_dump(dict(resolved), sort_keys=False, allow_unicode=True))


def write_policy(folder: Path, policy: Policy) -> None:
    """Write the policy into a run's folder, byte by byte, so that its verdict can be judged again anywhere."""
    write_text(folder / "policy.yaml", policy.text)


def check_same_study(folder: Path, resolved: Mapping[str, Any]) -> None:
    """Check that a run that is to be resumed was begun with this study.

    Raises:
        OutputError: the study differs (the keys are named).
    """
    before = dict(_leaves(yaml.safe_load((folder / "study.yaml").read_text(encoding="utf-8"))))
    changed = [key for key, value in _leaves(resolved) if before.get(key) != value]
    if changed:
        raise OutputError(
            f"{folder}: the run was begun with another study ({', '.join(changed[:5])} differ); resume it with "
            "the same study, or choose another folder."
        )


def _leaves(value: Any, path: str = "") -> list[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        return [leaf for key, inner in value.items() for leaf in _leaves(inner, f"{path}.{key}" if path else str(key))]
    return [(path, list(value) if isinstance(value, tuple) else value)]


def environment(*, seed: int, seconds: Mapping[str, float]) -> dict[str, Any]:
    """Return versions, hardware in words, seed and durations."""
    versions = {}
    for package in _PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return {
        "python": platform.python_version(),
        "system": platform.system(),
        "machine": platform.machine(),
        "processor_cores": os.cpu_count(),
        "accelerator": _accelerator(),
        "seed": seed,
        "code_sha256": code_sha256(),
        "seconds": {step: round(value, 2) for step, value in seconds.items()},
        "versions": versions,
    }


def code_sha256() -> str:
    """Return one hash of primum's own source files, by which a run says with what code it was made."""
    root = Path(__file__).parents[1]
    hasher = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        hasher.update(f"{path.relative_to(root).as_posix()}\0{sha256_of(path)}\n".encode())
    return hasher.hexdigest()


def _accelerator() -> str:
    import sys

    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return "none"
    return str(torch.cuda.get_device_name(0))


def finished_run(folder: Path) -> Run:
    """Return the run whose folder is complete, judged again by the policy it was judged by."""
    findings = read_findings(folder / "findings.jsonl")
    documents = stated_documents(read_yaml(folder / "study.yaml"))
    verdict = judge(findings, load_policy(folder / "policy.yaml"), documents=documents)
    return Run(path=folder, findings=findings, verdict=verdict)
