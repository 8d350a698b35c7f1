"""Inputs against the tokenizer called by hand and against numbers worked out by hand."""

import numpy as np
import pytest
import torch
from transformers import AutoTokenizer

from primum.cohort.records import Records, TextList, VitalColumn
from primum.model.backbones import locate_backbone
from primum.model.encoders import VitalsEncoder
from primum.model.inputs import TextInput, VitalsInput


@pytest.fixture(scope="module")
def text_input():
    return TextInput(locate_backbone("minilm"), max_tokens=32)


def test_token_ids_equal_the_tokenizers_own_and_padding_is_masked(records, text_input):
    tokenizer = AutoTokenizer.from_pretrained(str(locate_backbone("minilm")))
    prepared = text_input.prepare(records)
    batch = prepared.collate([0, 4, 5])
    texts = [records.text.take([row])[0] for row in (0, 4, 5)]
    expected = tokenizer(texts, truncation=True, max_length=32, padding=True, return_tensors="pt")
    assert torch.equal(batch["ids"], expected["input_ids"])
    assert torch.equal(batch["mask"], expected["attention_mask"])


def test_missing_and_blank_texts_are_absent_and_long_ones_are_counted(records, text_input):
    prepared = text_input.prepare(records)
    assert prepared.collate(range(6))["present"].tolist() == [True, True, False, False, True, True]
    assert prepared.cut == 1


def test_no_texts_at_all_still_make_a_batch(text_input):
    prepared = text_input.prepare(Records(n=2, text=TextList([None, None])))
    batch = prepared.collate([0, 1])
    assert batch["ids"].shape == (2, 1)
    assert not batch["present"].any()


def test_vitals_are_standardised_on_the_training_records_and_missing_stays_missing(records, monkeypatch):
    monkeypatch.setattr("primum.model.inputs.vitals.FEWEST_OF_A_LEVEL", 1)
    vitals = VitalsInput.fit(records.vitals, np.array([0, 1, 2, 3]))
    batch = vitals.prepare(records).collate(range(6))
    train = np.array([61.0, 40.0, 55.0])
    expected = (np.array([61.0, 40.0, 55.0, 70.0, 33.0]) - train.mean()) / train.std()
    np.testing.assert_allclose(batch["numbers"][[0, 1, 3, 4, 5], 0].numpy(), expected, rtol=1e-6)
    assert torch.isnan(batch["numbers"][2, 0])
    # levels seen in training are female 2 and male 3; missing is 0, "other" was never seen: 1
    assert batch["categories"][:, 0].tolist() == [3, 0, 2, 3, 1, 2]


def test_vitals_survive_their_json(records):
    vitals = VitalsInput.fit(records.vitals, np.arange(6))
    again = VitalsInput.from_state(vitals.state())
    one, two = (v.prepare(records).collate(range(6)) for v in (vitals, again))
    assert torch.equal(torch.nan_to_num(one["numbers"]), torch.nan_to_num(two["numbers"]))
    assert torch.equal(one["categories"], two["categories"])


def test_a_missing_number_is_told_apart_from_the_mean_and_from_zero(records):
    torch.manual_seed(0)
    vitals = VitalsInput.fit(records.vitals, np.arange(6))
    encoder = VitalsEncoder(vitals, width=8, dropout=0.0).eval()
    mean = torch.zeros(1, 1)
    codes = torch.full((1, 1), 1)
    seen = [encoder({"numbers": value, "categories": codes}) for value in (mean, torch.full((1, 1), torch.nan))]
    assert (seen[0] - seen[1]).abs().max() > 1e-3


def test_a_vital_without_any_value_in_training_does_not_break():
    column = VitalColumn(name="lab", kind="number", values=np.array([np.nan, np.nan, 3.0]))
    vitals = VitalsInput.fit({"lab": column}, np.array([0, 1]))
    encoder = VitalsEncoder(vitals, width=4, dropout=0.0)
    batch = vitals.prepare(Records(n=3, vitals={"lab": column})).collate([0, 1, 2])
    assert torch.isfinite(encoder(batch)).all()


def test_a_rare_level_is_not_named_in_the_models_state():
    values = np.array(["common"] * 5 + ["a patient's own word"], dtype=object)
    column = VitalColumn(name="job", kind="category", values=values)
    vitals = VitalsInput.fit({"job": column}, np.arange(6))
    assert vitals.state()["codes"][0]["levels"] == ["common"]
    codes = vitals.prepare(Records(n=6, vitals={"job": column})).collate(range(6))["categories"][:, 0]
    assert codes.tolist() == [2, 2, 2, 2, 2, 1]


def test_unicode_tricks_reach_the_model_as_the_plain_text(text_input):
    plain = "Chest pain, BP 150/90 mmHg; no cough."
    tricks = [
        plain.translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)}),
        plain.translate(str.maketrans("aeopcxyiAEOPCTHKMB", "аеорсхуіАЕОРСТНКМВ")),
        plain.replace("e", "e\u200b").replace("o", "\u00ado").replace("B", "\u202dB"),
    ]
    ids = [text_input.prepare(Records(n=1, text=TextList([text]))).ids.tolist() for text in [plain, *tricks]]
    assert all(one == ids[0] for one in ids)
    assert text_input.prepare(Records(n=1, text=TextList(["\u200b"]))).present.tolist() == [False]


def test_a_saved_input_says_its_form_and_an_old_one_reads_texts_as_written(text_input):
    from primum.model.predictor import _input_from

    assert text_input.state() == {"max_tokens": 32, "normalisation": "unicode_1"}
    old = _input_from("text", {"max_tokens": 32}, locate_backbone("minilm"))
    assert old.state()["normalisation"] == "none"
    wide = Records(n=1, text=TextList(["ｐａｉｎ"]))
    assert old.prepare(wide).ids.tolist() != text_input.prepare(wide).ids.tolist()
