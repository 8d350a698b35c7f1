"""Abstention keeps its promise over many draws, says when it cannot, and agrees with a sequence written out."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats

from primum.errors import InputError
from primum.safety import ABSTENTION_FILE, Abstention, choose_abstention, sureness_of
from primum.safety.abstention import wrong_of


def test_the_risk_is_kept_in_at_least_the_promised_share_of_draws(made):
    big = made(200_000, seed=99, heat=1.5)
    sureness, wrong = sureness_of(big.probabilities, big.predicted), wrong_of(big)
    kept, shares = [], []
    for seed in range(150):
        chosen = choose_abstention(made(600, seed=seed, heat=1.5), risk=0.05, confidence=0.9)
        answered = chosen.answers(sureness)
        kept.append(not answered.any() or wrong[answered].mean() <= 0.05)
        shares.append(answered.mean())
    assert np.mean(kept) >= 0.9
    best = np.cumsum(wrong[np.argsort(-sureness)]) / np.arange(1, len(wrong) + 1)
    attainable = np.flatnonzero(best <= 0.05).max() / len(wrong)
    assert np.mean(shares) > 0.5 * attainable


def test_it_agrees_with_the_sequence_written_out(made):
    table = made(400, seed=4)
    chosen = choose_abstention(table, risk=0.1, confidence=0.95)
    sureness, wrong = sureness_of(table.probabilities, table.predicted), wrong_of(table)
    order = np.argsort(-sureness)
    count = next(n for n in range(1, 401) if stats.binom.cdf(2, n, 0.1) <= 0.05)
    reached = 0
    while count <= 400 and stats.binom.cdf(wrong[order][:count].sum(), count, 0.1) <= 0.05:
        reached, count = count, count + 1
    assert chosen.answered == reached == chosen.answers(sureness).sum()
    assert chosen.errors == wrong[chosen.answers(sureness)].sum()


def test_a_stricter_risk_never_answers_more(made):
    table = made(900, seed=1)
    answered = [choose_abstention(table, risk=risk).answered for risk in (0.02, 0.05, 0.1, 0.2, 0.4)]
    assert answered == sorted(answered)


def test_what_cannot_be_promised_is_not_and_it_says_what_could(made):
    few = choose_abstention(made(40), risk=0.02)
    assert (few.threshold, few.attainable, few.answered) == (None, False, 0)
    assert few.lowest is not None and few.lowest > 0.02
    assert not few.answers(np.array([0.5, 1.0])).any()
    hopeless = choose_abstention(made(600, signal=0.01), risk=0.05)
    assert not hopeless.attainable and (hopeless.lowest is None or hopeless.lowest >= 0.5)


def test_equally_sure_answers_are_given_together_or_not_at_all(made):
    table = made(500)
    table.probabilities[:] = np.array([0.9, 0.1])
    chosen = choose_abstention(table, risk=0.7)
    assert chosen.answered in (0, 500)


def test_a_patient_with_several_records_counts_once(made):
    patient = np.repeat(np.arange(100), 5).astype(str).astype(object)
    chosen = choose_abstention(made(500, patient=patient), risk=0.3)
    assert chosen.n == 100 and chosen.answered <= 100


def test_the_least_sure_label_speaks_for_a_record():
    p = np.array([[0.9, 0.2], [0.6, 0.01]])
    np.testing.assert_allclose(sureness_of(p, (p >= 0.5).astype(int)), [0.8, 0.6])


def test_saved_and_loaded_it_answers_the_same(made, tmp_path):
    for risk in (0.1, 0.0001):
        chosen = choose_abstention(made(500), risk=risk)
        (tmp_path / ABSTENTION_FILE).write_text(json.dumps(chosen.to_json()))
        assert Abstention.load(tmp_path) == chosen
    (tmp_path / ABSTENTION_FILE).write_text("{}")
    with pytest.raises(InputError, match="not an abstention that primum wrote"):
        Abstention.load(tmp_path)
