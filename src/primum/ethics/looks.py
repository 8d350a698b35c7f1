# ruff: noqa: E501 - the row keeps title and definition whole
"""How often the test records were looked at: choosing among models by their test figures makes the chosen one's too good."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from primum.evidence.finding import Finding
from primum.evidence.metrics import register_row

_DWORK = "Dwork et al. 2015, Science 349(6248)"
register_row(
    "test_looks", "Looks at the test records", "查看测试记录的次数",
    "How many different studies the ledger knows whose figures were computed on these very test records, this one included; the same study run again is not counted again.",
    "账本中在同一批测试记录上计算过指标的不同研究数（含本次）；同一研究重复运行不重复计数。", "none", "lower", _DWORK,
)  # fmt: skip


def looks_finding(runs: Iterable[Mapping[str, Any]], *, test: str, study: str, records: int) -> Finding:
    """Return how many different studies were measured on these test records.

    Args:
        runs: contents of the entries of kind run of the ledger.
        test: SHA-256 of the test records of this run.
        study: SHA-256 of this run's resolved study.
        records: how many test records there are.
    """
    others = {run["study_sha256"] for run in runs if run.get("test") == test}
    return Finding(
        pillar="ethics",
        metric="test_looks",
        value=float(len(others | {study})),
        level=None,
        n=records,
        split="test",
        method="Runs of the ledger with the same test records and targets, counted once for each resolved study.",
        reference=_DWORK,
    )
