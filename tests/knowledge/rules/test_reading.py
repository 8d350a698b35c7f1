"""A file of rules: what it may say, and how what is wrong is named."""

from pathlib import Path

import pytest

from primum.errors import InputError
from primum.knowledge.rules import load_rules, parse_rules, read_rules, save_rules
from primum.knowledge.rules.reading import pack_names

GOOD = """
- id: fever
  when: {all: [{field: temp, above: 38}, {not: {text: {en: [vaccinated], zh: [接种]}}}, {probability: {below: 0.9}}]}
  then: warn
  severity: low
  source: house rule
  because: {en: It is hot., zh: 发热。}
"""


def _faulty(text):
    with pytest.raises(InputError) as caught:
        parse_rules(text.encode(), pack="mine.yaml", own=True)
    return str(caught.value)


def test_every_built_in_pack_reads_and_says_its_source_in_both_languages():
    assert pack_names() == ("general",)
    rules = read_rules(["general"], base=Path("."))
    assert len(rules) > 30 and len({rule.id for rule in rules}) == len(rules)
    assert all(set(rule.because) == {"en", "zh"} and rule.source for rule in rules)
    assert {rule.then for rule in rules} == {"escalate", "contradiction", "impossible", "warn"}


def test_built_in_rules_speak_of_concepts_that_there_are():
    from primum.knowledge.rules.concepts import concepts
    from primum.knowledge.rules.conditions import Number, OneOf, leaves

    for rule in read_rules(["general"], base=Path(".")):
        for leaf in leaves(rule.condition):
            if isinstance(leaf, Number | OneOf):
                concept = concepts()[leaf.field.name]
                assert ("values" in concept) == isinstance(leaf, OneOf)
            if isinstance(leaf, OneOf):
                assert set(leaf.values) <= set(concept["values"])


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("above: 38", "abov: 38", ["rule 'fever'", "when.all[1]", "'abov'", "did you mean 'above'"]),
        ("above: 38", "above: hot", ["when.all[1].above", "expected a number or {field: NAME}"]),
        ("then: warn", "then: escalat", ["then", "did you mean 'escalate'"]),
        ("severity: low", "severity: huge", ["severity", "high, medium, low"]),
        ("  source: house rule\n", "", ["source is missing"]),
        ("not:", "nott:", ["when.all[2]", "did you mean 'not'"]),
        ("because: {en: It is hot., zh: 发热。}", "because: {de: heiss}", ["because"]),
        ("id: fever", "id: a;b", ["semicolon"]),
        ("{below: 0.9}", "0.9", ["when.all[3].probability", "{of: CLASS, below: 0.5}"]),
        ("- id: fever", "-\n  idd: x\n  id: fever", ["unknown key 'idd' (did you mean 'id'?)"]),
    ],
)
def test_a_fault_is_named_with_its_rule_its_place_and_its_cure(old, new, wanted):
    assert old in GOOD
    message = _faulty(GOOD.replace(old, new))
    assert message.startswith("mine.yaml: rule ")
    for words in wanted:
        assert words in message


def test_all_faults_come_in_one_message():
    message = _faulty(GOOD.replace("above: 38", "abov: 38").replace("then: warn", "then: no way") + GOOD)
    assert "'abov'" in message and "then:" in message and "stands there twice" in message


@pytest.mark.parametrize(
    ("text", "wanted"), [("id: x", "expected a list of rules"), ("- [", "line 1"), ("", "expected a list of rules")]
)
def test_what_is_no_list_is_refused(text, wanted):
    assert wanted in _faulty(text)


def test_nothing_is_evaluated():
    assert "expected exactly one of" in _faulty(GOOD.replace("{field: temp, above: 38}", '{python: "1/0"}'))
    assert "could not determine" not in _faulty("- !!python/object/apply:os.getcwd []")


def test_a_missing_file_names_the_packs(tmp_path):
    with pytest.raises(InputError, match="'generl' is neither a built-in pack .did you mean 'general'.. nor a file"):
        read_rules(["generl"], base=tmp_path)


def test_two_files_cannot_share_an_id(tmp_path):
    (tmp_path / "a.yaml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "b.yaml").write_text(GOOD, encoding="utf-8")
    with pytest.raises(InputError, match="b.yaml, rule 'fever': a.yaml has a rule of that id already"):
        read_rules(["a.yaml", "b.yaml"], base=tmp_path)


def test_saved_rules_come_back_and_a_change_is_noticed(tmp_path):
    rules = [*parse_rules(GOOD.encode(), pack="mine.yaml", own=True), *read_rules(["general"], base=tmp_path)]
    save_rules(tmp_path, rules)
    assert list(load_rules(tmp_path)) == rules
    file = tmp_path / "rules.json"
    file.write_text(file.read_text(encoding="utf-8").replace('"above": 38', '"above": 48'), encoding="utf-8")
    with pytest.raises(InputError, match="not a file of clinical rules that primum wrote"):
        load_rules(tmp_path)
    assert load_rules(tmp_path / "none") is None
