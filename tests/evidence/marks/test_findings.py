"""Findings of marks: intervals that hold their values, paired gains, and a table that survives the disk."""

import numpy as np
import pytest

from primum.errors import PredictionsError
from primum.evidence import Predictions
from primum.evidence.marks import (
    Mark,
    MarkedTable,
    Marking,
    components,
    marks_findings,
    marks_gain_findings,
    read_marks,
    write_marks,
)

N = 40


def _table(rng, *, kind="boxes"):
    truth, found = [], []
    for _ in range(N):
        x, y = rng.uniform(5, 60, 2)
        box = (x, y, x + 20, y + 20)
        off = rng.uniform(0, 12)
        said = (x + off, y, x + 20 + off, y + 20)
        if kind == "masks":
            truth.append(tuple(components(_filled(box), "x")))
            found.append(tuple(components(_filled(said), "x", score=np.full((100, 100), 0.8, np.float32))))
        else:
            truth.append((Mark(label="x", box=box),))
            found.append((Mark(label="x", box=said, score=float(rng.random())),))
    common = {"kind": kind, "labels": ("x",), "shapes": np.full((N, 2), 100)}
    ids = np.array([f"r{i}" for i in range(N)], dtype=object)
    return MarkedTable(
        ids=ids,
        split=np.full(N, "test", dtype=object),
        truth=Marking(marks=tuple(truth), **common),
        found=Marking(marks=tuple(found), **common),
        threshold=0.0,
    )


def _filled(box):
    mask = np.zeros((100, 100), bool)
    left, top, right, bottom = map(int, box)
    mask[top:bottom, left:right] = True
    return mask


def _predictions(table, **more):
    amounts = table.truth.amounts()
    return Predictions(
        ids=table.ids,
        split=table.split,
        target_type="number",
        classes=(),
        target=amounts,
        predicted=table.found.amounts(),
        probabilities=None,
        **more,
    )


@pytest.mark.parametrize("kind", ["boxes", "masks"])
def test_every_interval_holds_its_value(rng, kind):
    table = _table(rng, kind=kind)
    findings = marks_findings(table, _predictions(table), n_resamples=200)
    by_metric = {(f.metric, f.class_): f for f in findings}
    assert ("dice", None) in by_metric if kind == "masks" else ("dice", None) not in by_metric
    for metric in ("map50", "froc", "region_sensitivity", "region_ppv"):
        f = by_metric[metric, None]
        assert f.low <= f.value <= f.high and f.enough and f.n == N
    assert by_metric["region_count", "x"].value == N


def test_patients_are_resampled_whole(rng):
    table = _table(rng, kind="masks")
    once = {f.metric: f for f in marks_findings(table, _predictions(table), n_resamples=400)}
    patients = np.array([f"p{i // 8}" for i in range(N)], dtype=object)
    same = Marking(
        kind="masks",
        labels=("x",),
        shapes=table.found.shapes,
        marks=tuple(table.truth.marks[i] if i < N // 2 else table.found.marks[i] for i in range(N)),
    )
    by_patient = MarkedTable(ids=table.ids, split=table.split, truth=table.truth, found=same, threshold=0.0)
    alone = {f.metric: f for f in marks_findings(by_patient, _predictions(by_patient), n_resamples=400)}
    together = {
        f.metric: f for f in marks_findings(by_patient, _predictions(by_patient, patient=patients), n_resamples=400)
    }
    assert together["dice"].value == alone["dice"].value
    assert together["dice"].high - together["dice"].low > 1.3 * (alone["dice"].high - alone["dice"].low)
    assert once["dice"].enough


def test_a_gain_is_the_difference_and_turns_with_the_sides(rng):
    table = _table(rng)
    shifted = tuple(
        tuple(Mark(label="x", box=(m.box[0] + 8, *m.box[1:2], m.box[2] + 8, m.box[3]), score=m.score) for m in of)
        for of in table.found.marks
    )
    other = Marking(kind="boxes", labels=("x",), shapes=table.truth.shapes, marks=shifted)
    gains = {f.metric: f for f in marks_gain_findings(table, other, _predictions(table), name="threshold")}
    back = MarkedTable(ids=table.ids, split=table.split, truth=table.truth, found=other, threshold=0.0)
    turned = {f.metric: f for f in marks_gain_findings(back, table.found, _predictions(back), name="threshold")}
    f = gains["map50_gain"]
    assert f.value == pytest.approx(f.detail["model"] - f.detail["baseline"]) and f.versus == {"baseline": "threshold"}
    assert f.value > 0 and turned["map50_gain"].value == pytest.approx(-f.value)
    assert turned["map50_gain"].low == pytest.approx(-f.high)
    assert "dice_gain" not in gains


@pytest.mark.parametrize("kind", ["boxes", "masks"])
def test_a_table_read_back_is_the_same(rng, tmp_path, kind):
    table = _table(rng, kind=kind)
    write_marks(tmp_path / "regions.parquet", table)
    back = read_marks(tmp_path / "regions.parquet")
    assert back.ids.tolist() == table.ids.tolist() and back.threshold == table.threshold
    assert np.array_equal(back.truth.shapes, table.truth.shapes)
    for ours, theirs in ((table.truth, back.truth), (table.found, back.found)):
        for a, b in zip(ours.marks, theirs.marks, strict=True):
            assert [(m.label, m.box, m.score) for m in a] == [(m.label, m.box, m.score) for m in b]
            assert all(m.runs is None or np.array_equal(m.runs, o.runs) for m, o in zip(a, b, strict=True))


def test_another_file_is_refused(tmp_path):
    with pytest.raises(PredictionsError, match=r"no such file"):
        read_marks(tmp_path / "regions.parquet")
    (tmp_path / "regions.parquet").write_bytes(b"no table")
    with pytest.raises(PredictionsError, match="was not written by a run"):
        read_marks(tmp_path / "regions.parquet")
