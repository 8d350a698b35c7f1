"""Every fault of the list, planted in real records, is found where it was planted; the clean ones are not blamed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "benchmarks"))
import planted_faults as planted  # noqa: E402

BIG = ("vaers", "zh")
QUICK = [fault for fault in planted.FAULTS if fault.data not in BIG]
LONG = [fault for fault in planted.FAULTS if fault.data in BIG]


def test_every_fault_is_collected():
    assert len(planted.FAULTS) == len({fault.name for fault in planted.FAULTS}) == 42
    assert len(QUICK) == 22


def _found(fault, data):
    records = fault.plant(planted.load(fault.data, data))
    said = planted.examine(records)
    assert planted.found(fault, records, said) == ""
    return records, said


@pytest.mark.parametrize("fault", QUICK, ids=lambda fault: fault.name)
def test_a_planted_fault_is_found_in_its_place(fault, shared_data):
    records, said = _found(fault, shared_data)
    if fault.plant is planted.wrong_labels:
        assert planted.noise_precision(records, said) >= 0.6


@pytest.mark.slow
@pytest.mark.parametrize("fault", LONG, ids=lambda fault: fault.name)
def test_a_planted_fault_is_found_in_larger_records(fault, shared_data):
    _found(fault, shared_data)


@pytest.mark.parametrize("name", ["symptom", "heart"])
def test_clean_records_meet_no_rule_that_blocks(name, shared_data):
    outcomes = planted.examine(planted.load(name, shared_data)).outcomes
    assert [rule for rule, outcome in outcomes.items() if outcome == "block"] == []
    # Forty descriptions of symptom2disease repeat another word for word, which is true and for review.
    expected = {"safety.test_text_in_train", "safety.some_test_text_in_train"} if name == "symptom" else set()
    assert {rule for rule, outcome in outcomes.items() if outcome == "review"} == expected


@pytest.mark.slow
@pytest.mark.parametrize("name", BIG)
def test_larger_clean_records_meet_no_rule_that_blocks(name, shared_data):
    outcomes = planted.examine(planted.load(name, shared_data)).outcomes
    assert [rule for rule, outcome in outcomes.items() if outcome == "block"] == []
    assert sum(outcome == "review" for outcome in outcomes.values()) <= 1
