"""Permutation importance beside scikit-learn, by brute force over every donor, and on models that ignore an input."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LinearRegression, LogisticRegression

from primum.transparency.overall.asking import Asker, Copies, losses
from primum.transparency.overall.importance import Part, donors_of, parts_to_permute, permuted, rises
from tests.transparency.formulas import Formula, cohort_of

RNG = np.random.default_rng(11)
N = 300
A, B, C = RNG.normal(size=N), RNG.normal(size=N), RNG.normal(size=N)


def _importance(model, cohort, rounds):
    asker = Asker(model, cohort.records)
    parts = parts_to_permute(asker, [])
    whole = np.asarray(model.predict(cohort.records))
    answers = asker.ask(permuted(asker, parts, rounds=rounds))
    target = cohort.target
    return {p.name: rises(whole, one, target.values, target.kind).mean() for p, one in zip(parts, answers, strict=True)}


def test_a_number_agrees_with_scikit_learn():
    y = 2 * A - B + RNG.normal(size=N)
    fitted = LinearRegression().fit(np.column_stack([A, B, C]), y)
    model = Formula(lambda v, _: fitted.predict(np.column_stack([v["a"], v["b"], v["c"]])))
    found = _importance(model, cohort_of(y, a=A, b=B, c=C), rounds=60)
    theirs = permutation_importance(
        fitted, np.column_stack([A, B, C]), y, scoring="neg_mean_squared_error", n_repeats=60, random_state=0
    )
    for name, mean, spread in zip("abc", theirs.importances_mean, theirs.importances_std, strict=True):
        assert found[f"vital {name}"] == pytest.approx(mean, abs=4 * spread / 60**0.5 + 0.01 * abs(mean))


def test_classes_agree_with_scikit_learn():
    y = (A + RNG.logistic(size=N) > 0).astype(int)
    fitted = LogisticRegression().fit(np.column_stack([A, B, C]), y)
    model = Formula(lambda v, _: fitted.predict_proba(np.column_stack([v["a"], v["b"], v["c"]])))
    found = _importance(model, cohort_of(y, classes=("no", "yes"), a=A, b=B, c=C), rounds=60)
    theirs = permutation_importance(
        fitted, np.column_stack([A, B, C]), y, scoring="neg_log_loss", n_repeats=60, random_state=0
    )
    for name, mean, spread in zip("abc", theirs.importances_mean, theirs.importances_std, strict=True):
        assert found[f"vital {name}"] == pytest.approx(mean, abs=4 * spread / 60**0.5 + 0.01 * abs(mean))


def test_with_every_donor_it_is_the_mean_over_all_pairs():
    few = 9
    y = A[:few] + 1.0
    model = Formula(lambda v, _: v["a"] * 0.7 + v["b"])
    cohort = cohort_of(y, a=A[:few], b=B[:few])
    by_hand = np.mean(
        [
            (0.7 * A[j] + B[i] - y[i]) ** 2 - (0.7 * A[i] + B[i] - y[i]) ** 2
            for i in range(few)
            for j in range(few)
            if i != j
        ]
    )
    assert _importance(model, cohort, rounds=few - 1)["vital a"] == pytest.approx(by_hand)


def test_the_note_moves_alone_and_with_nothing_else():
    texts = [f"{i % 3} crises" for i in range(60)]
    y = np.array([float(t[0]) for t in texts])
    model = Formula(lambda v, t: np.array([float(one[0]) if one else 0.0 for one in t]) + 0 * v["a"])
    found = _importance(model, cohort_of(y, texts=texts, a=A[:60], b=B[:60]), rounds=20)
    assert found["vital a"] == found["vitals"] == 0.0
    assert found["note"] == pytest.approx(2 * np.var(y), rel=0.1)  # two independent draws differ by twice the variance


def test_vitals_that_go_together_are_one_group():
    asker = Asker(Formula(lambda v, _: v["a"]), cohort_of(A, a=A, b=A, c=C).records)
    names = [part.name for part in parts_to_permute(asker, [("a", "b")])]
    assert names == ["vitals", "vital a", "vital b", "vital c", "vitals a + b"]
    # Alone, a twin hides what it carries from a model that averages the two; together they do not.
    model = Formula(lambda v, _: (v["a"] + v["b"]) / 2)
    cohort = cohort_of(A, a=A, b=A, c=C)
    asker = Asker(model, cohort.records)
    parts = [Part(name="one", vitals=("a",)), Part(name="both", vitals=("a", "b"))]
    one, both = (
        rises(A, answers, cohort.target.values, "number").mean() for answers in asker.ask(permuted(asker, parts))
    )
    assert both == pytest.approx(4 * one)


def test_nobody_gives_to_themselves_and_no_donor_comes_twice():
    donors = donors_of(40, rounds=5, seed=1)
    assert donors.shape == (5, 40)
    assert (donors != np.arange(40)).all()
    assert all(len(set(column)) == 5 for column in donors.T.tolist())
    assert all(sorted(row) == list(range(40)) for row in donors.tolist())


def test_losses_are_proper_scores():
    answers = np.array([[0.2, 0.8], [0.9, 0.1]])
    assert losses(answers, np.array([1, 0]), "classes") == pytest.approx(-np.log([0.8, 0.9]))
    of_labels = losses(answers, np.array([[1, 1], [0, 0]]), "labels")
    assert of_labels == pytest.approx([-(np.log(0.2) + np.log(0.8)) / 2, -(np.log(0.1) + np.log(0.9)) / 2])
    assert losses(np.array([1.0, 3.0]), np.array([0.0, 1.0]), "number") == pytest.approx([1.0, 4.0])


def test_copies_are_asked_about_in_one_call_and_leave_the_records_alone():
    model = Formula(lambda v, _: v["a"])
    cohort = cohort_of(A[:5], texts=["x", None, "y", "z", "w"], a=A[:5])
    asker = Asker(model, cohort.records)
    rows = np.array([4, 0])
    found = asker.ask([Copies(rows=rows), Copies(rows=rows, vitals={"a": np.array([7.0, 8.0])})])
    assert model.calls == 1
    assert found[0].tolist() == A[[4, 0]].tolist() and found[1].tolist() == [7.0, 8.0]
    assert cohort.records.vitals["a"].values.tolist() == A[:5].tolist()
