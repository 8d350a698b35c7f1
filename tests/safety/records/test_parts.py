"""The parts of the checks, each against an independent oracle or by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import Ridge

from primum.cohort import InputRoles, Roles, TargetRole, VitalRole, read_cohort
from primum.safety.records import RECORD_METRICS, record_findings
from primum.safety.records.broken import broken
from primum.safety.records.giving import best_cut, giving_away
from primum.safety.records.identify import IDENTIFIERS, identifiers_in
from primum.safety.records.labels import suspicions
from primum.safety.records.labelwords import pattern_of
from primum.safety.records.language import LANGUAGES_TOLD, language_of
from primum.safety.records.ridge import fitted, folds_of, held_out
from primum.safety.records.units import conversions
from primum.safety.records.vitals import other_unit, stand_in


def test_ridge_is_that_of_scikit_learn(rng):
    features = sparse.random(200, 30, density=0.2, random_state=3, format="csr")
    wanted = (rng.random((200, 3)) < 0.3).astype(float)
    weights, mean = fitted(features, wanted)
    theirs = Ridge(alpha=1.0, fit_intercept=False, solver="cholesky").fit(features, wanted - wanted.mean(axis=0))
    assert np.allclose(weights, theirs.coef_.T, atol=1e-3)
    assert np.allclose(mean, wanted.mean(axis=0))


def test_nobody_is_scored_by_a_model_that_saw_the_patient(rng):
    patients = rng.integers(0, 40, 300)
    folds = folds_of(patients)
    assert all(len(set(folds[patients == one])) == 1 for one in range(40))
    noise = sparse.csr_matrix(rng.random((300, 20)))
    score, _ = held_out(noise, (rng.random((300, 1)) < 0.5).astype(float), folds)
    assert abs(np.corrcoef(score[:, 0], rng.random(300))[0, 1]) < 0.2


def test_what_a_sign_gives_away_by_hand():
    signs = sparse.csr_matrix(np.array([[1.0], [1.0], [0.0], [1.0], [0.0], [0.0], [0.0], [0.0]]))
    wanted = np.array([[1.0], [1.0], [1.0], [0.0], [0.0], [0.0], [0.0], [0.0]])
    away = giving_away(signs, wanted, critical=1.96)
    assert away.inside[0, 0] == pytest.approx(2 / 3) and away.outside[0, 0] == pytest.approx(1 / 5)
    assert away.low[0, 0] < away.value[0, 0] < away.high[0, 0]
    assert best_cut(np.array([3.0, 2.0, 1.0, 2.5]), np.array([True, True, False, False])) == pytest.approx(0.5)


def test_confident_learning_by_hand():
    probability = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8], [0.05, 0.95]])
    suspicion, other = suspicions(probability, np.array([0, 0, 1, 1, 0]))
    assert suspicion.tolist()[:4] == [0, 0, 0, 0]
    assert suspicion[4] == pytest.approx(0.9) and other[4] == 1


@pytest.mark.parametrize(
    ("names", "text", "named"),
    [
        (["Heart_Disease"], "known heart diseases in the family", True),
        (["Heart_Disease"], "his heart is well, no disease", False),
        (["Diabetes"], "a diabetic patient", True),
        (["Hypertension"], "is hypertensive", True),
        (["Hypertension"], "has high blood pressure", True),
        (["Urinary tract infection"], "treated for a uti", True),
        (["HeartFailure"], "heart failure, nyha iii", True),
        (["消化科"], "转消化内科", True),
        (["胃炎"], "考虑胃炎", True),
        (["Migraine"], "the grain of rice", False),
    ],
)
def test_a_class_is_known_by_its_name(names, text, named):
    assert bool(pattern_of(names).search(text)) is named


@pytest.mark.parametrize("names", [["1"], ["yes"], ["no"], ["normal"], ["B"]])
def test_a_name_that_tells_nothing_is_not_looked_for(names):
    assert pattern_of(names) is None


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("write to a.b@clinic.example.org today", "email"),
        ("call (617) 555-0123", "phone"),
        ("电话13912345678，复诊", "phone"),
        ("MRN 00382214", "record_number"),
        ("住院号：882211", "record_number"),
        ("SSN 219-09-9999", "national_id"),
        ("身份证11010519491231002X", "national_id"),
        ("DOB: 3/4/1961", "birth_date"),
        ("lives at 12 Elm Street with his wife", "address"),
        ("Patient name: Jane Roe", "name"),
    ],
)
def test_what_identifies_is_found(text, kind):
    assert [name for name, found in zip(IDENTIFIERS, identifiers_in(text), strict=True) if found] == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "BP 120/80, HR 72, T 37.2, WBC 13.1, Hgb 12-14",
        "aspirin 100 mg daily since 12/03/1994; lot 4088223",
        "NCT01234567, PMID 10808977, 3-5 times in 24-48 hrs",
        "Parkinson disease, Lyme disease, Bell palsy",
        "身份证110105194912310021",  # the last character does not check
        "血压120/80mmHg，服药100mg，2010年3月发病",
    ],
)
def test_clinical_figures_identify_nobody(text):
    assert not any(identifiers_in(text))


@pytest.mark.parametrize(
    ("text", "is_broken"),
    [
        ("Caf\u00c3\u00a9 au lait spots".encode().decode(), True),
        ("the patient\u00e2\u20ac\u2122s knee", True),
        ("na\ufffdve", True),
        ("锟斤拷锟斤拷", True),
        ("胸闷气短三天".encode("gb18030").decode("latin-1"), True),
        ("胸闷气短三天".encode().decode("gb18030", "ignore"), True),
        ("\x00\x01 null", True),
        ("&#233;t&#233; &#224; la", True),
        ("caf\u00e9 au lait, 5 \u00b5g, \u2265 3 \u00b0C, na\u00efve", False),
        ("Ménière's disease, Sjögren's, Guillain-Barré", False),
        ("胸闷气短三天，伴头晕。", False),
        ("T 37.2 °C; BP 120/80 – stable", False),
        ("really? yes! what?? ok...", False),
    ],
)
def test_broken_texts(text, is_broken):
    assert any(broken(text)) is is_broken


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("the patient was seen with fever and has no cough, it is better", "en"),
        ("der patient hat fieber und ist nicht besser, die beschwerden sind mit husten", "de"),
        ("le patient est vu pour une toux avec de la fièvre et des douleurs dans les jambes", "fr"),
        ("el paciente tiene una tos con fiebre y por la noche no se duerme", "es"),
        ("患者发热三天", "zh"),
        ("患者は発熱があります", "ja"),
        ("bp 120/80 hr 72", None),
    ],
)
def test_languages(text, language):
    code = language_of(text)
    assert (None if code < 0 else LANGUAGES_TOLD[code]) == language


def _units(values, column, stated=None, unit=None):
    return other_unit(np.asarray(values, dtype=float), stated, conversions(column, unit))


def test_units_that_were_mistaken(rng):
    glucose = rng.normal(100, 15, 400)
    glucose[:60] /= 18.016
    way, theirs = _units(glucose, "glucose")
    assert "18.02" in way and way.startswith("multiplied") and theirs.sum() == 60
    fever = rng.normal(37.2, 0.6, 300)
    fever[:100] = fever[:100] * 1.8 + 32
    way, theirs = _units(fever, "temperature")
    assert way == "from °F to °C" and theirs.sum() == 100


@pytest.mark.parametrize("seed", range(8))
def test_wide_and_skewed_values_are_no_other_unit(seed):
    rng = np.random.default_rng(seed)
    assert _units(rng.lognormal(1, 1.5, 800), "crp") is None
    assert _units(rng.lognormal(0, 0.4, 800), "creatinine") is None
    assert _units(rng.integers(0, 90, 500), "age") is None
    assert _units(np.concatenate([rng.normal(1.0, 0.2, 500), rng.lognormal(1.6, 0.4, 30)]), "creatinine") is None


def test_stand_ins(rng):
    pulse = np.append(rng.normal(75, 10, 300), [999.0] * 9)
    assert stand_in(pulse) == 9
    assert stand_in(rng.poisson(1.0, 300).astype(float)) == 0


def _cohort(n=400, seed=1, **columns):
    rng = np.random.default_rng(seed)
    table = {"x": rng.normal(size=n).round(3).tolist(), "y": rng.choice(["a", "b"], n).tolist(), **columns}
    roles = Roles(inputs=InputRoles(vitals=(VitalRole(column="x"),)), target=TargetRole(column="y"))
    return read_cohort(table, roles), np.array(["train"] * (n // 2) + ["test"] * (n - n // 2), dtype=object)


def test_no_text_no_findings_on_texts_and_every_metric_is_known():
    checked = record_findings(*_cohort())
    metrics = {finding.metric for finding in checked.findings}
    assert metrics <= RECORD_METRICS and not any(name.startswith("text") for name in metrics)
    assert all(finding.detail == finding.to_json()["detail"] for finding in checked.findings)


def test_a_number_as_target_is_checked_too():
    rng = np.random.default_rng(0)
    table = {"x": rng.normal(size=300).tolist()}
    table["y"] = [2 * value for value in table["x"]]
    roles = Roles(inputs=InputRoles(vitals=(VitalRole(column="x"),)), target=TargetRole(column="y", kind="number"))
    split = np.array(["train", "test", "validation"] * 100, dtype=object)
    found = record_findings(read_cohort(table, roles), split).findings
    [x] = [finding for finding in found if finding.metric == "shortcut"]
    assert x.value > 0.9 and x.detail["role"] == "decides alone"


@pytest.mark.parametrize("seed", range(3))
def test_noise_is_blamed_for_nothing(seed):
    from primum.ethics import judge, load_policy

    findings = record_findings(*_cohort(seed=seed)).findings
    verdict = judge(findings, load_policy("default").about(RECORD_METRICS))
    assert {result.outcome for result in verdict.rules} <= {"pass", "note"}
