"""The manifest: every file of a Release with its hash, and the release key's signature over the list."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from primum.ethics.canonical import readable, sha256_text
from primum.ethics.release.layout import MANIFEST, MANIFEST_SIGNATURE
from primum.ethics.signing.keys import SigningKey, is_signed


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a Release is."""

    study: str
    run: str
    """The hash of the run's list of files, which people signed."""
    verdict: str
    policy: str
    policy_sha256: str
    primum: str
    """The version that built it."""
    expires: str
    """UTC, ISO 8601; empty: never."""
    files: Mapping[str, str]
    """SHA-256 by path, of every file but the manifest, its signature and signatures given later."""

    def text(self) -> str:
        """Return the file's content; there is one form."""
        return readable({"format": 1, **asdict(self), "files": dict(self.files)})

    @property
    def sha256(self) -> str:
        """The name of the Release: the SHA-256 of manifest.json."""
        return sha256_text(self.text())


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """The release key's signature over a manifest."""

    name: str
    key: str
    signature: str

    def text(self) -> str:
        """Return the file's content; there is one form."""
        return readable({"format": 1, **asdict(self)})

    def valid(self, manifest: Manifest) -> bool:
        """Return whether it is the key's signature on this manifest."""
        return is_signed(_sealed_text(manifest, self.name), key=self.key, signature=self.signature)


def seal(manifest: Manifest, key: SigningKey) -> Seal:
    """Return the signature of `key` over a manifest."""
    return Seal(name=key.name, key=key.public, signature=key.sign(_sealed_text(manifest, key.name)))


def read_manifest(folder: Path) -> Manifest | None:
    """Return a Release's manifest; None where the file is not exactly what the builder writes."""
    content, text = _read(folder / MANIFEST)
    try:
        found = Manifest(**content)
        return found if found.text() == text and _plain(content) else None
    except (TypeError, ValueError):
        return None


def read_seal(folder: Path) -> Seal | None:
    """Return the signature beside a manifest; None where the file is not exactly what the builder writes."""
    content, text = _read(folder / MANIFEST_SIGNATURE)
    try:
        found = Seal(**content)
        return found if found.text() == text and all(isinstance(value, str) for value in content.values()) else None
    except (TypeError, ValueError):
        return None


def _plain(content: Mapping[str, Any]) -> bool:
    files = content["files"]
    texts = [value for name, value in content.items() if name != "files"]
    return isinstance(files, dict) and all(isinstance(value, str) for value in [*texts, *files.values()])


def _read(path: Path) -> tuple[dict[str, Any], str]:
    try:
        text = path.read_bytes().decode("utf-8")
        content = json.loads(text)
        return (content, text) if isinstance(content, dict) and content.pop("format", None) == 1 else ({}, "")
    except (OSError, ValueError, RecursionError):
        return {}, ""


def _sealed_text(manifest: Manifest, name: str) -> str:
    return f"primum release 1\n{name}\n{manifest.text()}"
