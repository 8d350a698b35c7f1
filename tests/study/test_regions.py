"""Whole runs on marked places: drawn discs as masks and as boxes, from study.yaml to verdict, report and prediction."""

import csv
import json

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from primum.cli.main import main
from primum.errors import CohortError, InputError, StudyError
from primum.evidence import read_predictions
from primum.evidence.marks import compare, point_figures, read_marks
from primum.study import Study
from primum.study.checking import check_study

N, SIDE = 60, 64
SECRET = "qzxfilmplanted"
STUDY = """
study: discs
cohort:
  source: records.csv
  id: id
  inputs: {{image: {{column: film, size: 64}}}}
  target: {{type: regions, {target}}}
  sensitive: [sex]
model: {{image: {{augment: {{allow_flips: true}}}}}}
training: {{epochs: 8, batch: 4, track: [], optimizer: {{head_lr: 5.0e-3}}}}
assess: {{resamples: 100}}
"""
TARGETS = {"masks": "masks: {column: mask, label: disc}", "boxes": "boxes: boxes.csv"}


def _draw(folder):
    rows, boxes = [], []
    for i in range(N):
        generator = np.random.default_rng(i)
        picture = generator.integers(60, 90, (SIDE, SIDE)).astype(np.float32)
        down, across = np.mgrid[:SIDE, :SIDE]
        y, x = generator.integers(14, SIDE - 14, 2)
        disc = (down - y) ** 2 + (across - x) ** 2 <= 100
        top, left = generator.integers(0, SIDE - 18, 2)
        picture[top : top + 18, left : left + 18] = 240
        picture[disc] = 150
        Image.fromarray(picture.astype(np.uint8)).save(folder / f"{SECRET}{i}.png")
        Image.fromarray(disc).save(folder / f"{SECRET}{i}-mask.png")
        sex = "Female" if i % 2 else "Male"
        rows.append({"id": f"r{i}", "film": f"{SECRET}{i}.png", "mask": f"{SECRET}{i}-mask.png", "sex": sex})
        corners = {"xmin": x - 10, "ymin": y - 10, "xmax": x + 11, "ymax": y + 11}
        boxes.append({"film": f"{SECRET}{i}.png", "label": "disc", **corners})
    boxes.append({**boxes[0], "xmax": boxes[0]["xmin"]})  # no area
    for name, table in (("records", rows), ("boxes", boxes)):
        with (folder / f"{name}.csv").open("w", newline="") as out:
            writer = csv.DictWriter(out, fieldnames=list(table[0]))
            writer.writeheader()
            writer.writerows(table)


@pytest.fixture(scope="module", params=["masks", "boxes"])
def finished(request, tmp_path_factory):
    """A study of drawn discs and its finished run."""
    folder = tmp_path_factory.mktemp(request.param)
    _draw(folder)
    (folder / "study.yaml").write_text(STUDY.format(target=TARGETS[request.param]), encoding="utf-8")
    run = Study.load(folder / "study.yaml").run(folder / "run")
    return request.param, folder, run


def _overall(run, metric, **versus):
    [found] = [
        f
        for f in run.findings
        if (f.metric, f.class_, f.split, dict(f.versus)) == (metric, None, "test", versus) and not f.slice
    ]
    return found


def test_the_figures_are_those_of_the_stored_marks(finished):
    kind, folder, run = finished
    table = read_marks(folder / "run" / "regions.parquet").of_split("test")
    points = point_figures(compare(table.truth, table.found), kind, threshold=table.threshold)
    metrics = ["map50", "froc", "region_sensitivity", *(["dice", "iou"] if kind == "masks" else [])]
    for metric in metrics:
        found = _overall(run, metric)
        assert found.value == pytest.approx(points[metric, None]) and found.low <= found.value <= found.high
    gain = _overall(run, "dice_gain" if kind == "masks" else "map50_gain", baseline="threshold")
    assert gain.value == pytest.approx(gain.detail["model"] - gain.detail["baseline"]) and gain.value > 0.1


def test_predictions_keep_how_much_is_marked(finished):
    _, folder, _ = finished
    table = read_marks(folder / "run" / "regions.parquet")
    predictions = read_predictions(folder / "run" / "predictions.parquet")
    assert predictions.ids.tolist() == table.ids.tolist() and set(predictions.groups) == {"sex"}
    assert predictions.target == pytest.approx(table.truth.amounts())
    assert predictions.predicted == pytest.approx(table.found.above(table.threshold).amounts())


def test_every_pillar_speaks_and_no_rule_of_other_targets_does(finished):
    kind, _, run = finished
    assert {f.pillar for f in run.findings} >= {"safety", "fairness", "privacy", "transparency"}
    gaps = [f for f in run.findings if f.metric == ("dice_gap" if kind == "masks" else "region_sensitivity_gap")]
    assert {f.slice["sex"] for f in gaps} == {"Female", "Male"}
    names = {result.rule.name for result in run.verdict.rules}
    assert {"safety.marks_beyond_threshold", "fairness.marks_found", "safety.learnt"} <= names
    assert not names & {"safety.discrimination", "safety.explains_variance", "fairness.relative_mae_gap"}
    by_name = {result.rule.name: result.outcome for result in run.verdict.rules}
    assert by_name["safety.marks_beyond_threshold"] in ("pass", "review")
    assert run.verdict.outcome != "block"


