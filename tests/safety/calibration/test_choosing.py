"""The choice: nothing where nothing is wrong, the simplest that mends it where something is."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from primum.errors import InputError
from primum.evidence import point_values
from primum.evidence.performance import performance_findings
from primum.safety import CALIBRATION_FILE, Calibrator, calibration_findings, choose_calibrator
from primum.safety.calibration.choosing import chosen_of
from primum.safety.folds import joined


def _ece(table):
    return point_values(table)["ece"]


@pytest.mark.parametrize(("n", "k"), [(80, 2), (400, 2), (300, 4)])
def test_calibrated_probabilities_are_left_alone_nearly_always(made, n, k):
    changed = [choose_calibrator(made(n, k=k, seed=seed)).changes for seed in range(40)]
    assert np.mean(changed) <= 0.15  # 5 % is what is asked for; 6 of 40 are as rare as one in a hundred


@pytest.mark.parametrize(("k", "labels"), [(2, False), (6, False), (3, True)])
def test_probabilities_that_are_too_sure_are_mended(made, k, labels):
    calibrator = choose_calibrator(made(500, k=k, heat=4.0, labels=labels))
    assert calibrator.why == "better"
    new = made(4000, k=k, heat=4.0, seed=9, labels=labels)
    mended = calibrator.calibrated(new)
    assert _ece(mended) < 0.5 * _ece(new)
    assert _ece(mended) < 0.04


def test_the_simplest_within_one_error_of_the_best_is_taken():
    rng = np.random.default_rng(0)
    noise = rng.normal(size=400)
    found = {
        "none": 1.0 + 0.1 * noise,
        "temperature": 0.801 + 0.1 * noise,
        "isotonic": 0.80 + 0.1 * rng.normal(size=400),
    }
    assert chosen_of(found) == "temperature"
    assert chosen_of({**found, "temperature": found["none"] + 0.01}) == "isotonic"
    assert chosen_of({"none": 1.0 + noise, "temperature": 0.99 + rng.normal(size=400)}) == "none"


def test_few_patients_change_nothing_and_it_says_so(made):
    calibrator = choose_calibrator(made(49, heat=5.0))
    assert (calibrator.why, calibrator.changes, calibrator.n) == ("few", False, 49)
    repeated = made(200, heat=5.0, patient=np.repeat([str(i) for i in range(40)], 5).astype(object))
    assert choose_calibrator(repeated).why == "few"


def test_a_named_method_is_taken_and_a_wrong_one_refused(made):
    assert choose_calibrator(made(300), method="isotonic").common.method == "isotonic"
    with pytest.raises(InputError, match="calibration method: 'platt' is not known"):
        choose_calibrator(made(300), method="platt")


def test_where_decisions_must_stay_only_temperature_is_tried(made):
    assert set(choose_calibrator(made(600, heat=3.0), keep_order=True).losses) == {"none", "temperature"}


def test_a_hospital_of_its_own_kind_gets_a_map_and_a_small_one_does_not(made):
    table = joined([made(400, seed=1), made(300, seed=2, heat=5.0), made(4, seed=3)])
    table = replace(table, site=np.array(["A"] * 400 + ["B"] * 300 + ["C"] * 4, dtype=object))
    own, shared = (choose_calibrator(table, method="temperature", by_site=by_site) for by_site in (True, False))
    assert set(own.sites) == {"A", "B"}
    assert own.too_few == {"C": None}
    for name, heat in (("A", 1.0), ("B", 5.0)):
        new = replace(made(3000, seed=5, heat=heat), site=np.full(3000, name, dtype=object))
        assert _ece(own.calibrated(new)) < 0.5 * _ece(shared.calibrated(new))
    elsewhere = replace(new, site=np.full(3000, "Z", dtype=object))
    np.testing.assert_array_equal(own.calibrated(elsewhere).probabilities, shared.calibrated(new).probabilities)


def test_saved_and_loaded_it_answers_the_same(made, tmp_path):
    for name in ("temperature", "vector", "beta", "isotonic"):
        calibrator = choose_calibrator(made(400, k=3, heat=3.0), method=name)
        (tmp_path / CALIBRATION_FILE).write_text(json.dumps(calibrator.to_json()))
        loaded = Calibrator.load(tmp_path)
        p = made(50, k=3, seed=4).probabilities
        np.testing.assert_array_equal(loaded.apply(p), calibrator.apply(p))
    assert Calibrator.load(tmp_path / "nowhere") is None
    (tmp_path / CALIBRATION_FILE).write_text('{"format": 1, "common": {"method": "__import__"}, "sites": {}}')
    with pytest.raises(InputError, match="not a calibration that primum wrote"):
        Calibrator.load(tmp_path)


def test_what_calibration_bought_is_a_paired_finding(made):
    before = made(1500, heat=4.0, split="test", seed=6)
    after = choose_calibrator(made(600, heat=4.0)).calibrated(before)
    found = {f.metric: f for f in calibration_findings(after, before, n_resamples=200)}
    for metric in ("ece_gain", "log_loss_gain", "brier_gain"):
        assert found[metric].versus == {"baseline": "uncalibrated"}
        assert found[metric].low > 0
    assert found["calibration_slope"].low < 1 < found["calibration_slope"].high


def test_slope_and_intercept_have_statsmodels_robust_errors(made):
    sm = pytest.importorskip("statsmodels.api")
    patient = np.repeat(np.arange(300), 3).astype(str).astype(object)
    table = made(900, heat=2.0, split="test", patient=patient)
    odds = np.log(table.probabilities[:, 1]) - np.log(table.probabilities[:, 0])
    fitted = sm.Logit(table.target, sm.add_constant(odds)).fit(
        disp=0, cov_type="cluster", cov_kwds={"groups": patient.astype(int), "df_correction": False}
    )
    slope = next(f for f in calibration_findings(table, n_resamples=0) if f.metric == "calibration_slope")
    assert slope.value == pytest.approx(fitted.params[1], abs=1e-6)
    assert (slope.high - slope.low) / (2 * 1.959964) == pytest.approx(fitted.bse[1], rel=0.01)


def test_the_parts_of_the_brier_score_make_it_up(made):
    table = made(20_000, heat=2.0, split="test")
    found = {f.metric: f for f in calibration_findings(table, n_resamples=100)}
    brier = next(f for f in performance_findings(table, n_resamples=0) if f.metric == "brier").value
    parts = [found[f"brier_{name}"].value for name in ("reliability", "resolution", "uncertainty")]
    assert parts[0] - parts[1] + parts[2] == pytest.approx(brier, abs=0.002)
    honest = {f.metric: f for f in calibration_findings(made(20_000, split="test", seed=2), n_resamples=100)}
    assert abs(honest["brier_reliability"].value) < 2e-4 < found["brier_reliability"].low
