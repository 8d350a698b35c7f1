# ruff: noqa: E501 - each note stays whole
"""The step that masks identifiers in texts: before everything else of a run, and for every later question."""

import json

import pytest

from primum.errors import ExtraMissingError, StudyError
from primum.privacy.deid import KINDS, Span, find, installed, mask_records, ner
from primum.privacy.deid.replace import mask
from primum.study import Study
from primum.study.checking import check_study
from primum.study.loading import read_yaml
from primum.study.predicting import predict_run

STUDY = """
study: named
cohort:
  source: records.csv
  id: id
  inputs: {text: note, vitals: [age]}
  target: {column: dx}
model: {backbone: BACKBONE, adapt: none, engine: torch, max_tokens: 48}
training: {epochs: 1, track: []}
assess: {baselines: false, inputs_alone: false, counterfactual: false, novelty: false, robustness: false, adversarial: false, resamples: 100}
"""
NAMES = ("Mr. Zbigniew Wojciechowski", "Mrs. Oluwaseun Adebayo", "Ms. Thị Hồng Nguyễn", "Mr. José Fernández")


def _note(row):
    who = f"Seen: {NAMES[row % 4]}, tel 555-{200 + row}-{1000 + row}. " if row % 2 else ""
    where = "Mailed to anna.k@northmail.net. " if row == 0 else ""
    what = ("chest pain", "a dry cough", "fever")[row % 3]
    return f"{who}{where}A {30 + row % 50}-year-old with {what} for {row % 9} days."


@pytest.fixture(scope="module")
def folder(tmp_path_factory, short_backbone):
    place = tmp_path_factory.mktemp("named")
    rows = [f'r{row},"{_note(row)}",{30 + row % 50},{("ill", "well")[row % 3 == 0]}' for row in range(120)]
    (place / "records.csv").write_text("\n".join(["id,note,age,dx", *rows]), encoding="utf-8")
    (place / "study.yaml").write_text(STUDY.replace("BACKBONE", str(short_backbone)), encoding="utf-8")
    return place


@pytest.fixture(scope="module")
def run(folder):
    return Study.load(folder / "study.yaml").run(out=folder / "run")


def _texts(cohort):
    return [text for chunk in cohort.records.text.chunks(50) for text in chunk]


def test_texts_are_masked_counted_and_nothing_else_changes(folder):
    cohort = Study.load(folder / "study.yaml").read_cohort()
    raw = Study.load(folder / "study.yaml", overrides=["cohort.deid=false"]).read_cohort()
    assert _texts(raw) == [_note(row) for row in range(120)]
    for row, text in enumerate(_texts(cohort)):
        assert ("[NAME]" in text) == ("[PHONE]" in text) == (row % 2 == 1)
        assert text.endswith(_note(row).split(". ")[-1])
    told = cohort.source["deid"]
    assert told == {
        "records": 61,
        "kinds": {"email": None, "name": 60, "phone": 60},
        "kept": [],
        "ner": list(installed()),
    }
    assert "deid" not in raw.source
    assert cohort.fingerprint == raw.fingerprint


def test_a_kind_may_be_kept_and_an_unknown_one_names_the_nearest(folder):
    kept = Study.load(folder / "study.yaml", overrides=["cohort.deid={keep: [phone]}"]).read_cohort()
    assert sum("tel 555-" in text for text in _texts(kept)) == 60
    assert kept.source["deid"]["kinds"] == {"email": None, "name": 60}
    with pytest.raises(StudyError, match="'phones' is no kind of identifier.*phone"):
        Study.load(folder / "study.yaml", overrides=["cohort.deid={keep: [phones]}"])


def test_the_check_tells_of_the_source_once(folder):
    on = check_study(Study.load(folder / "study.yaml")).findings
    off = check_study(Study.load(folder / "study.yaml", overrides=["cohort.deid=false"])).findings
    masked = {f.detail["kind"]: f for f in on if f.metric == "identifiers_masked"}
    assert masked["any"].detail["records"] == 61
    assert masked["name"].value == 0.5
    assert (masked["email"].value, masked["email"].detail["withheld"], masked["email"].enough) == (None, True, False)
    assert [f for f in off if f.metric == "identifiers_masked"] == []
    left = {name: max(f.value for f in found if f.metric == "identifier") for name, found in (("on", on), ("off", off))}
    assert left["on"] == 0
    assert left["off"] > 0.4