def test_a_gap_is_the_difference_of_the_groups_means(finished):
    kind, folder, run = finished
    if kind != "masks":
        pytest.skip("boxes have no Dice")
    table = read_marks(folder / "run" / "regions.parquet").of_split("test")
    compared = compare(table.truth, table.found)
    dice = 2 * compared.inside[:, 0, 0] / (compared.inside[:, 0, 1] + compared.inside[:, 0, 2])
    with (folder / "records.csv").open() as stream:
        sex = {row["id"]: row["sex"] for row in csv.DictReader(stream)}
    female = np.array([sex[one] == "Female" for one in table.ids])
    [gap] = [f for f in run.findings if f.metric == "dice_gap" and f.slice == {"sex": "Female"}]
    assert gap.value == pytest.approx(dice[~female].mean() - dice[female].mean())
    assert gap.detail["slice_value"] == pytest.approx(dice[female].mean())


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_report_draws_curves_and_shows_no_picture(finished, lang, tmp_path):
    from primum.study.report import render_report

    _, folder, _ = finished
    page = render_report(folder / "run", lang=lang, out=tmp_path / "report.html").read_text(encoding="utf-8")
    assert 'id="marks"' in page and "FROC" in page
    assert "<img" not in page and "data:image" not in page
    for written in (folder / "run").rglob("*"):
        assert not written.is_file() or SECRET.encode() not in written.read_bytes(), written.name


def test_new_pictures_are_marked_alike(finished, tmp_path):
    kind, folder, _ = finished
    code = main(["predict", str(folder / "run"), str(folder / "records.csv"), "--out", str(tmp_path / "m.parquet")])
    assert code == 0
    rows = pq.read_table(tmp_path / "m.parquet").to_pylist()
    table = read_marks(folder / "run" / "regions.parquet")
    kept = table.found.above(table.threshold)
    expected = [(one, mark.label) for one, marks in zip(table.ids, kept.marks, strict=True) for mark in marks]
    assert len(rows) == pytest.approx(len(expected), rel=0.1) and rows[0]["label"] == "disc"
    assert (rows[0]["mask"] is not None) == (kind == "masks")


def test_what_cannot_be_done_is_said_in_a_sentence(finished, tmp_path, capsys):
    kind, folder, _ = finished
    code = main(["explain", str(folder / "run"), str(folder / "records.csv"), "--out", str(tmp_path / "why.jsonl")])
    assert code == 2 and "marks places in images" in capsys.readouterr().err
    code = main(["search", str(folder / "study.yaml"), "--trials", "1", "--out", str(tmp_path / "search")])
    assert code == 2


def test_boxes_without_area_are_counted_by_the_check(tmp_path):
    _draw(tmp_path)
    (tmp_path / "study.yaml").write_text(STUDY.format(target=TARGETS["boxes"]), encoding="utf-8")
    check = check_study(Study.load(tmp_path / "study.yaml"))
    [found] = [f for f in check.findings if f.metric == "boxes_without_area"]
    assert found.value == 1.0
    assert json.loads(json.dumps(check.summary()))["target"]["column"] == "boxes.csv"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("cohort.target={type: regions}", "give boxes .a table. or masks .a column., one of the two"),
        ("cohort.target={type: classes, column: sex, masks: mask}", "boxes and masks are of a target of type regions"),
        ("cohort.target={type: classes}", "name the column of the target"),
        ("cohort.inputs.vitals=[sex]", "marks are in pictures"),
        ("training.shards=2", "cannot be learnt by shards yet"),
        ("model.backbone=densenet121", "efficientnet-lite0 alone"),
        ("cohort.target.masks.colum=x", "nearest|did you mean"),
        ("training.early_stopping.metric=mae", "does not fit a target of type regions"),
        ("cohort.inputs.image.size=50", "a multiple of 32"),
    ],
)
def test_studies_that_do_not_fit_are_refused(tmp_path, change, says):
    (tmp_path / "study.yaml").write_text(STUDY.format(target=TARGETS["masks"]), encoding="utf-8")
    with pytest.raises(StudyError, match=says):
        Study.load(tmp_path / "study.yaml", overrides=[change])


def test_a_missing_table_of_boxes_is_an_error_of_the_input(tmp_path):
    _draw(tmp_path)
    (tmp_path / "study.yaml").write_text(STUDY.format(target="boxes: none.csv"), encoding="utf-8")
    with pytest.raises(CohortError, match="no such file"):
        Study.load(tmp_path / "study.yaml").run(tmp_path / "run")
    assert not (tmp_path / "run").exists()
    assert main(["run", str(tmp_path / "study.yaml"), "--out", str(tmp_path / "run")]) == 2


def test_another_model_is_not_opened_as_one_of_marks(tmp_path):
    from primum.model.regions.predictor import RegionPredictor

    with pytest.raises(InputError, match="no model of marked places"):
        RegionPredictor.load(tmp_path)
