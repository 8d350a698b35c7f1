"""Gaps and levels of every slice against scikit-learn on the rows themselves."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, log_loss, precision_score, recall_score, roc_auc_score

from primum.evidence import Finding, Predictions
from primum.fairness import fairness_findings

from .conftest import levels, make


def rows_of(predictions: Predictions, slice_: dict[str, str]) -> np.ndarray:
    columns = {**predictions.groups, "site": predictions.site}
    return np.logical_and.reduce([columns[key] == value for key, value in slice_.items()])


def oracle(metric: str, y: np.ndarray, said: np.ndarray, p: np.ndarray) -> float:
    tn, fp, fn, tp = confusion_matrix(y, said, labels=[0, 1]).ravel()
    return {
        "tpr": lambda: recall_score(y, said),
        "fpr": lambda: fp / (fp + tn),
        "fnr": lambda: fn / (fn + tp),
        "selection_rate": lambda: said.mean(),
        "ppv": lambda: precision_score(y, said),
        "npv": lambda: tn / (tn + fn),
        "accuracy": lambda: accuracy_score(y, said),
        "auroc": lambda: roc_auc_score(y, p),
        "log_loss": lambda: log_loss(y, p),
        "calibration": lambda: (p - y).mean(),
    }[metric]()


MORE_IS_WORSE = ("fpr", "log_loss", "calibration")


@pytest.fixture(scope="module")
def audit() -> tuple[Predictions, list[Finding]]:
    n = 900
    groups = {"a": levels(n, 2, seed=1), "b": levels(n, 3, seed=2), "c": levels(n, 2, seed=3)}
    predictions = make(n, groups, site=levels(n, 3, seed=4, prefix="h"))
    return predictions, fairness_findings(predictions, n_resamples=200)


@pytest.mark.parametrize(
    "metric", ["tpr", "fpr", "selection_rate", "ppv", "npv", "accuracy", "auroc", "log_loss", "calibration"]
)
def test_gaps_agree_with_scikit_learn(audit, metric):
    predictions, findings = audit
    chosen = [f for f in findings if f.metric == f"{metric}_gap"]
    deepest = 3 if metric in ("tpr", "fpr") else 2
    assert {f.detail["depth"] for f in chosen} == set(range(1, deepest + 1))
    y, said, p = predictions.target, predictions.predicted, predictions.probabilities[:, 1]
    for finding in chosen:
        rows = rows_of(predictions, finding.slice)
        ours, others = (oracle(metric, y[r], said[r], p[r]) for r in (rows, ~rows))
        wanted = ours - others if metric in MORE_IS_WORSE else others - ours
        assert finding.value == pytest.approx(wanted, abs=1e-9)
        assert finding.low <= finding.value <= finding.high
        assert finding.detail["slice_value"] == pytest.approx(ours)


@pytest.mark.parametrize(
    "metric", ["tpr", "fpr", "fnr", "selection_rate", "ppv", "npv", "accuracy", "auroc", "log_loss"]
)
def test_levels_agree_with_scikit_learn(audit, metric):
    predictions, findings = audit
    chosen = [f for f in findings if f.metric == metric]
    assert len(chosen) == 2 + 3 + 2 + 3
    y, said, p = predictions.target, predictions.predicted, predictions.probabilities[:, 1]
    for finding in chosen:
        rows = rows_of(predictions, finding.slice)
        assert finding.value == pytest.approx(oracle(metric, y[rows], said[rows], p[rows]))


def test_the_comparison_is_the_other_group_of_two_or_everyone_else(audit):
    _, findings = audit
    for finding in findings:
        if finding.metric == "tpr_gap" and finding.detail["depth"] == 1:
            [(key, value)] = finding.slice.items()
            other = {"a": {"g0": "g1", "g1": "g0"}, "c": {"g0": "g1", "g1": "g0"}}.get(key)
            assert finding.versus == ({key: other[value]} if other else {"group": "everyone else"})


def test_whole_attributes_agree_with_all_pairs(audit):
    predictions, findings = audit
    y, said = predictions.target, predictions.predicted
    for name in ("a", "b", "c"):
        parts = [predictions.groups[name] == level for level in sorted(set(predictions.groups[name]))]
        tpr = [said[rows & (y == 1)].mean() for rows in parts]
        fpr = [said[rows & (y == 0)].mean() for rows in parts]
        rate = [said[rows].mean() for rows in parts]
        wanted = {
            "equal_opportunity_difference": max(tpr) - min(tpr),
            "equalised_odds_difference": max(max(tpr) - min(tpr), max(fpr) - min(fpr)),
            "demographic_parity_difference": max(rate) - min(rate),
            "demographic_parity_ratio": min(rate) / max(rate),
            "average_odds_difference": max(
                (abs(tpr[i] - tpr[j]) + abs(fpr[i] - fpr[j])) / 2 for i in range(len(parts)) for j in range(i)
            ),
        }
        for metric, value in wanted.items():
            [finding] = [f for f in findings if f.metric == metric and f.detail["attribute"] == name]
            assert finding.value == pytest.approx(value)
            assert finding.low <= finding.value <= finding.high


def test_several_classes_are_compared_on_those_that_both_have():
    n = 1200
    groups = {"a": levels(n, 2, seed=1), "b": levels(n, 3, seed=2)}
    predictions = make(n, groups, k=4)
    rare = (predictions.target == 3) & (predictions.groups["b"] == "g0")
    predictions = predictions.take(~rare)
    findings = fairness_findings(predictions, n_resamples=100)
    for finding in (f for f in findings if f.metric == "balanced_accuracy_gap"):
        rows = rows_of(predictions, finding.slice)
        gaps = []
        for c in range(4):
            inside, outside = rows & (predictions.target == c), ~rows & (predictions.target == c)
            if inside.any() and outside.any():
                right = predictions.predicted == c
                gaps.append(right[outside].mean() - right[inside].mean())
        assert len(gaps) == (3 if finding.slice.get("b") == "g0" else 4)
        assert finding.value == pytest.approx(np.mean(gaps))


def test_numbers_have_gaps_in_error_and_bias(rng):
    n = 800
    base = make(n, {"a": levels(n, 2, seed=1)})
    target = rng.normal(100, 10, size=n)
    worse = base.groups["a"] == "g1"
    predicted = target + rng.normal(size=n) * np.where(worse, 4, 2) + np.where(worse, 3, 0)
    predictions = Predictions(
        ids=base.ids, split=base.split, target_type="number", classes=(), target=target, predicted=predicted,
        probabilities=None, groups=base.groups,
    )  # fmt: skip
    findings = {(f.metric, f.slice.get("a")): f for f in fairness_findings(predictions)}
    error = predicted - target
    mae = {level: np.abs(error[base.groups["a"] == level]).mean() for level in ("g0", "g1")}
    assert findings["mae_gap", "g1"].value == pytest.approx(mae["g1"] - mae["g0"])
    assert findings["relative_mae_gap", "g1"].value == pytest.approx(mae["g1"] / mae["g0"] - 1)
    assert findings["relative_mae_gap", "g1"].low > 0.2
    bias = error[worse].mean() - error[~worse].mean()
    assert findings["standardised_bias_gap", "g1"].value == pytest.approx(bias / target.std())


def test_labels_are_judged_one_by_one_and_together(rng):
    n, k = 600, 3
    target = (rng.random((n, k)) < 0.4).astype(np.int64)
    p = np.clip(0.3 + 0.4 * target + 0.2 * rng.normal(size=(n, k)), 0.01, 0.99)
    base = make(n, {"a": levels(n, 2, seed=1)})
    predictions = Predictions(
        ids=base.ids, split=base.split, target_type="labels", classes=("x", "y", "z"), target=target,
        predicted=(p > 0.5).astype(np.int64), probabilities=p, groups=base.groups,
    )  # fmt: skip
    findings = fairness_findings(predictions, n_resamples=100)
    rows = base.groups["a"] == "g0"
    for finding in (f for f in findings if f.metric == "fpr_gap" and f.slice == {"a": "g0"}):
        c = predictions.classes.index(finding.class_)
        well, said = target[:, c] == 0, predictions.predicted[:, c] == 1
        assert finding.value == pytest.approx(said[rows & well].mean() - said[~rows & well].mean())
    assert {f.class_ for f in findings if f.metric == "tpr_gap"} == {"x", "y", "z"}
    assert any(f.metric == "balanced_accuracy_gap" for f in findings)


def test_records_of_one_patient_widen_the_intervals():
    n = 600
    groups = {"a": np.repeat(levels(n // 6, 2, seed=1), 6)}
    alone = make(n, groups)
    once = make(n // 6, {"a": groups["a"][::6]}, seed=5)
    copied = once.take(np.repeat(np.arange(n // 6), 6))
    patients = np.repeat(np.arange(n // 6), 6).astype(str).astype(object)
    together = make(n, groups, patient=patients)
    same = Predictions(**{f: getattr(copied, f) for f in copied.__slots__ if f != "patient"}, patient=patients)

    def width(predictions: Predictions) -> float:
        [found] = [f for f in fairness_findings(predictions) if f.metric == "tpr_gap" and f.slice == {"a": "g0"}]
        return found.high - found.low

    assert width(together) == pytest.approx(width(alone), rel=0.15)  # a patient's records are no more alike than others
    # Six copies of each record say no more than one of each.
    assert width(same) == pytest.approx(width(once), rel=0.1)
