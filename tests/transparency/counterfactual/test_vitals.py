"""The search of vitals against a case with a closed form, against brute force, and against what must not change."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from primum.transparency.counterfactual import counterfactuals, fit_terrain, most_probable

NAMES = ("a", "b", "c", "d")


def _linear(weights, offset):
    return lambda v, _: sum(w * v[name] for name, w in zip(NAMES, weights, strict=True)) + offset


def _nearest_on_a_line(terrain, weights, offset, x):
    """Return the nearest change of one vital to just beyond the plane, in bounds or not, and the nearest in bounds.

    Sizes add up and changes count, so that several vitals never do with less than the best of all alone; they may where
    its bound is in the way.
    """
    score = sum(w * v for w, v in zip(weights, x, strict=True)) + offset
    changes = []
    for name, w, value in zip(NAMES, weights, x, strict=True):
        one = terrain.of(name)
        steps = math.floor(abs(score / w) / one.step + 1e-9) + 1
        moved = round(value - math.copysign(steps * one.step, score * w), 6)
        changes.append((1 + abs(moved - value) / one.scale, name, moved, one.low <= moved <= one.high))
    return min(changes), min((change for change in changes if change[3]), default=None)


@pytest.mark.parametrize("seed", range(4))
def test_nearest_of_a_linear_model_is_the_closed_form(rule, table, everywhere, seed):
    generator = np.random.default_rng(seed)
    scales, digits = (1.0, 10.0, 3.0, 100.0), (2, 0, 1, 0)
    columns = {n: np.round(generator.normal(0, s, 300), d) for n, s, d in zip(NAMES, scales, digits, strict=True)}
    terrain = everywhere(columns)
    assert [one.step for one in terrain.limits] == [0.01, 1.0, 0.1, 1.0]
    weights = generator.choice([-1, 1], 4) * generator.uniform(0.5, 2, 4) / np.array(scales)
    offset = 0.123
    asked = {name: values[:60] for name, values in columns.items()}
    found = counterfactuals(rule(_linear(weights, offset)), table(**asked), terrain, decide=most_probable)
    exact = 0
    for row in range(60):
        (distance, name, moved, inside), bounded = _nearest_on_a_line(
            terrain, weights, offset, [float(asked[name][row]) for name in NAMES]
        )
        first = found.of_vitals[row][0]
        if inside:
            exact += 1
            assert [(c.vital, c.after) for c in first.changes] == [(name, pytest.approx(moved, abs=1e-6))]
            assert first.distance == pytest.approx(distance)
        elif bounded is not None:
            assert first.distance <= bounded[0] + 1e-9
    assert exact > 30


def _crooked(v, _):
    level = np.select([v["w"] == "p", v["w"] == "q"], [1.0, -1.0], 0.0)
    return (v["a"] - 2) * (v["b"] - 2) + 1.5 * np.sin(2 * v["c"]) * (v["d"] - 1) + level * (v["c"] - 2) - 0.4


@pytest.mark.parametrize("plausible", [False, True])
def test_nearest_on_a_small_grid_is_that_of_brute_force(rule, table, everywhere, plausible):
    generator = np.random.default_rng(11)
    columns = {name: generator.integers(0, 5, 250).astype(float) for name in NAMES}
    columns["w"] = generator.choice(["p", "q", "r"], 250).tolist()
    training = table(**columns)
    terrain = everywhere(columns)
    if plausible:
        terrain = fit_terrain(training.vitals, np.arange(250).astype(str), directions={})
    asked = {name: values[:25] for name, values in columns.items()}
    model = rule(_crooked)
    found = counterfactuals(model, table(**asked), terrain, decide=most_probable, most_changes=3, budget=10**6)
    grid = list(itertools.product(*(range(5) for _ in NAMES), ["p", "q", "r"]))
    whole = table(**{name: [g[i] for g in grid] for i, name in enumerate((*NAMES, "w"))})
    answers, like = model.predict(whole).argmax(1), terrain.plausible(whole)
    lengths = []
    for row in range(25):
        own = tuple(float(asked[name][row]) for name in NAMES) + (asked["w"][row],)
        before = answers[grid.index(own)]
        best = math.inf
        for point, answer, fine in zip(grid, answers, like, strict=True):
            changes = [i for i in range(5) if point[i] != own[i]]
            if answer != before and fine and len(changes) <= 3:
                size = sum(1.0 if i == 4 else abs(point[i] - own[i]) / columns[NAMES[i]].std() for i in changes)
                best = min(best, len(changes) + size)
        mine = found.of_vitals[row]
        assert (mine[0].distance if mine else math.inf) == pytest.approx(best)
        lengths.append(len(mine[0].changes) if mine else 0)
    assert {1, 2} <= set(lengths)


@pytest.mark.parametrize("seed", range(6))
def test_what_must_not_change_never_does_and_everything_stays_in_bounds(rule, table, seed):
    generator = np.random.default_rng([seed, 5])
    n = 200
    columns = {
        "a": np.round(generator.normal(60, 12, n)), "b": np.round(generator.lognormal(0, 1, n), 1),
        "c": generator.integers(0, 4, n).astype(float), "d": np.round(generator.normal(0, 5, n)),
        "w": generator.choice(["p", "q", "r"], n).tolist(), "s": generator.choice(["F", "M"], n).tolist(),
    }  # fmt: skip
    columns["a"][:20] = np.nan
    training = table(**columns)
    directions = {"a": "never", "s": "never", "b": "up", "d": "down"}
    terrain = fit_terrain(training.vitals, np.arange(n).astype(str), directions=directions)
    weights = generator.normal(0, 1, 4)

    def score(v, _):
        a = np.nan_to_num((v["a"] - 60) / 12)
        words = np.where(v["w"] == "p", 0.7, -0.4) + np.where(v["s"] == "F", 0.5, -0.5)
        return (
            weights[0] * a + weights[1] * np.log(v["b"] + 0.1) + weights[2] * v["c"] + weights[3] * v["d"] / 5 + words
        )

    model = rule(score)
    found = counterfactuals(model, training, terrain, decide=most_probable)
    before = model.predict(training).argmax(1)
    changed = 0
    for row, some in enumerate(found.of_vitals):
        assert len(some) <= 3
        for one, other in itertools.combinations(some, 2):
            assert not one.places() <= other.places()
        for one in some:
            values = {name: column.values[row] for name, column in training.vitals.items()}
            for change in one.changes:
                changed += 1
                assert change.vital in ("b", "c", "d", "w") and change.before == values[change.vital]
                values[change.vital] = change.after
                if change.vital == "w":
                    assert change.after in ("p", "q", "r")
                    continue
                assert change.after > change.before if change.vital == "b" else True
                assert change.after < change.before if change.vital == "d" else True
                known = np.sort(np.asarray(columns[change.vital]))
                assert known[4] <= change.after <= known[-5]
                tens = change.after * (10 if change.vital == "b" else 1)
                assert tens == pytest.approx(round(tens), abs=1e-6)
            again = model.predict(table(**{name: [value] for name, value in values.items()}))
            assert again.argmax(1)[0] != before[row]
    assert changed > 30


def test_calls_do_not_grow_with_the_records(rule, table, everywhere):
    generator = np.random.default_rng(2)
    columns = {name: np.round(generator.normal(0, 50, 400)) for name in NAMES}
    terrain = everywhere(columns)
    calls = []
    for count in (1, 100):
        model = rule(_linear((0.1, 0.02, -0.05, 0.03), 0.5))
        counterfactuals(model, table(**{n: v[:count] for n, v in columns.items()}), terrain, decide=most_probable)
        calls.append(model.calls)
    assert calls[0] <= 20 and calls[1] <= 20


def test_no_change_is_found_where_none_can_turn_the_answer(rule, table, everywhere):
    columns = {name: np.arange(40.0) for name in NAMES}
    found = counterfactuals(rule(lambda v, _: np.full(len(v["a"]), 3.0)), table(**columns), everywhere(columns),
                            decide=most_probable)  # fmt: skip
    assert all(not some for some in found.of_vitals)


def test_a_number_counts_as_another_answer_beyond_the_margin(table):
    class Number:
        classes = ()

        def predict(self, records):
            return np.asarray(records.vitals["a"].values, dtype=np.float64) * 2

    columns = {"a": np.arange(100.0)}
    training = table(**columns)
    answers = Number().predict(training)
    terrain = fit_terrain(training.vitals, np.arange(100).astype(str), directions={}, answers=answers)
    found = counterfactuals(Number(), training, terrain, decide=None)
    spread = np.std(2 * columns["a"])
    for row in (10, 50, 90):
        [change] = found.of_vitals[row][0].changes
        assert abs(change.after - change.before) == math.ceil(spread / 2)
