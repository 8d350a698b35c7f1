"""What is told of a model as a whole: the rule it follows, with intervals and counts, and nothing of few patients."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from primum.cohort.images import MadeUpImages
from primum.cohort.records import Records
from primum.transparency.overall import overall_findings
from primum.transparency.overall.asking import Asker, Copies
from tests.transparency.formulas import Formula, cohort_of

RNG = np.random.default_rng(4)
N = 160
RATE, NOISE, TWIN = RNG.normal(80, 15, N), RNG.normal(size=N), RNG.normal(size=N)
LEVEL = np.array(["yes", "no"] * 78 + ["hidden"] * 4, dtype=object)
TEXTS = ["crisis" if i % 2 else "calm" for i in range(N)]
SPLIT = np.full(N, "test", dtype=object)


def _rule(vitals, texts):
    loud = np.array([text == "crisis" for text in texts])
    rate = np.nan_to_num((vitals["rate"] - 80) / 15)
    score = 2 * rate + loud + 1.0 * rate * np.nan_to_num(vitals["noise"]) * 2
    p = 1 / (1 + np.exp(-score))
    return np.column_stack([1 - p, p])


def _cohort(**more):
    truth = (_rule({"rate": RATE, "noise": NOISE}, TEXTS)[:, 1] > RNG.random(N)).astype(int)
    return cohort_of(truth, texts=TEXTS, classes=("no", "yes"), rate=RATE, noise=NOISE, twin=TWIN, level=LEVEL, **more)


@pytest.fixture(scope="module")
def findings():
    return overall_findings(Formula(_rule), _cohort(), SPLIT)


def _of(findings, metric, **versus):
    found = [f for f in findings if f.metric == metric and all(f.versus.get(k) == v for k, v in versus.items())]
    assert found
    return found[0]


def test_what_the_rule_reads_matters_and_what_it_does_not_is_exactly_zero(findings):
    important = {f.versus["part"]: f for f in findings if f.metric == "permutation_importance"}
    assert set(important) == {"note", "vitals", "vital rate", "vital noise", "vital twin", "vital level"}
    for name in ("vital twin", "vital level"):  # up to what a mean of equal numbers rounds to
        assert important[name].value == pytest.approx(0.0, abs=1e-12)
    assert important["vital rate"].low > 0.1 and important["note"].low > 0
    assert all(f.low <= f.value + 1e-12 and f.value <= f.high + 1e-12 and f.n == N for f in important.values())


def test_curves_follow_the_rule(findings):
    for metric in ("accumulated_local_effect", "partial_dependence"):
        curve = _of(findings, metric, vital="rate")
        assert curve.class_ == "yes" and curve.low > 0.3
        assert min(curve.detail["patients"]) >= 5 and sum(curve.detail["patients"]) == N
        assert (np.diff(curve.detail["y"]) > 0).all()
        flat = _of(findings, metric, vital="twin")
        assert flat.value == pytest.approx(0.0) and flat.high == pytest.approx(0.0)


def test_the_pair_that_interacts_comes_out_and_no_other_does(findings):
    h = {frozenset((f.versus["vital"], f.versus["with"])): f.value for f in findings if f.metric == "vital_interaction"}
    assert h[frozenset(("rate", "noise"))] > 0.4
    assert all(value == pytest.approx(0.0, abs=1e-6) for pair, value in h.items() if pair != {"rate", "noise"})


def test_note_and_vitals_that_add_up_do_not_interact(findings):
    found = _of(findings, "input_interaction")
    # The score asked about is of what is answered, and the sum of note and vitals is the same with and without.
    assert found.value == pytest.approx(0.0, abs=1e-9)


def test_levels_of_fewer_than_five_patients_are_nowhere(findings):
    told = json.dumps([f.to_json() for f in findings])
    assert "hidden" not in told
    assert _of(findings, "partial_dependence", vital="level").detail["levels"] == ["no", "yes"]


def test_a_patient_with_many_records_counts_once():
    doubled = overall_findings(
        Formula(_rule), _cohort(patients=np.repeat(np.arange(N // 4).astype(str), 4).astype(object)), SPLIT
    )
    assert _of(doubled, "permutation_importance", part="note").n == N // 4


def test_fewer_than_ten_patients_tell_nothing():
    few = SPLIT.copy()
    few[9:] = "train"
    assert overall_findings(Formula(_rule), _cohort(), few) == []
    assert overall_findings(Formula(_rule), _cohort(), np.full(N, "train", dtype=object)) == []


def test_a_number_and_many_classes():
    cohort = cohort_of(RATE, rate=RATE, noise=NOISE)
    found = overall_findings(Formula(lambda v, _: np.nan_to_num(v["rate"])), cohort, SPLIT)
    ale = _of(found, "accumulated_local_effect", vital="rate")
    assert ale.class_ is None and ale.value == pytest.approx(ale.detail["x"][-1] - ale.detail["x"][0])

    def five(vitals, _):
        scores = np.column_stack([np.nan_to_num(vitals["noise"]) * k for k in range(5)])
        return np.exp(scores) / np.exp(scores).sum(1, keepdims=True)

    many = cohort_of(RNG.integers(0, 5, N), classes=tuple("abcde"), noise=NOISE, twin=TWIN)
    found = overall_findings(Formula(five), many, SPLIT)
    assert len({f.class_ for f in found if f.metric == "accumulated_local_effect"}) == 3


def test_a_large_split_is_drawn_from():
    asked = []

    def rule(vitals, _):
        asked.append(len(vitals["rate"]))
        return np.nan_to_num(vitals["rate"])

    found = overall_findings(Formula(rule), cohort_of(RATE, rate=RATE, noise=NOISE), SPLIT, most=50)
    assert asked[0] == 50 and all(f.n <= 50 for f in found)


class _Looking:
    """Answers with the sum of what a picture shows."""

    def predict(self, records):
        assert records.image is not None
        return records.image.take(np.arange(len(records))).sum((1, 2, 3)).astype(float)


class _Grey:
    size, channels = 8, 1


def test_a_copy_keeps_the_picture_of_its_record():
    pictures = MadeUpImages(_Grey(), N, seed=3)
    records = replace(_cohort().records, image=pictures)
    [found] = Asker(_Looking(), records).ask([Copies(rows=np.array([7, 7, 2]), vitals={"rate": np.zeros(3)})])
    sums = pictures.take([7, 7, 2]).sum((1, 2, 3))
    np.testing.assert_array_equal(found, sums)
    assert sums[0] != sums[2]


def test_nothing_is_told_of_a_model_of_pictures_alone(caplog):
    cohort = replace(_cohort(), records=Records(n=N, image=MadeUpImages(_Grey(), N, seed=3)))
    with caplog.at_level("INFO"):
        assert overall_findings(_Looking(), cohort, SPLIT) == []
    assert "does not apply" in caplog.text
