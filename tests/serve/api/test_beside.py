"""What stands beside an answer: how far its probabilities hold, similar patients, and patients of the same groups."""

from __future__ import annotations

import csv
import json
import math
import re
from dataclasses import replace

import numpy as np
import pyarrow.parquet as pq
import pytest
from safetensors.numpy import load_file

from primum.evidence import read_predictions
from primum.safety import Reliability, fit_reliability
from primum.serve.answering import answer_of
from primum.serve.engine.judged import judge_rows
from primum.serve.engine.rows import read_row, records_of

RECORD = {"age": 66, "sbp": 131, "ward": "A", "sex": "F", "hospital": "H1"}
FEWEST = 25


def _asked(n):
    rng = np.random.default_rng(23)
    return [{"age": int(rng.normal(57, 15)), "sbp": int(rng.normal(128, 12)), "ward": "ABC"[i % 3]} for i in range(n)]


def test_every_probability_has_the_interval_that_predict_writes(service, served_release):
    from primum.study import Release

    records = _asked(12)
    table = {name: [one[name] for one in records] for name in records[0]}
    told = Release.open(served_release[0]).predict(
        {"id": [str(i) for i in range(12)], "sex": ["F"] * 12, "hospital": ["H1"] * 12, **table}
    )
    for row, record in zip(told.to_pylist(), records, strict=True):
        answer = service.ask(inputs={**record, "sex": "F", "hospital": "H1"})
        for one in answer["classes"]:
            assert (one["low"], one["high"]) == (row[f"low:{one['name']}"], row[f"high:{one['name']}"])
            assert 0 <= one["low"] < one["high"] <= 1
        first, second = answer["classes"]
        assert first["low"] == pytest.approx(1 - second["high"]) and first["high"] == pytest.approx(1 - second["low"])
    said = answer["intervals"]
    assert (said["level"], said["patients"], said["enough"]) == (0.95, 40, True)
    assert "95 %" in said["promise"] and "40 calibration patients" in said["promise"]
    assert "40 名校准患者" in service.ask(lang="zh")["intervals"]["promise"]


def _release(service):
    return service.app.state.engine.default


def test_too_few_calibration_patients_are_said_and_no_interval_is_shown(service):
    release = _release(service)
    kept = release.run.reliability
    for given, enough in ((replace(kept, steps=(), patients=12), False), (None, None)):
        other = replace(release, run=replace(release.run, reliability=given))
        row = read_row(RECORD, other.roles)
        answer = answer_of(other, row, judge_rows(other, [row])[0], case="0" * 32, lang="en", hold_disagreement=0.5)
        assert all(one.low is None and one.high is None for one in answer.classes)
        assert (answer.intervals and answer.intervals.enough) == enough
        if answer.intervals:
            assert "Too few calibration patients" in answer.intervals.promise and "30" in answer.intervals.promise


def test_intervals_are_counted_on_the_models_own_probabilities_before_calibration(service, served_release):
    run = served_release[0].parent / "run"
    plain = run / "uncalibrated.parquet"
    table = read_predictions(plain if plain.is_file() else run / "predictions.parquet").of_split("calibration")
    kept = json.loads((served_release[0] / "model" / "reliability.json").read_text(encoding="utf-8"))
    assert kept == json.loads(json.dumps(fit_reliability(table).to_json()))
    release = _release(service)
    rows = [read_row(one, release.roles) for one in _asked(12)]
    own = release.run.model.predict(records_of(rows, release.roles, [None] * 12))
    wanted = fit_reliability(table).intervals(own)
    for row, judged in enumerate(judge_rows(release, rows)):
        assert judged.intervals == tuple(map(tuple, wanted[row].tolist()))


def test_what_is_kept_for_intervals_is_in_the_release_and_checked_with_it(service, served_release):
    kept = json.loads((served_release[0] / "model" / "reliability.json").read_text(encoding="utf-8"))
    assert kept["patients"] == 40 and len(kept["steps"]) == 2
    assert isinstance(Reliability.load(served_release[0] / "model"), Reliability)


def test_the_groups_a_record_belongs_to_are_told_with_what_was_measured_on_them(service, served_release):
    answer = service.ask(inputs=RECORD)
    told = {tuple(one["group"].items()): one for one in answer["alike"]}
    assert set(told) == {(("sex", "F"),), (("site", "H1"),)} and len(answer["alike"]) == 2
    table = pq.read_table(served_release[0].parent / "run" / "predictions.parquet").to_pylist()
    for name, level in (("sex", "F"), ("site", "H1")):
        test = [one for one in table if one["split"] == "test" and one[name] == level]
        found = told[((name, level),)]
        right = sum(one["predicted"] == one["target"] for one in test)
        assert found["n"] == len(test) and found["metric"] == "accuracy"
        assert found["value"] == pytest.approx(right / len(test))
    assert service.ask(inputs={"age": 66})["alike"] == []


