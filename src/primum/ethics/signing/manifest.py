"""What a signature is about: the SHA-256 of every file of a folder, and the one hash that stands for them all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from primum.errors import SignatureError
from primum.ethics.canonical import canonical, sha256_text
from primum.files import sha256_of

SIGNATURES_FOLDER = "signatures"
"""Beside what was signed, so that signing does not change it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileHashes:
    """The files of a folder."""

    files: Mapping[str, str]
    """SHA-256 by path inside the folder, with slashes."""

    @property
    def sha256(self) -> str:
        """The hash of the list: it changes with any byte, name, addition or removal."""
        return sha256_text("primum files 1\n" + canonical(dict(self.files)))


def hash_files(folder: Path) -> FileHashes:
    """Return the hashes of every file below a folder but its signatures.

    Raises:
        SignatureError: it holds a link, which may lead to another file tomorrow, or a file cannot be read.
    """
    return FileHashes(files={name: _hash(folder / name) for name in file_names(folder, but=SIGNATURES_FOLDER)})


def file_names(folder: Path, *, but: str) -> list[str]:
    """Return the paths of all files below a folder, sorted, without those in its subfolder `but`.

    Raises:
        SignatureError: there is a link among them.
    """
    names = []
    for place in sorted(folder.rglob("*")):
        name = place.relative_to(folder).as_posix()
        if place.is_symlink():
            raise SignatureError(f"{folder}: {name} is a link; put the file itself there.")
        if place.is_file() and name.partition("/")[0] != but:
            names.append(name)
    return sorted(names)


def _hash(path: Path) -> str:
    try:
        return sha256_of(path)
    except OSError as exc:
        raise SignatureError(f"{path}: cannot be read; check its rights.") from exc
