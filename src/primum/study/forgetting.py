"""All that an erasure comes to: list and rows, the key to Cases at rest, unlearning, and the record of each."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from primum.errors import InputError
from primum.progress import Progress
from primum.study.erasing import Erasure, erase, new_request
from primum.study.recording import erasure_drafts, shredding_draft, unlearning_drafts
from primum.study.unlearning import Unlearnt, unlearn

if TYPE_CHECKING:  # ledger and study are opened by whoever asks
    from primum.ethics.ledger import Draft, Ledger
    from primum.privacy.at_rest import Vault
    from primum.study.study import Study


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What became of a patient who asked to be forgotten."""

    request: str
    """The request's number; says nothing of the patient."""
    erasure: Erasure | None
    """None where only the key to Cases at rest was meant."""
    shredded: bool | None
    """Whether there was a key to destroy; None where no vault was given."""
    unlearnt: tuple[Unlearnt, ...]
    waiting: tuple[Path, ...]
    """Requests to run a study again that are still open."""


def forget(
    patient: str,
    *,
    study: Study | None = None,
    folders: Sequence[Path] = (),
    unseen: bool = False,
    later: bool = False,
    vault: Vault | None = None,
    ledgers: Sequence[Ledger] = (),
    progress: Progress | None = None,
    lang: str = "en",
) -> Forgotten:
    """Erase a patient, destroy the key to their Cases at rest, unlearn them from runs by shards, and keep record.

    Each step is recorded when it is done, so that a ledger never says more than was.

    Args:
        patient: the id, as it stands in the records.
        study: the study whose list is meant; None: those of the runs in which the patient is found.
        folders: runs, releases and audits, or folders of them.
        unseen: put a patient on the list of `study` who is not found anywhere.
        later: unlearn nothing now; what must be rebuilt waits in the queue.
        vault: of Cases at rest. With neither study nor folders, nothing but its key is meant.
        ledgers: where it is recorded, in hashes and counts.
        progress: is told of the steps.
        lang: language of new reports.
    Raises:
        InputError: the patient is nowhere to be found, a folder holds no run, or no column names patients.
    """
    done = None
    request = new_request()[1]
    if study is not None or folders or vault is None:
        hashed = _run_hash if ledgers else None
        done = erase(patient, study=study, folders=folders, unseen=unseen, hashed=hashed, progress=progress)
        request = done.request
        if ledgers:
            _record(ledgers, erasure_drafts(done))
    shredded = None if vault is None else vault.shred(patient.strip())
    if shredded is not None and ledgers:
        _record(ledgers, [shredding_draft(request, shredded)])
    unlearnt = [] if done is None or later else unlearn(done.places, progress=progress, lang=lang)
    if unlearnt and ledgers:
        _record(ledgers, unlearning_drafts(request, unlearnt))
    return Forgotten(
        request=request,
        erasure=done,
        shredded=shredded,
        unlearnt=tuple(unlearnt),
        waiting=() if done is None else tuple(path for path in done.queue if _waits(path)),
    )


def vault_of(path: Path, master_key: str | None) -> Vault:
    """Return the vault of a file of patients' keys.

    Args:
        path: the file.
        master_key: where the key that wraps them comes from; see `primum.privacy.at_rest.read_keys`.
    Raises:
        InputError: there is no such file, or no master key is named.
    """
    from primum.privacy.at_rest import Vault, read_keys

    if not path.is_file():
        raise InputError(f"--vault: {path}: no such file of patients' keys; name the one that sealed the Cases.")
    if not master_key:
        raise InputError("--master-key: say what wraps the patients' keys (file:PATH, env:NAME or command:PROGRAM).")
    return Vault(path=path, masters=read_keys(master_key))


@contextmanager
def ledgers_of(folders: Sequence[Path], *, given: str | None = None) -> Iterator[list[Ledger]]:
    """Open the ledger that is given or that PRIMUM_LEDGER names, else each that lies in the folders or beside them.

    Raises:
        LedgerError: one cannot be opened.
    """
    from primum.ethics.ledger.place import LEDGER_FILE, LEDGER_VARIABLE

    beside = {place.resolve() for folder in folders for place in (folder / LEDGER_FILE, folder.parent / LEDGER_FILE)}
    named = given or os.environ.get(LEDGER_VARIABLE)
    places = [named] if named else sorted(str(place) for place in beside if place.is_file())
    with ExitStack() as stack:
        if places:
            from primum.ethics.ledger import open_ledger

            yield [stack.enter_context(open_ledger(None, given=place)) for place in places]
        else:
            yield []


def _record(ledgers: Sequence[Ledger], drafts: Sequence[Draft]) -> None:
    for ledger in ledgers:
        ledger.append_all(list(drafts))


def _run_hash(folder: Path) -> str:
    from primum.ethics.signing import hash_files

    return hash_files(folder).sha256


def _waits(request: Path) -> bool:
    state = json.loads(request.read_text(encoding="utf-8")).get("state")
    return bool(state == "waiting")