def test_similar_patients_are_those_of_the_nearest_groups_searched_one_by_one(service, served_release):
    folder = served_release[0] / "model"
    kept, classes = load_file(folder / "similar.safetensors"), json.loads((folder / "similar.json").read_text())
    release = _release(service)
    for record in _asked(20):
        row = read_row(record, release.roles)
        (features,) = release.run.model.inside(records_of([row], release.roles, [None])).features.tolist()
        point = [(f - c) / s for f, c, s in zip(features, kept["centre"].tolist(), kept["scale"].tolist(), strict=True)]
        away = [math.dist(point, [classes["step"] * one for one in mean]) for mean in kept["means"].tolist()]
        patients, outcomes = 0, [0.0] * len(classes["classes"])
        for place in sorted(range(len(away)), key=away.__getitem__):
            patients += int(kept["patients"][place])
            outcomes = [a + float(b) for a, b in zip(outcomes, kept["outcomes"][place], strict=True)]
            if patients >= FEWEST:
                break
        told = service.ask(inputs=record)["similar"]
        assert told["patients"] == patients >= FEWEST
        assert [one["name"] for one in told["outcomes"]] == classes["classes"]
        assert [one["value"] for one in told["outcomes"]] == pytest.approx([one / patients for one in outcomes])
        assert all(one["low"] <= one["value"] <= one["high"] for one in told["outcomes"])


def test_what_became_of_them_is_near_what_became_of_the_exact_nearest(service, served_release):
    """The training records themselves, which no Release holds, searched one by one in the served model's features."""
    run, release = served_release[0].parent / "run", _release(service)
    split = {one["id"]: one["split"] for one in pq.read_table(run / "splits.parquet").to_pylist()}
    with (run.parent / "records.csv").open(encoding="utf-8") as stream:
        train = [one for one in csv.DictReader(stream) if split[one["id"]] == "train"]
    rows = [read_row({name: one[name] for name in ("age", "sbp", "ward")}, release.roles) for one in train]
    points = release.run.model.inside(records_of(rows, release.roles, [None] * len(rows))).features
    centre, scale = points.mean(0), release.run.similar.scale
    ill = np.array([one["dx"] == "ill" for one in train])
    lost = []
    for record in _asked(20):
        told = service.ask(inputs=record)["similar"]
        row = read_row(record, release.roles)
        own = release.run.model.inside(records_of([row], release.roles, [None])).features[0]
        away = [math.dist((own - centre) / scale, (point - centre) / scale) for point in points]
        nearest = np.argsort(away)[: told["patients"]]
        share = next(one["value"] for one in told["outcomes"] if one["name"] == "ill")
        lost.append(abs(share - ill[nearest].mean()))
    assert np.mean(lost) < 0.1


def test_a_stranger_is_told_to_be_one_and_a_release_without_groups_tells_nothing(service):
    assert service.ask(inputs={"age": 500, "sbp": 20, "ward": "A"})["similar"]["far"] is True
    assert service.ask(inputs=RECORD)["similar"]["far"] is False
    release = _release(service)
    other = replace(release, run=replace(release.run, similar=None))
    assert judge_rows(other, [read_row(RECORD, release.roles)])[0].similar is None


def test_fhir_and_cards_say_the_interval_with_the_probability(service):
    from primum.serve.fhir import answer_bundle
    from primum.serve.hooks import cards_of
    from primum.serve.told import told_of

    release = _release(service)
    row = read_row(RECORD, release.roles)
    judged = judge_rows(release, [row])[0]
    answer = answer_of(release, row, judged, case="0" * 32, lang="en", hold_disagreement=0.5)
    told = told_of(answer)
    resource = answer_bundle(told, patient="p", sources=[], fhir="R4")["entry"][0]["resource"]
    ends = {one.name: (one.low, one.high) for one in answer.classes}
    for one in resource["prediction"]:
        low, high = ends[one["outcome"]["text"]]
        assert one["rationale"] == f"{low:.4f} – {high:.4f}"
    assert answer.intervals.promise in [one["text"] for one in resource["note"]]
    detail = cards_of([told], url="https://h.test")["cards"][0]["detail"]
    assert re.search(r"\*\*ill\*\*: \d+% \(\d+% – \d+%\)", detail)
    held = told_of(replace(answer, abstained=True, abstained_because="Not sure."))
    assert not held.intervals and answer.intervals.promise not in held.sentences
