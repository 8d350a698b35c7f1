"""What a run leaves in the ledger: its hashes, its counts and its verdict."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from primum.ethics import looks_finding
from primum.evidence import Finding
from primum.files import sha256_of


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
