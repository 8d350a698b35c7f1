"""What a Release holds: which files of a run, and which forms of file, so that opening one can run no code."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath

MANIFEST, MANIFEST_SIGNATURE = "manifest.json", "manifest.sig.json"
RUN_FILES, RUN_SIGNATURES = "run-files.json", "run-signatures"
SBOM, PROVENANCE, POLICY, STUDY = "sbom.cdx.json", "provenance.json", "policy.yaml", "study.yaml"
MADE = frozenset({RUN_FILES, SBOM, PROVENANCE, STUDY})
"""Files of a Release that are not copies of the run's: the study is written anew without the places of its files."""
CARRIED = (
    POLICY,
    "cohort.json",
    "environment.json",
    "findings.jsonl",
    "verdict.json",
    "baselines.json",
    "history.json",
    "card.md",
    "card.json",
    "card.xml",
    "report.html",
)
"""Files of a run that go along as they are, beside model/. Tables of records stay behind."""
REQUIRED = (STUDY, POLICY, "cohort.json", "environment.json", "findings.jsonl", "verdict.json", "card.json")
MODEL, PAPERS = "model", "papers"
_MOST_HEADER_BYTES = 100 << 20


def is_release(folder: Path) -> bool:
    """Return whether a folder is, or was, a Release: one whose manifest was taken away is still no run."""
    return any((folder / name).exists() for name in (MANIFEST, MANIFEST_SIGNATURE, RUN_FILES, SBOM, PROVENANCE))


def is_safe(path: Path) -> bool:
    """Return whether a file is of a form that cannot run code when it is opened, and is what its ending says.

    Pickles, archives, and everything else that is not named here is not.
    """
    check = _FORMS.get(PurePosixPath(path.name).suffix)
    if check is None:
        return False
    try:
        return check(path)
    except (OSError, ValueError, RecursionError):
        return False


def _json(path: Path) -> bool:
    json.loads(path.read_text(encoding="utf-8"))
    return True


def _json_lines(path: Path) -> bool:
    for line in path.read_text(encoding="utf-8").splitlines():
        json.loads(line)
    return True


def _text(path: Path) -> bool:
    return "\0" not in path.read_bytes().decode("utf-8")


def _safetensors(path: Path) -> bool:
    """A length in 8 bytes, then that many bytes of JSON. Source: the format's description in its repository."""
    with path.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        return 2 <= length <= _MOST_HEADER_BYTES and isinstance(json.loads(stream.read(length)), dict)


def _protobuf(first: bytes) -> Callable[[Path], bool]:
    def check(path: Path) -> bool:
        with path.open("rb") as stream:
            return stream.read(1) == first

    return check


_FORMS: Mapping[str, Callable[[Path], bool]] = {
    ".json": _json,
    ".jsonl": _json_lines,
    ".yaml": _text,
    ".txt": _text,
    ".md": _text,
    ".html": _text,
    ".xml": _text,
    ".safetensors": _safetensors,
    ".onnx": _protobuf(b"\x08"),  # field 1 of ModelProto, the version
    ".model": _protobuf(b"\x0a"),  # field 1 of a SentencePiece model, its pieces
}
