"""A Release in use: opened after it was verified, asked about new records, never otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from primum.errors import ReleaseError
from primum.i18n import translate
from primum.progress import Progress

if TYPE_CHECKING:  # signatures are an optional part
    from primum.ethics.release import Fault, Manifest, Verified
    from primum.ethics.signing import TrustList


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A verified Release."""

    path: Path
    """Its folder."""
    sha256: str
    """Of its manifest: the Release's name in ledger and registry."""
    manifest: Manifest

    @classmethod
    def open(cls, path: str | Path, *, trust: str | Path | None = None) -> Release:
        """Return the Release in a folder, after every byte, signature, verdict and date was found right.

        Args:
            path: what `primum release` wrote.
            trust: the list of trusted keys; None: the file that PRIMUM_TRUST names. Without any list the signatures
                are checked, but not whose they are.
        Raises:
            ReleaseError: there is none, or it was altered, is blocked, expired, or lacks a signature; all is named.
            SignatureError: the list of trusted keys cannot be read.
        """
        from primum.ethics.signing import find_trust

        folder = Path(path)
        verified = verified_release(folder, trust=find_trust(None if trust is None else Path(trust)))
        assert verified.manifest is not None
        return cls(path=folder, sha256=verified.manifest.sha256, manifest=verified.manifest)

    def predict(self, table: object, *, lang: str = "en", progress: Progress | None = None) -> pa.Table:
        """Return what the Release says of each record, as a pyarrow table: see `primum predict`.

        Args:
            table: pandas, polars, pyarrow or any Arrow table, or a path, with the study's input columns.
            lang: language of the reasons, en or zh.
            progress: is told of the records done.
        Raises:
            CohortError: the records lack an input, or hold other values than numbers where the model knows numbers.
        """
        from primum.study.predicting import answer

        source = Path(table) if isinstance(table, str) else table
        return answer(self.path, source, progress=progress, lang=lang).table


def verified_release(folder: Path, *, trust: TrustList | None) -> Verified:
    """Return the verification of a Release that may be opened.

    Raises:
        ReleaseError: it may not; every reason is in the message.
    """
    from primum.ethics.release import verify_release

    verified = verify_release(folder, trust=trust)
    if not verified.ok:
        reasons = " ".join(fault_sentence(fault) for fault in verified.faults)
        raise ReleaseError(f"{folder}: this Release must not be used. {reasons}")
    return verified


def fault_sentence(fault: Fault, lang: str = "en") -> str:
    """Return a fault of a Release as a sentence."""
    return translate(f"release.fault.{fault.kind}", lang, **fault.values)
