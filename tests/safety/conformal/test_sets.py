"""Conformal sets against their definition, and their promise over many draws."""

from __future__ import annotations

import json

import numpy as np
import pytest

from primum.errors import InputError
from primum.evidence import Predictions
from primum.safety import CONFORMAL_FILE, Conformal, conformal_findings, fit_conformal
from primum.safety.conformal import SCORES, fit_quantile, order_statistic


@pytest.mark.parametrize("n", [5, 9, 10, 99, 100])
def test_the_threshold_is_the_order_statistic_of_split_conformal_prediction(n, rng):
    scores = rng.normal(size=n)
    place = int(np.ceil((n + 1) * 0.9))
    assert order_statistic(scores, 0.9) == (np.inf if place > n else np.sort(scores)[place - 1])


@pytest.mark.parametrize("name", ["lac", "aps", "raps"])
@pytest.mark.parametrize("threshold", [0.3, 0.8, 0.97])
def test_sets_are_what_the_definition_says(made, name, threshold):
    p = made(300, k=5).probabilities
    score = SCORES.get(name)
    expected = np.zeros(p.shape, dtype=bool)
    for i, row in enumerate(p):
        for j, own in enumerate(row):
            ahead = row[row > own]
            penalty = 0.01 * max(len(ahead) + 1 - 2, 0) if name == "raps" else 0.0
            expected[i, j] = 1 - own <= threshold if name == "lac" else ahead.sum() + penalty <= threshold
    np.testing.assert_array_equal(score.included(p, np.asarray(threshold)), expected)
    np.testing.assert_array_equal(score.included(p, np.full(p.shape, threshold)), expected)
    true = np.arange(300) % 5
    for i, j in enumerate(true):
        own = p[i, j]
        there = p[i][p[i] > own].sum() + 0.01 * max((p[i] > own).sum() + 1 - 2, 0) * (name == "raps")
        assert score.of_true(p, true)[i] == pytest.approx(1 - own if name == "lac" else there)


def test_equally_probable_classes_are_in_the_set_together():
    p = np.array([[0.4, 0.4, 0.2], [0.2, 0.4, 0.4]])
    for name in ("aps", "raps"):
        for shape in ((), p.shape):
            sets = SCORES.get(name).included(p, np.full(shape, 0.5))
            np.testing.assert_array_equal(sets, p == 0.4)
        np.testing.assert_allclose(SCORES.get(name).of_true(p, np.array([1, 1])), 0.0)


@pytest.mark.parametrize("name", ["lac", "aps", "raps"])
def test_the_promise_is_kept_within_every_class(made, name):
    held = np.zeros((40, 3))
    for seed in range(40):
        conformal = fit_conformal(made(900, k=3, heat=2.0, seed=seed), coverage=0.9, score=name)
        new = made(900, k=3, heat=2.0, seed=1000 + seed)
        holds = conformal.holds(new)
        held[seed] = [holds[new.target == c].mean() for c in range(3)]
    assert (held.mean(0) > 0.89).all()
    if name == "lac":
        assert (held.mean(0) < 0.92).all()


def test_the_promise_is_kept_within_overlapping_slices_that_err_differently():
    held = []
    for seed in range(30):
        tables = [_unequal(1200, seed), _unequal(4000, 1000 + seed)]
        conformal = fit_conformal(tables[0], coverage=0.9)
        holds = conformal.holds(tables[1])
        groups = tables[1].groups
        held.append(
            [holds[groups[a] == v].mean() for a in ("sex", "age") for v in ("0", "1")]
            + [holds[tables[1].target == c].mean() for c in (0, 1)]
        )
    assert np.abs(np.mean(held, axis=0) - 0.9).max() < 0.015


def _unequal(n: int, seed: int) -> Predictions:
    """Return answers that are far worse for one sex and for one age."""
    rng = np.random.default_rng(seed)
    sex, age = (rng.random(n) < 0.4), (rng.random(n) < 0.3)
    target = rng.integers(2, size=n)
    odds = (2 * target - 1) * (2.2 - 1.2 * sex - 1.0 * age) + rng.normal(size=n)
    p = 1 / (1 + np.exp(-odds))
    return Predictions(
        ids=np.arange(n).astype(str).astype(object),
        split=np.full(n, "calibration", dtype=object),
        target_type="classes",
        classes=("a", "b"),
        target=target,
        predicted=(p >= 0.5).astype(np.int64),
        probabilities=np.column_stack([1 - p, p]),
        groups={"sex": sex.astype(int).astype(str).astype(object), "age": age.astype(int).astype(str).astype(object)},
    )


def test_a_small_group_takes_the_pooled_threshold_and_tiny_counts_are_not_told(made):
    groups = {"sex": np.array(["F"] * 40 + ["M"] * 357 + ["X"] * 3, dtype=object)}
    threshold = fit_conformal(made(400, groups=groups), coverage=0.9).threshold
    assert threshold.pooled["sex"] == {"F": 40, "X": None}
    assert set(threshold.offsets["sex"]) == {"M"}


