"""What each perturbation makes of a record, by hand, in English and Chinese, and what every one of them must keep."""

import csv
from types import SimpleNamespace

import numpy as np
import pytest

from primum.cohort import Records, TextList, VitalColumn
from primum.cohort.images import MadeUpImages
from primum.cohort.negation import clauses, denied, without
from primum.safety.robustness import PERTURBATIONS, perturbed
from primum.safety.robustness.asking import differs
from primum.safety.robustness.units import other_units

TEXTS = [
    "The patient has chest pain with nausea. Temperature 98.6 °F; she takes aspirin.",
    "患者胸闷三天，血压150 mmHg。体温38.5℃，伴有头晕。",
    None,
]


def _records(texts=TEXTS):
    n = len(texts)
    vitals = {
        "bp": VitalColumn(name="bp", kind="number", values=np.array([120.0, 150.0, np.nan] * (n // 3))),
        "ward": VitalColumn(name="ward", kind="category", values=np.array(["A", None, "B"] * (n // 3), dtype=object)),
    }
    images = MadeUpImages(SimpleNamespace(size=16, channels=1), n, seed=1)
    images.keys[2::3] = None
    return Records(n=n, text=TextList(texts), vitals=vitals, image=images)


@pytest.mark.parametrize("name", list(PERTURBATIONS))
def test_each_is_repeatable_changes_something_and_leaves_the_original(name):
    texts = TEXTS * 20
    records = _records(texts)
    first, second = (perturbed(records, name, seed=3) for _ in range(2))
    assert not differs(first, second).any()
    assert differs(records, first).any()
    assert records.text.take([0, 1, 2]) == TEXTS
    assert first.text.take([2]) == [None]
    if PERTURBATIONS.get(name).meaning == "less" and PERTURBATIONS.get(name).text:
        pairs = zip(texts, first.text.take(np.arange(60)), strict=True)
        assert all(len(after) <= len(before) for before, after in pairs if before)


def test_without_the_input_there_is_nothing_to_change():
    text = Records(n=1, text=TextList(["a"]))
    assert perturbed(text, "one_vital_missing", seed=1) is None
    assert perturbed(text, "image_noise", seed=1) is None
    assert perturbed(Records(n=1, vitals=_records().vitals), "typos", seed=1) is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("serum cholesterol 250 mg/dL", "serum cholesterol 6.46 mmol/L"),
        ("fasting sugar above 120 mg/dL", "fasting sugar above 6.7 mmol/L"),
        ("血糖 7.0 mmol/L", "血糖 126 mg/dL"),
        ("150 mmHg systolic", "20.0 kPa systolic"),
        ("a fever of 104 °F", "a fever of 40.0 °C"),
        ("体温38.5℃", "体温101.3 °F"),
        ("weighs 200 lbs", "weighs 90.7 kg"),
        ("hemoglobin 12 mg/dL", "hemoglobin 12 mg/dL"),
        ("2020-05-104 °F", "2020-05-104 °F"),
    ],
)
def test_a_unit_is_changed_with_its_number(before, after):
    assert other_units(before, np.random.default_rng(0)) == after


def test_noise_stays_inside_the_range_and_keeps_gaps(rng):
    values = rng.integers(90, 200, 500).astype(float)
    values[::10] = np.nan
    records = Records(n=500, vitals={"bp": VitalColumn(name="bp", kind="number", values=values)})
    noisy = perturbed(records, "noise_in_vitals", seed=1).vitals["bp"].values
    np.testing.assert_array_equal(np.isnan(noisy), np.isnan(values))
    assert np.nanmin(noisy) >= 90 and np.nanmax(noisy) <= 199 and np.nanmax(np.abs(noisy - values)) < 15
    assert (noisy[~np.isnan(noisy)] % 1 == 0).all()


def test_one_present_vital_goes_and_no_more():
    records = _records(TEXTS * 3)
    fewer = perturbed(records, "one_vital_missing", seed=1)
    gaps = [
        np.isnan(one.vitals["bp"].values).astype(int) + np.array([v is None for v in one.vitals["ward"].values])
        for one in (records, fewer)
    ]
    np.testing.assert_array_equal(gaps[1] - gaps[0], 1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I have a rash", "I do not have a rash"),
        ("man with chest pain", "man without chest pain"),
        ("severe headache", "no severe headache"),
        ("胸痛三天", "否认胸痛三天"),
    ],
)
def test_a_clause_is_denied(text, expected):
    assert denied(text, (0, len(text))) == expected


def test_clauses_that_deny_already_are_left():
    text = "I have a rash, there is no fever. 患者胸痛，无发热"
    found = [text[a:b].strip() for a, b in clauses(text)]
    assert found == ["I have a rash", "患者胸痛"]
    assert without(text, clauses(text)[0]).startswith(",")


def test_real_descriptions_keep_their_words(shared_data):
    with (shared_data / "symptom2disease" / "symptom2disease.csv").open(encoding="utf-8") as stream:
        texts = [row["text"] for row in csv.DictReader(stream)][:200]
    records = Records(n=len(texts), text=TextList(texts))
    changed = perturbed(records, "typos", seed=1).text.take(np.arange(len(texts)))
    kept = [len(set(a.split()) & set(b.split())) / len(set(a.split())) for a, b in zip(texts, changed, strict=True)]
    assert 0.85 < np.mean(kept) < 0.99
