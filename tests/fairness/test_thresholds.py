"""Decisions by slice against brute force, and what must hold of them whatever the scores."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.metrics import log_loss, roc_auc_score

from primum.errors import InputError, SplitError
from primum.evidence import Predictions
from primum.fairness import DECISIONS_FILE, SliceDecisions, choose_decisions
from primum.fairness.recalibration import fit_recalibration
from primum.fairness.threshold_search import best_threshold, even_thresholds
from primum.files import write_json

CRITERIA = ("equal_opportunity", "equalised_odds", "demographic_parity")


def _rates(score, truth, threshold, criterion):
    said = score > threshold
    tpr, fpr = said[truth].mean(), said[~truth].mean()
    return {"equal_opportunity": [tpr], "equalised_odds": [tpr, fpr], "demographic_parity": [said.mean()]}[criterion]


def _balanced_accuracy(parts, thresholds):
    truth = np.concatenate([t for _, t in parts])
    said = np.concatenate([s > t for (s, _), t in zip(parts, thresholds, strict=True)])
    return 0.5 * said[truth].mean() + 0.5 * (~said[~truth]).mean()


@pytest.mark.parametrize("criterion", CRITERIA)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_thresholds_are_the_best_of_all_that_keep_the_slack(criterion, seed):
    rng = np.random.default_rng(seed)
    parts = {}
    for level, (n, shift) in {"a": (14, 0.0), "b": (11, 0.8), "c": (9, -0.5)}.items():
        truth = np.arange(n) % 3 == 0
        parts[level] = (rng.normal(truth * 1.0 + shift, 1.0), truth)
    slack = 0.15
    found, used = even_thresholds(parts, 0.5, criterion=criterion, slack=slack, cost=1.0)
    assert used == slack
    listed = list(parts.values())
    candidates = []
    for score, _ in listed:
        distinct = np.unique(score)
        candidates.append([-99.0, *((distinct[1:] + distinct[:-1]) / 2), 99.0])
    best = -1.0
    for tried in itertools.product(*candidates):
        rates = np.array([_rates(s, t, x, criterion) for (s, t), x in zip(listed, tried, strict=True)])
        if (np.ptp(rates, axis=0) <= slack + 1e-9).all():
            best = max(best, _balanced_accuracy(listed, tried))
    assert _balanced_accuracy(listed, found.values()) == pytest.approx(best)
    rates = np.array([_rates(s, t, x, criterion) for (s, t), x in zip(listed, found.values(), strict=True)])
    assert (np.ptp(rates, axis=0) <= slack + 1e-9).all()


def test_the_common_threshold_has_the_most_balanced_accuracy():
    rng = np.random.default_rng(3)
    truth = rng.random(60) < 0.3
    score = rng.normal(truth * 1.5, 1.0)
    tried = [_balanced_accuracy([(score, truth)], [x]) for x in np.sort(score)]
    assert _balanced_accuracy([(score, truth)], [best_threshold(score, truth)]) == pytest.approx(max(tried))


def test_slack_is_widened_until_the_cost_is_kept():
    rng = np.random.default_rng(4)
    useless = (rng.normal(size=200), rng.random(200) < 0.5)
    truth = rng.random(200) < 0.5
    useful = (rng.normal(truth * 6.0, 1.0), truth)
    parts = {"useless": useless, "useful": useful}
    strict, _ = even_thresholds(parts, 3.0, criterion="equalised_odds", slack=0.02, cost=1.0)
    mild, used = even_thresholds(parts, 3.0, criterion="equalised_odds", slack=0.02, cost=0.05)
    before = _balanced_accuracy(list(parts.values()), [3.0, 3.0])
    assert used > 0.02
    assert _balanced_accuracy(list(parts.values()), mild.values()) >= before - 0.05
    assert _balanced_accuracy(list(parts.values()), strict.values()) < before - 0.05


def _table(n=2000, k=2, *, kind="classes", seed=0, levels=("F", "M")):
    """A model that scores one slice lower than it should."""
    rng = np.random.default_rng(seed)
    sex = rng.choice(np.array(levels, dtype=object), n)
    if kind == "labels":
        target = (rng.random((n, k)) < 0.4).astype(np.int64)
        logits = rng.normal(target * 1.5 - 0.75, 1.0) - 0.8 * (sex == "F")[:, None]
        p = 1 / (1 + np.exp(-logits))
        predicted = (p >= 0.5).astype(np.int64)
    else:
        target = rng.integers(0, k, n)
        logits = rng.normal(np.eye(k)[target] * 1.5, 1.0)
        logits[:, 1] -= 1.2 * (sex == "F")
        p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        predicted = p.argmax(1)
    ids = np.array([str(i) for i in range(n)], dtype=object)
    return Predictions(
        ids=ids,
        split=np.where(np.arange(n) % 2 == 0, "calibration", "test").astype(object),
        target_type=kind,
        classes=tuple(f"c{i}" for i in range(k)),
        target=target,
        predicted=predicted,
        probabilities=p,
        groups={"sex": sex},
    )


def _decided(table, decisions):
    said, p = decisions.decide(table.probabilities, table.groups["sex"])
    return replace(table, predicted=said, probabilities=p)


def _tpr_gap(table, c=1):
    table = table.of_split("test")
    labels = table.target_type == "labels"
    truth = table.target[:, c] == 1 if labels else table.target == c
    said = table.predicted[:, c] == 1 if labels else table.predicted == c
    rates = [said[truth & (table.groups["sex"] == level)].mean() for level in ("F", "M")]
    return abs(rates[0] - rates[1])


@pytest.mark.parametrize("criterion", CRITERIA)
@pytest.mark.parametrize(("kind", "k"), [("classes", 2), ("classes", 4), ("labels", 3)])
def test_the_gap_shrinks_on_records_not_chosen_on(kind, k, criterion):
    table = _table(6000, k, kind=kind)
    decisions = choose_decisions(table, "sex", criterion, slack=0.02, cost=0.05)
    after = _decided(table, decisions)
    assert _tpr_gap(after) < 0.5 * _tpr_gap(table)
    again, _ = choose_decisions(table, "sex", criterion, slack=0.02, cost=0.05).decide(
        table.probabilities, table.groups["sex"]
    )
    np.testing.assert_array_equal(after.predicted, again)  # never by chance
    if kind == "classes":
        np.testing.assert_allclose(after.probabilities.sum(1), 1.0)


def test_saved_decisions_decide_alike_and_a_damaged_file_is_refused(tmp_path):
    table = _table()
    decisions = choose_decisions(table, "sex", "equalised_odds", slack=0.02, cost=0.05)
    write_json(tmp_path / DECISIONS_FILE, decisions.to_json())
    loaded = SliceDecisions.load(tmp_path)
    assert loaded == decisions
    for one, two in zip(
        *(d.decide(table.probabilities, table.groups["sex"]) for d in (decisions, loaded)), strict=True
    ):
        np.testing.assert_array_equal(one, two)
    (tmp_path / DECISIONS_FILE).write_text("{}")
    with pytest.raises(InputError, match="run the study again"):
        SliceDecisions.load(tmp_path)
    assert SliceDecisions.load(tmp_path / "nowhere") is None


def test_thresholds_written_out_are_those_applied():
    table = _table()
    decisions = choose_decisions(table, "sex", "equal_opportunity", slack=0.02, cost=0.05)
    said, _ = decisions.decide(table.probabilities, table.groups["sex"])
    for level in ("F", "M"):
        rows = table.groups["sex"] == level
        np.testing.assert_array_equal(said[rows], table.probabilities[rows, 1] > decisions.thresholds()[level]["c1"])


def test_a_slice_too_small_keeps_the_common_threshold_and_is_named():
    table = _table()
    sex = table.groups["sex"].copy()
    sex[:12] = "X"
    table = replace(table, groups={"sex": sex})
    decisions = choose_decisions(table, "sex", "equalised_odds", slack=0.02, cost=0.05)
    assert decisions.too_few == {"X": 6} and set(decisions.slices) == {"F", "M"}
    said, _ = decisions.decide(table.probabilities[:12], np.array(["never seen"] * 12, dtype=object))
    np.testing.assert_array_equal(said, decisions.decide(table.probabilities[:12], sex[:12])[0])


def test_no_calibration_record_is_said():
    table = _table()
    with pytest.raises(SplitError, match="larger share"):
        choose_decisions(table.of_split("test"), "sex", "equalised_odds", slack=0.02, cost=0.05)


@pytest.mark.parametrize(("kind", "k"), [("classes", 2), ("classes", 4), ("labels", 2)])
def test_recalibration_keeps_the_order_and_reaches_the_least_loss(kind, k):
    table = _table(3000, k, kind=kind, levels=("M", "m"))
    sharp = table.probabilities**3
    p = sharp / sharp.sum(1, keepdims=True) if kind == "classes" else sharp / (sharp + (1 - table.probabilities) ** 3)
    truth = np.eye(k, dtype=bool)[table.target] if kind == "classes" else table.target == 1
    fitted = fit_recalibration(p, truth, kind)
    after = fitted.apply(p, kind)
    if kind == "labels" or k == 2:
        assert roc_auc_score(truth[:, 1], after[:, 1]) == pytest.approx(roc_auc_score(truth[:, 1], p[:, 1]))
    else:
        np.testing.assert_array_equal(after.argmax(1), p.argmax(1))

    def loss(values):
        slopes, intercepts = ((values[0],) * k, (0.0,) * k) if k > 2 else ((values[0],) * k, (0.0, values[1]))
        moved = replace(fitted, slopes=slopes, intercepts=intercepts).apply(p, kind)
        return log_loss(truth[:, 1], moved[:, 1]) if k == 2 else log_loss(table.target, moved)

    least = minimize(loss, [1.0, 0.0], method="BFGS").fun
    mine = log_loss(truth[:, 1], after[:, 1]) if k == 2 else log_loss(table.target, after)
    assert mine == pytest.approx(least, abs=2e-4)


def test_few_records_are_not_recalibrated():
    table = _table(40)
    truth = np.eye(2, dtype=bool)[table.target]
    fitted = fit_recalibration(table.probabilities, truth, "classes")
    np.testing.assert_allclose(fitted.apply(table.probabilities, "classes"), table.probabilities)
