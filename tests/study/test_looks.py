"""How often test records were looked at, as the ledger beside the runs knows."""

from __future__ import annotations

import json

import numpy as np

from primum.cohort.summary import test_digest as digest_of_test
from primum.ethics.ledger import Draft, record
from primum.files import sha256_of
from primum.study.recording import looks_of


class _Target:
    def __init__(self, values):
        self.values = np.array(values)


class _Cohort:
    def __init__(self, ids, values):
        self.ids, self.target = np.array(ids, dtype=object), _Target(values)


SPLIT = np.array(["train", "test", "test", "test"], dtype=object)


def test_the_same_test_records_are_known_in_any_order_and_whatever_train_holds():
    one = digest_of_test(_Cohort(["a", "b", "c", "d"], [0, 1, 0, 1]), SPLIT)
    turned = digest_of_test(_Cohort(["x", "d", "b", "c"], [1, 1, 1, 0]), SPLIT)
    assert one == turned
    assert len(one) == 64


def test_other_records_or_targets_are_another_test():
    one = digest_of_test(_Cohort(["a", "b", "c", "d"], [0, 1, 0, 1]), SPLIT)
    assert digest_of_test(_Cohort(["a", "b", "c", "e"], [0, 1, 0, 1]), SPLIT) != one
    assert digest_of_test(_Cohort(["a", "b", "c", "d"], [0, 1, 0, 0]), SPLIT) != one
    assert digest_of_test(_Cohort(["a", "b", "c", "d"], [0, 1, 0, 1]), np.array(["train"] * 4, dtype=object)) == ""


def test_runs_of_the_ledger_are_counted_by_study(tmp_path):
    run = tmp_path / "run"
    run.mkdir()
    (run / "study.yaml").write_text("study: this\n", encoding="utf-8")
    (run / "cohort.json").write_text(json.dumps({"test_sha256": "a" * 64}), encoding="utf-8")
    others = [("b" * 64, "a" * 64), ("c" * 64, "a" * 64), ("c" * 64, "a" * 64), ("d" * 64, "e" * 64)]
    others.append((sha256_of(run / "study.yaml"), "a" * 64))
    drafts = [Draft(kind="run", subject=study, content={"study_sha256": study, "test": test}) for study, test in others]
    record(tmp_path, drafts)
    (finding,) = looks_of(run, test_records=40)
    assert (finding.value, finding.n, finding.split) == (3.0, 40, "test")


def test_without_test_records_nothing_is_counted(tmp_path):
    (tmp_path / "cohort.json").write_text(json.dumps({"test_sha256": ""}), encoding="utf-8")
    assert looks_of(tmp_path, test_records=0) == []
