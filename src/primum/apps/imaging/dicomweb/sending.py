"""Sending what primum wrote about a picture to an archive: only with its notice, once, and written down."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from primum.apps.imaging.dicomweb.archive import Archive
from primum.apps.imaging.dicomweb.failures import translated
from primum.apps.imaging.marks import NOTICE
from primum.errors import ArchiveError, InputError
from primum.extras import require

Outcome = Literal["stored", "partly", "refused", "unknown"]
"""All were stored, some, none; or the archive did not say so and some may have been."""
_REASONS = {
    0x0110: "processing failed",
    0x0122: "this kind of file is not kept",
    0x0124: "not authorised",
    0x0272: "the kind of transfer is not kept",
    0xA700: "no room",
    0xA900: "the file does not match its kind",
    0xC000: "not understood",
    0xC122: "the transfer syntax is not kept",
}
"""Of PS3.18, table I.2-2, and PS3.4, table B.2-1."""
_SHOWN = 10
_PURPOSE = "Sending marks"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What became of files that were sent."""

    host: str
    outcome: Outcome
    files: int
    """Stored."""
    failed: int
    """Not stored, as far as the archive said."""
    uids_sha256: str
    """SHA-256 of the files' SOP Instance UIDs, sorted, one a line: tells whether a file was among them."""
    fault: ArchiveError | None
    """What to tell the person; None where all were stored."""

    def content(self) -> dict[str, object]:
        """Return it as the content of the ledger's entry `sending`."""
        return {
            "host": self.host[:120],
            "outcome": self.outcome,
            "files": self.files,
            "failed": self.failed,
            "uids_sha256": self.uids_sha256,
        }


def check_marked(paths: Sequence[Path]) -> dict[str, Any]:
    """Return files as data sets by their names, found to say that they are a model's and not for diagnosis.

    Raises:
        InputError: there is none, or one is no DICOM or lacks the notice in its series description.
    """
    pydicom: Any = require("pydicom", extra="imaging", purpose=_PURPOSE)
    found = {}
    for path in paths:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # pydicom's warnings quote values
                data = pydicom.dcmread(path)
                said, uid = str(data.get("SeriesDescription", "")), str(data.get("SOPInstanceUID", ""))
        except Exception as exc:  # pydicom raises from many trees on what is no DICOM
            raise InputError(f"{path.name}: it is no DICOM file, and an archive takes no other.") from exc
        if said != NOTICE or not uid:
            raise InputError(f"{path.name}: it does not say {NOTICE!r}, and nothing else is sent; make it anew.")
        found[path.name] = data
    if not found:
        raise InputError("--stow: no DICOM file is asked for; add seg, sr, pr or sc to --as.")
    return found


def send_marked(archive: Archive, files: Mapping[str, Any]) -> Sent | ArchiveError:
    """Send files, in one message and once, and return what became of them.

    Args:
        archive: that takes them.
        files: data sets by their names, from `check_marked`.
    Returns:
        What became of them; an error where the archive could not be reached, so that nothing left this machine.
    """
    requests: Any = require("requests.exceptions", extra="dicomweb", purpose=_PURPOSE)
    uids = {str(data.SOPInstanceUID): name for name, data in files.items()}
    try:
        with translated(archive.host):
            try:
                answer = archive.store(list(files.values()))
            except requests.HTTPError as exc:
                answer = _lists_of(exc.response)
                if not answer.get("FailedSOPSequence"):
                    raise
        return _told(archive.host, uids, answer)
    except ArchiveError as exc:
        cause = exc.__cause__
        if isinstance(cause, (requests.ConnectTimeout, requests.SSLError)) or _never_reached(cause):
            return exc
        refused = isinstance(cause, requests.HTTPError)
        return _sent(archive.host, uids, stored=0, outcome="refused" if refused else "unknown", fault=exc)


def _never_reached(cause: BaseException | None) -> bool:
    """Return whether no connection was made."""
    errors: Any = require("urllib3.exceptions", extra="dicomweb", purpose=_PURPOSE)
    inner = cause.args[0] if cause is not None and cause.args else None
    return isinstance(getattr(inner, "reason", inner), errors.NewConnectionError)


def _lists_of(response: Any) -> Any:
    """Return the lists of an answer that refuses all (409); empty ones where it holds none."""
    dataset: Any = require("pydicom.dataset", extra="imaging", purpose=_PURPOSE)
    if response is None or response.status_code != 409:
        return dataset.Dataset()
    try:
        return dataset.Dataset.from_json(response.json())
    except Exception:  # json and pydicom raise from many trees; the status has said enough
        return dataset.Dataset()


def _told(host: str, uids: Mapping[str, str], answer: Any) -> Sent:
    """Return what the archive's lists say of each file; one that they do not name is not known to be stored."""
    stored = {str(one.get("ReferencedSOPInstanceUID", "")) for one in answer.get("ReferencedSOPSequence") or ()}
    failed = {
        str(one.get("ReferencedSOPInstanceUID", "")): int(one.get("FailureReason") or 0)
        for one in answer.get("FailedSOPSequence") or ()
    }
    kept = [uid for uid in uids if uid in stored and uid not in failed]
    lost = [uid for uid in uids if uid not in kept]
    if not lost:
        return _sent(host, uids, stored=len(kept), outcome="stored", fault=None)
    why = "; ".join(f"{uids[uid]} ({_because(failed.get(uid))})" for uid in lost[:_SHOWN])
    fault = ArchiveError(f"{host}: {len(lost)} of {len(uids)} files were not stored: {why}.")
    named = any(uid in failed for uid in lost)
    outcome: Outcome = "partly" if kept else "refused" if named else "unknown"
    return _sent(host, uids, stored=len(kept), outcome=outcome, fault=fault)


def _because(code: int | None) -> str:
    if code is None:
        return "the archive says nothing of it"
    said = _REASONS.get(code) or _REASONS.get(code & 0xFF00) or _REASONS.get(code & 0xF000)
    return f"{said}, {code:04X}" if said else f"{code:04X}"


def _sent(host: str, uids: Mapping[str, str], *, stored: int, outcome: Outcome, fault: ArchiveError | None) -> Sent:
    return Sent(
        host=host,
        outcome=outcome,
        files=stored,
        failed=0 if outcome == "unknown" else len(uids) - stored,
        uids_sha256=hashlib.sha256("\n".join(sorted(uids)).encode()).hexdigest(),
        fault=fault,
    )
