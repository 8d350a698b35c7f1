from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from primum.errors import PredictionsError
from primum.evidence import METRICS, gain_findings, performance_findings


def _one(findings, metric, **where):
    return next(f for f in findings if f.metric == metric and all(getattr(f, k) == v for k, v in where.items()))


@pytest.mark.parametrize("kind", ["classes", "labels", "number"])
def test_every_finding_has_interval_method_and_reference(request, kind):
    table = request.getfixturevalue(kind)(300)
    findings = performance_findings(table, n_resamples=100)
    assert findings
    for f in findings:
        assert f.metric in METRICS and f.method and f.reference and f.n > 0 and f.split == "test"
        if f.metric != "class_count":
            assert f.low <= f.value <= f.high, f.metric
            assert f.low < f.high


def test_sites_are_slices_and_training_rows_are_ignored(classes):
    table = classes(400, sites=2)
    split = table.split.copy()
    split[:100], split[100:250] = "train", "external"
    findings = performance_findings(replace(table, split=split), n_resamples=50)
    assert {f.split for f in findings} == {"test", "external"}
    assert {tuple(f.slice.items()) for f in findings} == {(), (("site", "h0"),), (("site", "h1"),)}
    assert _one(findings, "accuracy", split="test", slice={}).n == 150


def test_repeated_patients_widen_the_interval(classes):
    table = classes(100)
    rows = np.tile(np.arange(100), 4)
    fourfold = replace(table.take(rows), ids=np.array([str(i) for i in range(400)], dtype=object))
    alone = performance_findings(fourfold, n_resamples=400)
    clustered = performance_findings(replace(fourfold, patient=table.ids[rows]), n_resamples=400)
    for metric in ("accuracy", "auroc", "log_loss"):
        wide, narrow = _one(clustered, metric, class_=None), _one(alone, metric, class_=None)
        assert (wide.high - wide.low) / (narrow.high - narrow.low) == pytest.approx(2, rel=0.25)
        assert wide.detail == {"patients": 100}


def test_too_few_of_a_class_is_never_enough(classes):
    table = classes(200)
    rows = np.concatenate([np.flatnonzero(table.target == 0), np.flatnonzero(table.target == 1)[:9]])
    findings = performance_findings(table.take(rows), n_resamples=50)
    assert not _one(findings, "auroc", class_=None).enough
    assert not _one(findings, "sensitivity", class_="c1").enough
    assert _one(findings, "sensitivity", class_="c0").enough
    assert _one(findings, "accuracy", class_=None).enough


def test_gain_is_positive_when_the_model_is_better(classes, number):
    better, worse = classes(300, strength=2.0), classes(300, strength=0.3)
    for f in gain_findings(better, worse, name="weak", n_resamples=200):
        assert f.value > 0 and f.low > 0, f.metric
        assert f.versus == {"baseline": "weak"}
        sign = -1 if f.metric == "log_loss_gain" else 1
        assert f.value == pytest.approx(sign * (f.detail["model"] - f.detail["baseline"]))
    [mae] = gain_findings(number(100, error=0.1), number(100, error=1.0), name="weak", n_resamples=200)
    assert mae.metric == "mae_gain" and mae.low > 0


def test_gain_over_itself_is_nought_in_any_order(classes):
    table = classes(200)
    for f in gain_findings(table, table.take(np.arange(200)[::-1]), name="itself", n_resamples=50):
        assert (f.value, f.low, f.high) == (0.0, 0.0, 0.0)


def test_gain_needs_the_same_records(classes):
    with pytest.raises(PredictionsError, match="expected the same 200 records in split 'test'"):
        gain_findings(classes(200), classes(199), name="other")
