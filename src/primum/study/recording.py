"""What runs and erasures leave in the ledger: hashes, counts and verdicts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from primum.ethics import looks_finding
from primum.evidence import Finding
from primum.files import sha256_of

if TYPE_CHECKING:  # an erasure is recorded by whoever asked for it
    from primum.ethics.ledger import Draft
    from primum.study.erasing import Erasure
    from primum.study.unlearning import Unlearnt


def prepare_record(folder: Path) -> None:
    """Open the ledger of a run that is about to begin, so that a run never ends with nowhere to be recorded.

    Raises:
        LedgerError: it cannot be opened.
        ExtraMissingError: what the ledger needs is not installed.
    """
    from primum.ethics.ledger import open_ledger

    open_ledger(folder.absolute().parent).close()


def looks_of(folder: Path, *, test_records: int) -> list[Finding]:
    """Return how often the test records of a run that is going on were looked at, itself included, as its ledger knows.

    Args:
        folder: of the run; its study and cohort.json are written.
        test_records: how many there are.
    """
    from primum.ethics.ledger import open_ledger

    test = json.loads((folder / "cohort.json").read_text(encoding="utf-8"))["test_sha256"]
    if not test:
        return []
    with open_ledger(folder.absolute().parent) as ledger:
        runs = [entry.content for entry in ledger.entries(kind="run")]
    return [looks_finding(runs, test=test, study=sha256_of(folder / "study.yaml"), records=test_records)]


def record_run(folder: Path) -> None:
    """Add a finished run and its verdict to the ledger beside it, or to the one that PRIMUM_LEDGER names.

    Raises:
        LedgerError: the ledger cannot be written; the run's folder is whole all the same.
    """
    from primum.ethics.ledger import Draft, record
    from primum.ethics.signing import hash_files

    cohort = json.loads((folder / "cohort.json").read_text(encoding="utf-8"))
    verdict = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
    study = yaml.safe_load((folder / "study.yaml").read_text(encoding="utf-8"))
    environment = json.loads((folder / "environment.json").read_text(encoding="utf-8"))
    run = hash_files(folder).sha256
    about_run = {
        "study": str(study["study"])[:120],
        "study_sha256": sha256_of(folder / "study.yaml"),
        "cohort": str(cohort["fingerprint"]),
        "test": str(cohort["test_sha256"]),
        "records": int(cohort["records"]),
        "findings": len((folder / "findings.jsonl").read_bytes().splitlines()),
        "version": str(environment["versions"]["primum"]),
    }
    about_verdict = {
        "outcome": verdict["verdict"],
        "policy": str(verdict["policy"])[:120],
        "policy_sha256": verdict["policy_sha256"],
        "verdict_sha256": sha256_of(folder / "verdict.json"),
    }
    drafts = [
        Draft(kind="run", subject=run, content=about_run),
        Draft(kind="verdict", subject=run, content=about_verdict),
    ]
    record(folder.absolute().parent, drafts)


def erasure_drafts(done: Erasure) -> list[Draft]:
    """Return an erasure as entries of a ledger, under the request's number: hashes and counts, nothing of the patient.

    One for each list (`method` list: records found, folders that learnt from them, the list before and after) and one
    for each run whose rows were deleted (`method` rows: the run before and after).
    """
    from primum.ethics.ledger import Draft

    learnt = sum(one.learnt for one in done.places)
    lists: list[dict[str, Any]] = [
        {"method": "list", "records": done.records, "folders": learnt, "before": before, "after": after}
        for before, after in done.changes
    ]
    runs: list[dict[str, Any]] = [
        {"method": "rows", "before": one.before, "after": one.after} for one in done.places if one.cleared
    ]
    return [Draft(kind="erasure", subject=done.request, content=content) for content in (*lists, *runs)]


def unlearning_drafts(request: str, unlearnt: Sequence[Unlearnt]) -> list[Draft]:
    """Return what was unlearnt as entries of a ledger: the old run, the new one, and how many heads were trained."""
    from primum.ethics.ledger import Draft
    from primum.ethics.signing import hash_files

    return [
        Draft(
            kind="erasure",
            subject=request,
            content={
                "method": "unlearning",
                "before": hash_files(one.before).sha256,
                "after": hash_files(one.after).sha256,
                "heads": one.trained,
            },
        )
        for one in unlearnt
    ]


def shredding_draft(request: str, keys: bool) -> Draft:
    """Return that a patient's key to Cases at rest was destroyed, or that there was none, as an entry of a ledger."""
    from primum.ethics.ledger import Draft

    return Draft(kind="erasure", subject=request, content={"method": "shredding", "keys": int(keys)})
