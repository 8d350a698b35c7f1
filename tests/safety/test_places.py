"""What several external sets tell together, from findings and from predictions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from primum.evidence import Finding, Predictions, performance_findings
from primum.evidence.pooling import pooled
from primum.safety import place_findings, probability_findings, transport_findings


def _place(metric, value, half, *, split, site=None, n=200):
    return Finding(
        pillar="safety", metric=metric, value=value, low=value - half, high=value + half, n=n, split=split,
        slice={"site": site} if site else {},
    )  # fmt: skip


def test_sets_are_places_and_a_set_of_several_hospitals_is_its_hospitals():
    values = {"external:a": -0.2, "external:b": 0.1, "external": 0.3}
    measured = [_place("calibration_intercept", value, 0.2, split=split) for split, value in values.items()]
    measured += [
        _place("calibration_intercept", v, 0.2, split="external:b", site=s) for s, v in (("x", 0.0), ("y", 0.2))
    ]
    across, new = place_findings(measured)
    oracle = pooled(np.array([0.0, 0.2, -0.2, 0.3]), np.full(4, (0.2 / 1.959964) ** 2))
    assert (across.value, across.low, across.high) == pytest.approx((oracle.mean, oracle.low, oracle.high))
    assert (new.low, new.high) == pytest.approx((oracle.next_low, oracle.next_high))
    assert new.metric == "calibration_intercept_new_place" and new.split == "external"
    assert across.enough and not new.enough and new.detail["places"] == 4


def test_hospitals_of_test_are_told_apart_from_external_places():
    measured = [_place("auroc", 0.8 + d / 100, 0.05, split="test", site=f"h{d}") for d in range(6)]
    found = place_findings([*measured, _place("auroc", 0.8, 0.05, split="test")])
    assert [f.split for f in found] == ["test", "test"]
    assert 0 < found[1].low < found[0].low < found[0].value < found[0].high < found[1].high < 1
    assert found[1].enough and found[0].detail["places"] == 6


def test_small_places_and_those_at_the_end_of_the_scale_are_left_out_and_counted():
    places = [_place("auroc", 0.8, 0.05, split=f"external:{c}") for c in "abc"]
    others = [_place("auroc", 0.8, 0.3, split="external:d"), _place("auroc", 0.7, 0.1, split="external:e", n=12)]
    across, _ = place_findings([*places, *others])
    assert across.detail["places"] == 3 and across.detail["left_out"] == 2
    assert not place_findings([*places[:2], *others])


def test_each_named_set_has_its_figures_its_change_and_its_part_in_the_whole(made):
    heats = {"north": 1.0, "south": 2.0, "west": 3.0}
    away = [made(150, split=f"external:{name}", heat=heat, seed=5 + int(heat)) for name, heat in heats.items()]
    table = _all([made(300, split="test"), *away])
    findings = performance_findings(table, n_resamples=100) + probability_findings(table, n_resamples=100)
    names = ["external:north", "external:south", "external:west"]
    for metric in ("auroc", "ece", "calibration_slope"):
        assert [f.split for f in findings if f.metric == metric and f.class_ is None] == ["test", *names]
    moved = {(f.metric, f.split) for f in transport_findings(findings)}
    assert {("auroc_transport", name) for name in names} <= moved
    across = {f.metric: f for f in place_findings(findings)}
    assert across["auroc_across"].detail["places"] == 3


def _all(parts):
    first = parts[0]
    number = iter(range(10_000))
    columns = ("split", "target", "predicted", "probabilities")
    whole = {name: np.concatenate([getattr(p, name) for p in parts]) for name in columns}
    ids = np.array([f"r{next(number)}" for p in parts for _ in p.ids], dtype=object)
    return replace(
        Predictions(ids=ids, target_type=first.target_type, classes=first.classes, **whole), groups={}, site=None
    )
