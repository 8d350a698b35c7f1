"""Whole runs on images: alone and beside vitals and notes; predicted again from the run and from a Release."""

import csv
import json

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image
from sklearn.metrics import roc_auc_score

from primum.cli.main import main
from primum.errors import CohortError, StudyError
from primum.study import Study
from primum.study.explaining import explain_run
from primum.study.predicting import predict_run
from primum.study.released import Release

N = 150
SECRET = "qzxfilmplanted"
STUDY = """
study: films
cohort:
  source: records.csv
  id: id
  inputs: {image: {column: film, size: 32}, vitals: [age]}
  target: {column: dx}
  sensitive: [sex]
model: {image: {adapt: head}}
training: {epochs: 6, track: []}
assess: {resamples: 100}
policy: written.yaml
"""
POLICY = """
policy: small
title: {en: A small policy, zh: 小政策}
rules:
  - rule: safety.accuracy
    where: {metric: accuracy}
    must_be: {at_least: 0.1}
    on_failure: review
    because: {en: Nobody is perfect., zh: 人无完人。}
"""


def _film(i):
    """A noisy film; the ill ones have a bright spot at the top left."""
    pixels = np.random.default_rng(i).integers(60, 120, size=(40, 40)).astype(np.uint8)
    if i % 2:
        pixels[6:18, 6:18] = 230
    return pixels


