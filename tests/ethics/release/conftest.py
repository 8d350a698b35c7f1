"""A signed run and its Release."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from primum.ethics.gate import judge
from primum.ethics.policy_reading import parse_policy
from primum.ethics.release import build_release
from primum.ethics.signing import hash_files, load_key, make_signature, write_signature
from primum.evidence.finding import read_findings
from primum.files import write_json


@pytest.fixture
def run(overseen_run, tmp_path) -> Path:
    """A copy of the finished run, unsigned."""
    return Path(shutil.copytree(overseen_run, tmp_path / "run"))


@pytest.fixture(scope="session")
def sign(people):
    """Sign a run as somebody."""

    def signed(run: Path, name: str, role: str, **options):
        made = make_signature(
            load_key(people[name]),
            **{"subject": "run", "sha256": hash_files(run).sha256, "role": role, "reason": "Read."} | options,
        )
        return write_signature(run, made)

    return signed


@pytest.fixture(scope="session")
def key(people):
    """The key of Releases."""
    return load_key(people["Releases"])


@pytest.fixture(scope="session")
def built(overseen_run, tmp_path_factory, sign, key) -> Path:
    """A Release; read only."""
    folder = tmp_path_factory.mktemp("built")
    run = Path(shutil.copytree(overseen_run, folder / "run"))
    sign(run, "Ada", "clinical_lead")
    sign(run, "Bo", "ethics_board")
    return build_release(run, folder / "release", key=key).path


@pytest.fixture
def release(built, tmp_path) -> Path:
    """A copy of the Release, to be changed."""
    return Path(shutil.copytree(built, tmp_path / "release"))


@pytest.fixture(scope="session")
def judged_by():
    """Judge a run anew by its policy with some words replaced."""

    def judged(run: Path, old: str, new: str) -> None:
        data = (run / "policy.yaml").read_text(encoding="utf-8")
        assert old in data
        (run / "policy.yaml").write_text(data.replace(old, new), encoding="utf-8")
        policy = parse_policy((run / "policy.yaml").read_bytes(), source="policy")
        write_json(run / "verdict.json", judge(read_findings(run / "findings.jsonl"), policy).to_json())

    return judged


@pytest.fixture(scope="session")
def now() -> datetime:
    """This moment."""
    return datetime.now(UTC)