def test_an_unknown_group_gets_the_widest_threshold(rng):
    scores = np.concatenate([rng.normal(size=300), 3 + rng.normal(size=300)])
    quantile = fit_quantile(scores, {"sex": np.repeat(np.array(["F", "M"], dtype=object), 300)}, coverage=0.9)
    of = quantile.of({"sex": np.array(["F", "M", "?"], dtype=object)}, 3)
    assert of[0] < of[1] == of[2] == quantile.of({}, 1)[0]


def test_overlapping_groups_are_fitted_as_a_brute_force_search_fits_them(rng):
    scores = rng.normal(size=200) + np.repeat([0.0, 2.0], 100)
    a, b = np.repeat(["x", "y"], 100).astype(object), np.tile(["u", "v"], 100).astype(object)
    quantile = fit_quantile(scores, {"a": a, "b": b}, coverage=0.9)
    fitted = quantile.of({"a": a, "b": b}, 200)
    level = 0.9 * (1 + 3 / 200)

    def pinball(t):
        return np.maximum(level * (scores - t), (level - 1) * (scores - t)).sum()

    assert pinball(fitted) <= min(
        pinball(fitted + rng.normal(size=3)[[0, 1]][(a == "y").astype(int)] * 0.1) for _ in range(50)
    )
    for part in (a == "x", a == "y", b == "u", b == "v"):
        assert np.mean(scores[part] <= fitted[part] + 1e-9) == pytest.approx(level, abs=0.03)


def test_numbers_get_intervals_that_hold_the_truth(rng):
    def table(n, seed):
        rng = np.random.default_rng(seed)
        predicted = rng.normal(size=n)
        sex = rng.integers(2, size=n)
        return Predictions(
            ids=np.arange(n).astype(str).astype(object),
            split=np.full(n, "test", dtype=object),
            target_type="number",
            classes=(),
            target=predicted + (1 + 2 * sex) * rng.normal(size=n),
            predicted=predicted,
            probabilities=None,
            groups={"sex": np.array(["F", "M"], dtype=object)[sex]},
        )

    conformal = fit_conformal(table(1000, 0), coverage=0.8)
    found = conformal_findings(conformal, table(5000, 1), n_resamples=100)
    coverage = {tuple(f.slice.values()): f for f in found if f.metric == "conformal_coverage"}
    assert all(abs(f.value - 0.8) < 0.04 for f in coverage.values()) and len(coverage) == 3
    assert next(f for f in found if f.metric == "conformal_width").low > 0


def test_labels_hold_as_many_of_the_true_ones_as_promised(made):
    conformal = fit_conformal(made(1500, k=3, labels=True, heat=2.0), coverage=0.9)
    new = made(6000, k=3, labels=True, heat=2.0, seed=5)
    found = [f for f in conformal_findings(conformal, new.take(np.arange(6000))) if f.metric == "conformal_coverage"]
    assert found == []  # the split is calibration, which says nothing of new records
    holds = conformal.holds(new)
    for c in range(3):
        assert holds[new.target[:, c] == 1, c].mean() == pytest.approx(0.9, abs=0.025)


def test_too_few_records_promise_by_leaving_nothing_out(made, tmp_path):
    conformal = fit_conformal(made(5), coverage=0.9)
    assert conformal.sets(made(20, seed=1).probabilities, {}).all()
    (tmp_path / CONFORMAL_FILE).write_text(json.dumps(conformal.to_json(), allow_nan=False))
    assert Conformal.load(tmp_path).sets(made(20, seed=1).probabilities, {}).all()
    assert fit_conformal(made(5).take(np.zeros(5, dtype=bool))) is None


def test_saved_and_loaded_the_sets_are_the_same(made, tmp_path):
    groups = {"sex": np.repeat(np.array(["F", "M"], dtype=object), 300)}
    conformal = fit_conformal(made(600, k=4, groups=groups), coverage=0.8)
    (tmp_path / CONFORMAL_FILE).write_text(json.dumps(conformal.to_json()))
    p = made(600, k=4, seed=3).probabilities
    np.testing.assert_array_equal(Conformal.load(tmp_path).sets(p, groups), conformal.sets(p, groups))
    (tmp_path / CONFORMAL_FILE).write_text('{"format": 2}')
    with pytest.raises(InputError, match="not conformal sets that primum wrote"):
        Conformal.load(tmp_path)


def test_coverage_that_falls_short_is_shown_and_one_that_holds_is_not(made):
    from dataclasses import replace

    from primum.ethics import judge

    conformal = fit_conformal(made(800, heat=1.0), coverage=0.9)
    kept = made(600, seed=2, split="test")
    broken = replace(kept, target=np.where(np.arange(600) % 5 == 0, 1 - kept.target, kept.target))
    outcomes = []
    for table in (kept, broken):
        rules = {r.rule.name: r.outcome for r in judge(conformal_findings(conformal, table), "default").rules}
        outcomes.append(rules["safety.conformal_coverage"])
    assert outcomes == ["pass", "review"]
