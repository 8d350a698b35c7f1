"""Intervals of calibrated probabilities hold the true share as often as they promise, and give no patient away."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats

from primum.errors import InputError
from primum.evidence import Predictions
from primum.safety import FEWEST_TO_TELL, RELIABILITY_FILE, Reliability, fit_reliability

SHAPES = {
    "calibrated": lambda p: p,
    "too sure": lambda p: 1 / (1 + np.exp(-0.5 * np.log(p / (1 - p)))),
    "too low": lambda p: p**0.4,
    "flat": lambda p: np.full_like(p, 0.3),
}
"""The true share at every probability that a model may say; none falls where the probability rises."""


def _table(p, truth, *, kind="classes", patient=None):
    n, k = p.shape
    return Predictions(
        ids=np.array([f"r{i}" for i in range(n)], dtype=object),
        split=np.full(n, "calibration", dtype=object),
        target_type=kind,
        classes=tuple("abcdef"[:k]),
        target=truth,
        predicted=p.argmax(1) if kind == "classes" else (p >= 0.5).astype(np.int64),
        probabilities=p,
        groups={},
        site=None,
        patient=patient,
    )


def _binary(rng, n, shape):
    p = 1 / (1 + np.exp(-rng.normal(0, 1.5, n)))
    return _table(np.column_stack([1 - p, p]), (rng.random(n) < shape(p)).astype(np.int64))


@pytest.mark.parametrize("n", [60, 400])
@pytest.mark.parametrize("name", SHAPES)
def test_both_intervals_hold_the_true_share_as_often_as_promised(rng, name, n):
    shape, held, widths = SHAPES[name], [], []
    for _ in range(300):
        found = fit_reliability(_binary(rng, n, shape))
        asked = 1 / (1 + np.exp(-rng.normal(0, 1.5, 10)))
        ends = found.intervals(np.column_stack([1 - asked, asked]))
        truth = np.column_stack([1 - shape(asked), shape(asked)])
        held.append(((ends[..., 0] <= truth) & (truth <= ends[..., 1])).all(1))
        widths.append(ends[:, 1, 1] - ends[:, 1, 0])
    assert np.mean(held) >= 0.95
    assert np.mean(widths) < (0.75 if n == 60 else 0.45)


def test_all_classes_of_an_answer_hold_together(rng):
    held = []
    for _ in range(300):
        score = rng.normal(0, 1.2, (300, 4))
        p = np.exp(score) / np.exp(score).sum(1, keepdims=True)
        truth = (p.cumsum(1) < rng.random((300, 1))).sum(1).astype(np.int64)
        found = fit_reliability(_table(p[:290], truth[:290]))
        ends = found.intervals(p[290:])
        held.append(((ends[..., 0] <= p[290:]) & (p[290:] <= ends[..., 1])).all(1))
    assert np.mean(held) >= 0.95


def test_each_bound_is_the_exact_limit_written_out(rng):
    table = _binary(rng, 75, SHAPES["too low"])
    p, hit = table.probabilities[:, 1], table.target == 1
    found = fit_reliability(table).steps[1]
    groups = np.array_split(np.argsort(p), 7)
    assert [len(own) for own in groups] == [11, 11, 11, 11, 11, 10, 10] and len(found.low) == 7
    for place in range(7):
        lows, highs = [0.0], [1.0]
        for size in (1, 2, 4):
            if place + 1 >= size:
                own = np.concatenate(groups[place + 1 - size : place + 1])
                lows.append(_exact(hit[own]).low)
            if place + size <= 7:
                own = np.concatenate(groups[place : place + size])
                highs.append(_exact(hit[own]).high)
        assert found.low[place] == pytest.approx(max(lows), abs=1e-4) and found.low[place] <= max(lows)
        assert found.high[place] == pytest.approx(min(highs), abs=1e-4) and found.high[place] >= min(highs)
        assert 0 <= found.low_from[place] - p[groups[place]].max() <= 0.026
        assert 0 <= p[groups[place]].min() - found.high_to[place] <= 0.026


def _exact(hits):
    """Clopper and Pearson's interval with the error divided by the three sizes that are looked at."""
    return stats.binomtest(int(hits.sum()), len(hits)).proportion_ci(1 - 0.05 / 3, method="exact")


def test_equal_probabilities_in_a_file_sorted_by_outcome_tell_nothing_untrue(rng):
    held = []
    for _ in range(200):
        truth = np.sort((rng.random(100) < 0.3).astype(np.int64))
        found = fit_reliability(_table(np.tile([0.6, 0.4], (100, 1)), truth))
        low, high = found.intervals(np.array([[0.6, 0.4]]))[0, 1]
        held.append(low <= 0.3 <= high)
    assert np.mean(held) >= 0.95


def test_a_patient_counts_once_however_many_records(rng):
    one = _binary(rng, 40, SHAPES["calibrated"])
    often = np.repeat(np.arange(40), 5)
    names = np.array([f"p{i}" for i in often], dtype=object)
    five = _table(one.probabilities[often], one.target[often], patient=names)
    assert fit_reliability(five).patients == 40
    width = [np.mean(np.diff(fit_reliability(t).intervals(one.probabilities))) for t in (one, five)]
    assert width[0] == pytest.approx(width[1], abs=0.05)


def test_labels_have_intervals_of_their_own(rng):
    p = rng.uniform(0.05, 0.95, (200, 2))
    truth = (rng.random((200, 2)) < p).astype(np.int64)
    found = fit_reliability(_table(p, truth, kind="labels"))
    alone = fit_reliability(_table(p[:, ::-1], truth[:, ::-1], kind="labels"))
    assert found.steps[0] == alone.steps[1] and found.steps[1] == alone.steps[0]


def test_too_few_patients_tell_nothing(rng):
    few = fit_reliability(_binary(rng, FEWEST_TO_TELL - 1, SHAPES["calibrated"]))
    assert (few.enough, few.patients, few.intervals(np.array([[0.2, 0.8]]))) == (False, FEWEST_TO_TELL - 1, None)
    assert fit_reliability(_binary(rng, 4, SHAPES["calibrated"])).patients is None
    assert fit_reliability(_binary(rng, FEWEST_TO_TELL, SHAPES["calibrated"])).enough


def test_what_is_saved_comes_back_and_holds_no_patients_probability(rng, tmp_path):
    table = _binary(rng, 90, SHAPES["calibrated"])
    found = fit_reliability(table)
    (tmp_path / RELIABILITY_FILE).write_text(json.dumps(found.to_json()))
    again = Reliability.load(tmp_path)
    assert again == found and Reliability.load(tmp_path / "none") is None
    kept = np.array([one for step in found.steps for part in (step.low_from, step.high_to) for one in part])
    assert np.abs(kept[:, None] - table.probabilities.ravel()).min() > 1e-9
    ends = again.intervals(np.array([[0.0, 1.0], [1.0, 0.0]]))
    assert ends.min() >= 0 and ends.max() <= 1 and (ends[..., 0] <= ends[..., 1]).all()
    (tmp_path / RELIABILITY_FILE).write_text(json.dumps({**found.to_json(), "classes": ["a"]}))
    with pytest.raises(InputError, match="reliability"):
        Reliability.load(tmp_path)