def test_no_name_reaches_the_folder_and_report_and_card_tell_of_it(run):
    for file in run.path.rglob("*"):
        if file.is_file():
            held = file.read_bytes()
            assert b"Wojciechowski" not in held, file
            assert b"northmail" not in held, file
    assert json.loads((run.path / "cohort.json").read_text(encoding="utf-8"))["source"]["deid"]["records"] == 61
    assert "identifiers were masked in 61 of 120 records" in (run.path / "card.md").read_text(encoding="utf-8")
    assert "61 of 120 records were masked" in (run.path / "report.html").read_text(encoding="utf-8")
    assert read_yaml(run.path / "study.yaml")["cohort"]["deid"] == {"keep": [], "ner": list(installed())}


def _answer(run, folder, note):
    (folder / "new.csv").write_text(f'id,note,age\nx,"{note}",44\n', encoding="utf-8")
    predict_run(run, folder / "new.csv", folder / "answers.jsonl")
    return json.loads((folder / "answers.jsonl").read_text(encoding="utf-8"))["p:ill"]


def test_a_later_question_is_read_the_same_way(run, tmp_path):
    asked = _answer(run.path, tmp_path, "Seen: Mr. Zbigniew Wojciechowski, tel 555-201-1001. A dry cough for 3 days.")
    as_masked = _answer(run.path, tmp_path, "Seen: Mr. [NAME], tel [PHONE]. A dry cough for 3 days.")
    assert asked == as_masked


def test_a_run_from_before_the_step_goes_on_reading_texts_as_they_are(run, tmp_path):
    import shutil

    import yaml

    old = tmp_path / "old"
    shutil.copytree(run.path, old)
    study = read_yaml(old / "study.yaml")
    del study["cohort"]["deid"]
    (old / "study.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")
    note = "Seen: Mr. Zbigniew Wojciechowski, tel 555-201-1001. A dry cough for 3 days."
    assert _answer(old, tmp_path, note) != _answer(run.path, tmp_path, note)


class _Colours:
    """A model that takes every colour for a name."""

    def spans(self, text):
        return [
            Span(start=at, end=at + 3, kind="name", score=0.6) for at in range(len(text)) if text[at : at + 3] == "red"
        ]


def _with_models(run, folder, models):
    import shutil

    import yaml

    changed = folder / "with"
    shutil.copytree(run.path, changed, dirs_exist_ok=True)
    study = read_yaml(changed / "study.yaml")
    study["cohort"]["deid"] = {"keep": [], **({} if models is None else {"ner": models})}
    (changed / "study.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")
    return changed


def test_a_later_question_is_read_by_the_models_of_the_training_and_no_other(run, tmp_path, monkeypatch):
    monkeypatch.setattr(ner, "_version", {"colours": "1.2", "spacy": "3.8"}.get)
    monkeypatch.setattr(ner, "_loaded", lambda model: _Colours())
    ner._all.cache_clear()
    trained = _with_models(run, tmp_path, ["colours==1.2"])
    assert _answer(trained, tmp_path, "A red rash.") == _answer(trained, tmp_path, "A [NAME] rash.")
    for models in ([], None):  # the rules alone, and a run from before models were asked
        trained = _with_models(run, tmp_path, models)
        assert _answer(trained, tmp_path, "A red rash.") != _answer(trained, tmp_path, "A [NAME] rash.")
    ner._all.cache_clear()


def test_a_model_of_the_training_that_is_not_there_is_one_sentence(run, tmp_path):
    trained = _with_models(run, tmp_path, ["colours==1.2"])
    with pytest.raises(
        ExtraMissingError, match=r'masked with colours==1\.2, which is not installed; pip install "colours'
    ) as told:
        _answer(trained, tmp_path, "A red rash.")
    assert "\n" not in str(told.value)
    with pytest.raises(ExtraMissingError, match="colours, which is not installed"):
        Study.load(_study_with(tmp_path, run, "{ner: [colours]}")).read_cohort()


def _study_with(folder, run, deid):
    text = (run.path.parent / "study.yaml").read_text(encoding="utf-8")
    text = text.replace("source: records.csv", f"source: {run.path.parent / 'records.csv'}\n  deid: {deid}")
    (folder / "named.yaml").write_text(text, encoding="utf-8")
    return folder / "named.yaml"


def test_the_notes_of_the_builtin_study_hold_nothing_to_mask():
    cohort = Study.load("heart").read_cohort()
    assert cohort.source["deid"] == {"records": 0, "kinds": {}, "kept": [], "ner": list(installed())}
    assert mask_records(cohort.records) is cohort.records
    assert len(cohort) == 920


def test_every_mask_is_made_of_pieces_that_the_builtin_backbone_knows_and_is_masked_only_once(run):
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(run.path / "model" / "backbone")
    for kind in KINDS:
        assert tokenizer.unk_token_id not in tokenizer(mask(kind))["input_ids"]
        assert not find(f"Seen by {mask(kind)} today.")