def _rows():
    for i in range(N):
        name = "" if i % 15 == 0 else f"films/{SECRET}-{i}.png"
        labels = ";".join(name for name, has in (("spot", i % 2), ("odd", i % 3 == 0)) if has)
        yield {
            "id": f"r{i}",
            "film": name,
            "age": 30 + (7 * i) % 50,
            "sex": ("F", "M")[i // 2 % 2],
            "note": ("routine visit", "chest pain", "cough")[i % 3],
            "dx": ("well", "ill")[i % 2],
            "signs": labels,
        }


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    base = tmp_path_factory.mktemp("films")
    (base / "films").mkdir()
    for i in range(N):
        Image.fromarray(_film(i)).save(base / "films" / f"{SECRET}-{i}.png")
    with (base / "records.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=["id", "film", "age", "sex", "note", "dx", "signs"])
        writer.writeheader()
        writer.writerows(_rows())
    (base / "study.yaml").write_text(STUDY, encoding="utf-8")
    (base / "written.yaml").write_text(POLICY, encoding="utf-8")
    return base


@pytest.fixture(scope="module")
def run(folder):
    return Study.load(folder / "study.yaml").run(out=folder / "runs" / "films")


def test_the_figures_are_scikit_learns_on_the_written_predictions(run):
    rows = [row for row in pq.read_table(run.path / "predictions.parquet").to_pylist() if row["split"] == "test"]
    truth = [row["target"] == "ill" for row in rows]
    wanted = roc_auc_score(truth, [row["p:ill"] for row in rows])
    [found] = [
        f for f in run.findings
        if f.metric == "auroc" and f.split == "test" and not f.slice and not f.versus and f.class_ is None
    ]  # fmt: skip
    assert found.value == pytest.approx(wanted) and wanted > 0.9


def test_the_saved_model_is_numbers_and_json_alone(run):
    suffixes = {path.suffix for path in (run.path / "model").rglob("*") if path.is_file() and path.name != "README.md"}
    assert suffixes == {".safetensors", ".json", ".onnx"}


def test_no_name_of_a_file_stands_in_what_is_written(run):
    files = [path for path in run.path.rglob("*") if path.is_file()]
    assert len(files) > 12
    for path in files:
        assert SECRET.encode() not in path.read_bytes(), path.name


def test_every_pillar_has_something_to_say_and_what_is_of_words_has_not(run):
    by_metric = {}
    for finding in run.findings:
        by_metric.setdefault(finding.metric, []).append(finding)
    assert {f.pillar for f in run.findings} >= {"safety", "fairness", "privacy", "transparency"}
    changes = {f.versus["perturbation"] for f in by_metric["perturbation_flip_rate"]}
    image_changes = {"image_noise", "image_blur", "image_contrast", "image_jpeg", "image_rotation", "image_crop"}
    assert changes == {*image_changes, "noise_in_vitals", "one_vital_missing"}
    kinds = {f.versus["records"] for f in by_metric["novelty_auroc"]}
    assert kinds == {"blank_image", "inverted_image", "noise_for_image", "vital_times_ten"}
    missing = [f for f in by_metric["missing_rate"] if f.class_ == "film" or f.detail.get("column") == "film"]
    assert missing
    baselines = set(json.loads((run.path / "baselines.json").read_text(encoding="utf-8")))
    wanted = {"pixel_logistic_regression", "hog_logistic_regression", "image_alone", "vitals_alone", "untuned_backbone"}
    assert wanted <= baselines


def test_new_records_are_answered_as_the_run_answered_them(run, folder, tmp_path):
    predict_run(run.path, folder / "records.csv", tmp_path / "answers.parquet")
    again = {row["id"]: row["p:ill"] for row in pq.read_table(tmp_path / "answers.parquet").to_pylist()}
    first = {row["id"]: row["p:ill"] for row in pq.read_table(run.path / "predictions.parquet").to_pylist()}
    assert first.keys() == again.keys()
    np.testing.assert_allclose([again[key] for key in first], list(first.values()), atol=1e-5)


def test_a_release_answers_alike_and_a_table_in_memory_may_name_whole_paths(run, folder, people, tmp_path):
    from primum.ethics.release import build_release
    from primum.ethics.signing import load_key

    built = tmp_path / "release"
    build_release(run.path, built, key=load_key(people["Releases"]))
    suffixes = {path.suffix for path in (built / "model").rglob("*") if path.is_file()}
    assert suffixes <= {".safetensors", ".json", ".md", ".onnx"}
    table = {
        "id": ["a", "b", "c"],
        "film": [str(folder / "films" / f"{SECRET}-{i}.png") for i in (1, 2)] + [None],
        "age": ["50", "50", "50"],
        "sex": ["F", "M", "F"],
    }
    answers = Release.open(built).predict(table).to_pylist()
    assert [row["predicted"] for row in answers[:2]] == ["ill", "well"]
    assert answers[2]["p:ill"] == pytest.approx(1 - answers[2]["p:well"])


def test_bad_images_end_with_one_sentence_and_nothing_written(folder, tmp_path, capsys):
    lines = (folder / "records.csv").read_text(encoding="utf-8").splitlines()
    lines[5] = lines[5].replace(f"{SECRET}-4", "gone")
    (folder / "bad.csv").write_text("\n".join(lines), encoding="utf-8")
    (folder / "bad.yaml").write_text(STUDY.replace("records.csv", "bad.csv"), encoding="utf-8")
    for command in (
        ["check", str(folder / "bad.yaml")],
        ["run", str(folder / "bad.yaml"), "--out", str(tmp_path / "o")],
    ):
        assert main([*command, "--quiet"]) == 2
        said = capsys.readouterr().err
        assert "column 'film': row 5 names a file that is not there" in said and SECRET not in said
    assert not (tmp_path / "o").exists()


def test_colour_is_refused_where_the_model_was_tuned_on_grey(run, folder, tmp_path):
    Image.fromarray(np.random.default_rng(0).integers(256, size=(32, 32, 3), dtype=np.uint8)).save(tmp_path / "c.png")
    (tmp_path / "new.csv").write_text("id,film,age,sex\nq,c.png,50,F\n", encoding="utf-8")
    with pytest.raises(CohortError, match="row 1 names an image in colour where grey is expected"):
        predict_run(run.path, tmp_path / "new.csv", tmp_path / "answers.csv")
    assert not (tmp_path / "answers.csv").exists()


def test_images_alone_give_labels_and_no_reasons_in_words(folder, tmp_path):
    overrides = [
        "cohort.target={column: signs, type: labels}",
        "cohort.inputs.vitals=[]",
        "assess.baselines=false",
        "assess.robustness=false",
    ]
    run = Study.load(folder / "study.yaml", overrides=overrides).run(out=tmp_path / "run")
    table = pq.read_table(run.path / "predictions.parquet").to_pylist()
    test = [row for row in table if row["split"] == "test"]
    truth = ["spot" in row["target"].split(";") for row in test]
    assert roc_auc_score(truth, [row["p:spot"] for row in test]) > 0.9
    told = {f.metric for f in run.findings}
    assert (
        json.loads((run.path / "model" / "served.json").read_text(encoding="utf-8"))["agreement"]["max_difference"]
        < 1e-4
    )
    assert not any(metric.startswith(("counterfactual_", "permutation_importance")) for metric in told)
    assert not {"reasons_hold", "counterfactual_flip_rate", "negation_response"} & told
    study = (run.path / "study.yaml").read_text(encoding="utf-8")
    assert "efficientnet-lite0" in study and "minilm" not in study
    assert {"explanations_that_hold", "part_importance", "adversarial_accuracy"} <= told
    asked = folder / "asked.csv"
    asked.write_text("\n".join((folder / "records.csv").read_text("utf-8").splitlines()[:41]) + "\n", "utf-8")
    explain_run(run.path, asked, tmp_path / "reasons", with_counterfactuals=False, lang="zh")
    reasons = [json.loads(line) for line in (tmp_path / "reasons" / "reasons.jsonl").read_text("utf-8").splitlines()]
    drawn = {int(path.stem) for path in (tmp_path / "reasons").glob("*.png")}
    assert drawn == {place for place, one in enumerate(reasons, start=1) if one["holds"] and one["inputs"]["image"]}
    assert len(drawn) > 5 and not any(place % 15 == 1 for place in drawn)
    with Image.open(tmp_path / "reasons" / f"{min(drawn)}.png") as picture:
        assert picture.size == (448, 506) and picture.mode == "RGB"
    assert (tmp_path / "reasons" / "reasons.html").read_text("utf-8").count("data:image/png;base64,") == len(drawn)


def test_a_note_and_a_film_have_a_network_each(folder, short_backbone, tmp_path):
    overrides = [
        "cohort.inputs.text=note",
        f"model.backbone={short_backbone}",
        "model.adapt=head",
        "training.epochs=2",
        "assess={baselines: false, inputs_alone: false, robustness: false, adversarial: false, resamples: 100}",
    ]
    run = Study.load(folder / "study.yaml", overrides=overrides).run(out=tmp_path / "run")
    saved = json.loads((run.path / "model" / "primum.json").read_text(encoding="utf-8"))
    assert set(saved["inputs"]) == {"text", "vitals", "image"}
    assert saved["inputs"]["image"]["form"]["architecture"] == "efficientnet-lite0"
    predict_run(run.path, folder / "records.csv", tmp_path / "answers.parquet")
    again = pq.read_table(tmp_path / "answers.parquet")["p:ill"].to_pylist()
    first = pq.read_table(run.path / "predictions.parquet")["p:ill"].to_pylist()
    np.testing.assert_allclose(again, first, atol=1e-5)


def test_methods_of_texts_are_refused_for_images_alone_before_anything_is_read(folder):
    with pytest.raises(
        StudyError, match="model.adapt: prefix is for texts; of images choose one of head, none, upper, full"
    ):
        Study.load(folder / "study.yaml", overrides=["model.adapt=prefix", "model.image.adapt=null"])
    both = Study.load(folder / "study.yaml", overrides=["cohort.inputs.text=note", "model.image.adapt=lora"]).spec
    assert (both.model.backbone, both.model.adapt.method) == ("minilm", "full")
    assert (both.image_backbone(), both.image_adapt().method) == ("efficientnet-lite0", "lora")


@pytest.mark.parametrize(
    ("overrides", "method", "rates"),
    [
        ([], "upper", (5e-4, 0.9, 0.1)),
        (["training.optimizer.lr=0.001", "training.objective.class_weights=balanced"], "upper", (1e-3, 0.9, 0.1)),
        (["model.adapt=upper"], "upper", (5e-4, 0.9, 0.1)),
        (["model.image.adapt={method: upper, freeze_layers: 11}"], "upper", (5e-4, 0.9, 0.1)),
        (["model.adapt=head"], "head", (2e-4, 1.0, 0.0)),
        (["model.image.adapt=full"], "full", (2e-4, 1.0, 0.0)),
        (["training.privacy.epsilon=8"], "head", (2e-4, 1.0, 0.0)),
        (["cohort.inputs.text=note"], "head", (2e-4, 1.0, 0.0)),
        (["model.image.backbone=densenet121"], "head", (2e-4, 1.0, 0.0)),
    ],
)
def test_the_upper_half_of_the_built_in_network_is_tuned_where_nothing_else_is_said(folder, overrides, method, rates):
    given = (folder / "study.yaml").read_text(encoding="utf-8").replace("model: {image: {adapt: head}}\n", "")
    (folder / "plain.yaml").write_text(given, encoding="utf-8")
    spec = Study.load(folder / "plain.yaml", overrides=overrides).spec
    training = spec.training
    said = (training.optimizer.lr, training.optimizer.layer_decay, training.objective.label_smoothing)
    assert (spec.image_adapt().method, said) == (method, rates)


def test_a_training_that_is_no_mapping_is_refused_as_ever(folder):
    with pytest.raises(StudyError, match="training"):
        Study.load(folder / "study.yaml", overrides=["training.optimizer=7"])


def test_a_run_is_pretrained_on_its_own_pictures_and_further_ones_and_says_what_that_did(folder, tmp_path):
    (folder / "more.csv").write_text(
        "file,who\n" + "".join(f"films/{SECRET}-{i}.png,new{i}\n" for i in (7, 8, 9)), encoding="utf-8"
    )
    (folder / "films").mkdir(exist_ok=True)
    overrides = [
        "cohort.inputs.vitals=[]",
        "training.epochs=2",
        "model.ensemble=null",
        "training.pretrain={epochs: 2, batch: 16, unlabelled: {source: more.csv, column: file, patient: who}}",
        "assess={counterfactual: false, novelty: false, privacy: false, robustness: false, adversarial: false, "
        "explanations: false, counterfactuals: false, overall: false, error_places: false, resamples: 100}",
    ]
    run = Study.load(folder / "study.yaml", overrides=overrides).run(out=tmp_path / "run")
    table = pq.read_table(run.path / "splits.parquet").to_pylist()
    held = {row["id"] for row in table if row["split"] != "train"} & {"r7", "r8", "r9"}
    [said] = [json.loads((run.path / "history.json").read_text(encoding="utf-8"))["pretraining"]]
    trained = sum(row["split"] == "train" for row in table)
    assert said["left_out"] == {"of_patients": 0, "equal": len(held)}
    assert said["pictures"] == trained + 3 - len(held) and len(said["losses"]) == 2
    told = {f.metric for f in run.findings}
    assert {"pretraining_loss_gain", "pretraining_rank", "pretraining_auroc_gain"} <= told
    assert str(folder / "more.csv") in (run.path / "study.yaml").read_text(encoding="utf-8")
    assert SECRET not in (run.path / "findings.jsonl").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("cohort.inputs={vitals: [age]}", "it is of pictures; name cohort.inputs.image"),
        ("model.image.backbone=densenet121", "it is of efficientnet-lite0"),
        ("training.privacy.epsilon=8", "learns from training patients without noise"),
    ],
)
def test_what_cannot_be_pretrained_is_refused_before_anything_is_read(folder, override, message):
    with pytest.raises(StudyError, match=message):
        Study.load(folder / "study.yaml", overrides=["training.pretrain=simclr", override])
