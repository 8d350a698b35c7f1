"""Which rules can be asked of which columns, and of whom they speak."""

from pathlib import Path

import numpy as np
import pytest

from primum.cohort import InputRoles, Roles, SensitiveRole, TargetRole, VitalRole, read_cohort
from primum.errors import InputError
from primum.knowledge.rules import Answers, RecordFacts, parse_rules, read_rules, rules_to_ask, schema_of, speak

GENERAL = read_rules(["general"], base=Path("."))


def _roles(*vitals, text=(), sensitive=()):
    return Roles(
        inputs=InputRoles(text=text, vitals=tuple(VitalRole(column=c, kind=k, unit=u) for c, k, u in vitals)),
        target=TargetRole(column="y"),
        sensitive=sensitive,
    )


def _spoken(table, roles, classes=("a", "b"), decided=None, rules=GENERAL):
    cohort = read_cohort({**table, "y": ["a", "b"] * (len(next(iter(table.values()))) // 2)}, roles)
    asked = rules_to_ask(rules, schema_of(cohort.roles, classes))
    chosen = np.zeros((len(cohort), len(classes)), dtype=bool)
    chosen[:, 0] = True
    answers = Answers(classes=classes, decided=chosen if decided is None else decided)
    banded = frozenset(role.column for role in roles.sensitive if role.bins)
    facts = RecordFacts(records=cohort.records, levels=dict(cohort.sensitive), banded=banded, answers=answers)
    spoken = speak(asked, facts)
    return {rule.id: (spoken.yes[i].tolist(), spoken.known[i].tolist()) for i, rule in enumerate(spoken.rules)}


def test_a_rule_is_silent_where_a_record_lacks_what_it_asks_for():
    roles = _roles(("SBP", "number", "mmHg"), ("Diastolic BP", "number", None), ("age", "number", None))
    told = _spoken({"SBP": [80, None, 120, 85], "Diastolic BP": [90, 90, None, 60], "age": [40, 40, 40, None]}, roles)
    assert told["diastolic_not_below_systolic"] == ([True, False, False, False], [True, False, False, True])
    assert told["pressure_very_low_or_high"] == ([True, False, False, False], [True, False, True, False])


@pytest.mark.parametrize(
    ("column", "unit", "value", "wanted"),
    [
        ("temp", "°F", 94.0, True), ("temp_f", None, 94.0, True), ("temperature", "°C", 36.6, False),
        ("temp", None, 34.0, None), ("temp", "K", 34.0, None), ("temp_c", "°F", 94.0, None),
        ("temporal", "°C", 34.0, None),
    ],
)  # fmt: skip
def test_a_column_is_asked_in_its_own_unit_and_not_at_all_where_that_is_not_certain(column, unit, value, wanted):
    told = _spoken({column: [value] * 2, "age": [40, 40]}, _roles((column, "number", unit), ("age", "number", None)))
    assert told.get("temperature_very_low", ([None], []))[0][0] is wanted


def test_an_alternative_that_records_have_not_does_not_silence_the_rest():
    told = _spoken({"sbp": [190, 120], "age": [50, 50]}, _roles(("sbp", "number", None), ("age", "number", None)))
    assert told["pressure_crisis"] == ([True, False], [True, True])
    assert "diastolic_not_below_systolic" not in told


def test_bands_of_age_speak_where_the_whole_band_does():
    roles = _roles(("sbp", "number", None), sensitive=(SensitiveRole(column="age", bins=(0, 10, 20, 120)),))
    told = _spoken({"sbp": [80] * 4, "age": [5, 15, 40, None]}, roles)
    assert told["pressure_very_low_or_high"] == ([False, False, True, False], [True, False, True, False])


@pytest.mark.parametrize(("sex", "wanted"), [("Female", True), ("女", True), ("m", False), ("unclear", None)])
def test_an_answer_of_the_other_sex_contradicts(sex, wanted):
    roles = _roles(("Gender", "category", None))
    told = _spoken({"Gender": [sex, "x"]}, roles, classes=("Prostate_Cancer", "Acne"))
    yes, known = told["male_organ_of_a_woman"]
    assert (yes[0] if known[0] else None) is wanted
    assert "female_organ_of_a_man" not in told


def test_an_allergy_contradicts_the_drug():
    texts = ["Allergic to penicillin.", "No penicillin allergy."]
    told = _spoken({"note": texts}, _roles(text=("note",)), classes=("Amoxicillin", "Rest"))
    assert told["penicillin_and_allergy"] == ([True, False], [True, True])


OWN = """
- id: own
  when: {all: [{field: FIELD, is: ["1", yes]}, {any: [{answer: A}, {probability: {of: b, above: 0.5}}]}]}
  then: escalate
  severity: high
  source: ours
  because: We say so.
"""


def _own(field="smoker", answer="a", asks='is: ["1", yes]'):
    text = OWN.replace("FIELD", field).replace("A}", f"{answer}}}").replace('is: ["1", yes]', asks)
    return parse_rules(text.encode(), pack="own.yaml", own=True)


def test_an_own_rule_asks_columns_as_they_stand():
    roles = _roles(("smoker", "category", None))
    told = _spoken({"smoker": ["Yes", "no", None, "1"]}, roles, rules=_own())
    assert told["own"] == ([True, False, False, True], [True, True, False, True])


@pytest.mark.parametrize(
    ("rules", "wanted"),
    [
        (
            _own(field="smokr"),
            "own.yaml, rule 'own': field 'smokr' is no vital.* .did you mean 'smoker'..; it has smok",
        ),
        (_own(answer="c"), "own.yaml, rule 'own': 'c' is no class of the target; it has a, b"),
        (_own(asks="above: 3"), "'smoker' is a category and cannot be compared with a number; use `is:"),
    ],
)
def test_an_own_rule_about_what_is_not_there_is_an_error_with_the_nearest_name(rules, wanted):
    with pytest.raises(InputError, match=wanted):
        rules_to_ask(rules, schema_of(_roles(("smoker", "category", None)), ("a", "b")))


def test_the_rules_hardly_speak_of_real_records(shared_data):
    """Read one by one: each of these texts does say what the rule says."""
    roles = Roles(
        inputs=InputRoles(
            text=("text",),
            vitals=(VitalRole(column="age_years", kind="number"), VitalRole(column="sex", kind="category")),
        ),
        target=TargetRole(column="label"),
    )
    for file, role, most in (
        (shared_data / "vaers-reports" / "reports.csv", roles, 15),
        (shared_data / "symptom2disease" / "symptom2disease.csv",
         Roles(inputs=InputRoles(text=("text",)), target=TargetRole(column="label")), 1),
        (shared_data / "zh-medical-dialogue" / "dialogue_internal_medicine.csv",
         Roles(inputs=InputRoles(text=("title", "ask")), target=TargetRole(column="department")), 3),
    ):  # fmt: skip
        cohort = read_cohort(file, role)
        asked = rules_to_ask(GENERAL, schema_of(cohort.roles, cohort.target.classes))
        decided = np.eye(len(cohort.target.classes), dtype=bool)[cohort.target.values]
        facts = RecordFacts(
            records=cohort.records,
            levels={},
            banded=frozenset(),
            answers=Answers(classes=cohort.target.classes, decided=decided),
        )
        spoken = speak(asked, facts)
        assert 1 <= spoken.any_of("escalate").sum() <= most, file.parent.name
        assert not spoken.any_of("contradiction").any() and not spoken.any_of("impossible").any()
