"""Shapley values against their definition: every order of the players, one by one."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from primum.transparency.explaining import subject_of
from primum.transparency.methods import input_shares, shapley_of_groups
from primum.transparency.parts import players_of


def by_every_order(value, n):
    """The mean, over all n! orders, of what each player adds when it comes."""
    shares = np.zeros(n)
    orders = list(permutations(range(n)))
    for order in orders:
        there = np.zeros(n, dtype=bool)
        before = value(there)
        for player in order:
            there[player] = True
            after = value(there)
            shares[player] += after - before
            before = after
    return shares / len(orders)


def tangled(words, vitals):
    """Words speak for c1 together only; a vital turns the effect round."""
    both = 2.0 * ("fever" in words and "cough" in words) - 1.5 * ("denies" in words) * ("fever" in words)
    return [0.3, both + 0.7 * len(words) ** 0.5 + (vitals.get("age", 40.0) > 50) * (1.0 - 0.8 * ("cough" in words))]


def test_values_are_those_of_every_order(known, table):
    model = known(tangled)
    subject = subject_of(model, table(["Denies cough, has fever.", "cough and fever"], age=[61, 30], sbp=[120, np.nan]))
    found = shapley_of_groups(subject, 7, most=24, pairs=2)
    for row in range(2):
        n = len(subject.parts[row])
        memory = {}

        def value(there, row=row, memory=memory):
            if there.tobytes() not in memory:
                memory[there.tobytes()] = float(subject.scores(np.array([row]), [there])[0])
            return memory[there.tobytes()]

        np.testing.assert_allclose(found.parts[row], by_every_order(value, n), atol=1e-6)


def test_sampled_values_always_sum_to_the_difference(known, table):
    text = " ".join(f"word{i}" for i in range(18)) + " fever cough denies"
    subject = subject_of(known(tangled), table([text], age=[70]))
    whole = subject.question.score(subject.answers)[0]
    nothing = subject.scores(np.array([0]), [np.zeros(len(subject.parts[0]), bool)])[0]
    for seed in range(3):
        found = shapley_of_groups(subject, seed, most=24, pairs=1)
        assert len(found.parts[0]) == 22
        assert found.parts[0].sum() == pytest.approx(whole - nothing, abs=1e-9)
        assert found.gap[0] == pytest.approx(0.0, abs=1e-9)


def test_sampled_values_come_close_to_the_exact_ones_of_an_additive_model(known, table):
    weights = dict(zip("abcdefghijkl", np.linspace(-1, 1, 12), strict=True))
    model = known(lambda words, vitals: [0.0, sum(weights.get(w, 0.0) for w in words)])
    subject = subject_of(model, table([" ".join(weights)]), about="c1")
    found = shapley_of_groups(subject, 3, most=24, pairs=1)
    np.testing.assert_allclose(found.parts[0], list(weights.values()), atol=1e-9)


def test_which_input_mattered_is_the_game_of_two(known, table):
    subject = subject_of(known(tangled), table(["fever and cough", None], age=[61, 61]))
    of = {
        (note, vitals): float(subject.scores(np.array([0]), [np.array([note] * 3 + [vitals])])[0])
        for note in (False, True)
        for vitals in (False, True)
    }
    shares = input_shares(subject)
    note = 0.5 * (of[True, False] - of[False, False]) + 0.5 * (of[True, True] - of[False, True])
    assert shares.note[0] == pytest.approx(note)
    assert shares.note[0] + shares.vitals[0] == pytest.approx(of[True, True] - of[False, False])
    assert np.isnan(shares.note[1]) and np.isfinite(shares.vitals[1])


def test_groups_of_words_are_neighbours_and_none_is_empty(known, table):
    text = "one two, three four five six seven eight nine ten. " * 4
    [parts] = subject_of(known(tangled), table([text], age=[50])).parts
    players = players_of(parts, most=8)
    assert players.count == 8
    of_words = players.of_part[: len(parts.words)]
    assert (np.diff(of_words) >= 0).all()
    assert set(players.of_part.tolist()) == set(range(8))
