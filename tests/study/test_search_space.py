"""Taking a study's search space apart from its plain values."""

from __future__ import annotations

import copy
import math

import pytest
import yaml

from primum.errors import StudyError
from primum.study.search_space import Choices, Range, extract, with_values

STUDY = """
study: s
model:
  backbone: minilm
  adapt: {method: lora, rank: {search: [4, 8, 16]}}
training:
  epochs: {search: {low: 1, high: 5}, default: 3}
  warmup: {search: {low: 0.0, high: 0.4, step: 0.1}}
  optimizer:
    lr: {search: {low: 1e-5, high: 1e-3, log: true}}
"""


def test_extract_replaces_each_space_with_its_default_and_keeps_the_rest():
    raw = yaml.safe_load(STUDY)
    before = copy.deepcopy(raw)
    plain, spaces = extract(raw)
    assert raw == before
    assert list(spaces) == ["model.adapt.rank", "training.epochs", "training.warmup", "training.optimizer.lr"]
    assert plain["model"] == {"backbone": "minilm", "adapt": {"method": "lora", "rank": 4}}
    assert plain["training"]["epochs"] == 3
    assert plain["training"]["warmup"] == pytest.approx(0.2)
    assert plain["training"]["optimizer"]["lr"] == pytest.approx(1e-4)
    assert plain["study"] == "s"


def test_exponents_without_a_dot_are_numbers_though_yaml_reads_text():
    _, spaces = extract(yaml.safe_load(STUDY))
    space = spaces["training.optimizer.lr"]
    assert isinstance(space, Range)
    assert (space.low, space.high, space.log, space.whole) == (1e-5, 1e-3, True, False)
    _, spaces = extract({"training": {"lr": {"search": ["1e-4", "3e-4"], "default": "3e-4"}}})
    assert spaces["training.lr"] == Choices(values=(1e-4, 3e-4), default=3e-4)


def test_whole_numbers_stay_whole():
    plain, spaces = extract({"training": {"epochs": {"search": {"low": 2, "high": 7}}}})
    assert spaces["training.epochs"] == Range(low=2, high=7, default=4, whole=True)
    assert isinstance(plain["training"]["epochs"], int)


def test_mappings_may_be_chosen_from():
    choices = [{"method": "lora", "rank": 8}, {"method": "full"}]
    plain, spaces = extract({"model": {"adapt": {"search": choices}}})
    assert plain == {"model": {"adapt": choices[0]}}
    space = spaces["model.adapt"]
    assert isinstance(space, Choices) and len(set(space.labels())) == 2


def test_a_study_without_spaces_comes_back_equal():
    raw = {"study": "s", "cohort": {"inputs": {"vitals": ["a"]}}, "training": {"epochs": 2}}
    assert extract(raw) == (raw, {})


def test_with_values_sets_dotted_keys_and_changes_nothing_else():
    study = {"training": {"optimizer": {"lr": 1.0, "name": "sgd"}}, "model": {}}
    changed = with_values(study, {"training.optimizer.lr": 2.0, "model.adapt.rank": 4})
    assert changed == {"training": {"optimizer": {"lr": 2.0, "name": "sgd"}}, "model": {"adapt": {"rank": 4}}}
    assert study == {"training": {"optimizer": {"lr": 1.0, "name": "sgd"}}, "model": {}}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ({"search": {"low": 3, "high": 1}}, r"training\.x\.search: low must be below high, got 3 and 1"),
        ({"search": {"low": 0, "high": 1, "log": True}}, r"with log, low must be above 0"),
        ({"search": {"low": 1, "high": 9, "log": True, "step": 2}}, r"log and step exclude each other"),
        ({"search": {"low": 1, "high": 9, "step": 0}}, r"training\.x\.search\.step: must be above 0 and at most 8"),
        ({"search": {"low": 1}}, r"training\.x\.search\.high: expected a number, got None"),
        ({"search": {"low": True, "high": 2}}, r"training\.x\.search\.low: expected a number, got True"),
        ({"search": {"low": 1, "high": math.inf}}, r"training\.x\.search\.high: expected a number, got inf"),
        ({"search": {"low": 1, "high": 2, "log": "yes"}}, r"search\.log: expected true or false"),
        ({"search": {"low": 1, "high": 2, "hihg": 3}}, r"search\.hihg is not a known key \(did you mean 'high'\?\)"),
        ({"search": {"low": 1, "high": 2}, "defualt": 1}, r"x\.defualt is not a known key \(did you mean 'default'"),
        (
            {"search": {"low": 1, "high": 5}, "default": 9},
            r"training\.x\.default: expected a number from 1 to 5, got 9",
        ),
        ({"search": {"low": 1, "high": 5}, "default": 2.5}, r"expected a whole number as low and high are, got 2\.5"),
        ({"search": [1]}, r"expected two or more values"),
        ({"search": []}, r"expected two or more values"),
        ({"search": [2, 2]}, r"expected two or more values, all different"),
        ({"search": [1, 2], "default": 3}, r"training\.x\.default: 3 is none of the values"),
        ({"search": "lots"}, r"expected a list of values, or low and high, got str"),
        ([{"search": [1, 2]}], r"training\.x\.0: an entry of a list cannot be searched"),
    ],
)
def test_a_malformed_space_is_named_by_its_key(value, message):
    with pytest.raises(StudyError, match=message):
        extract({"training": {"x": value}})


def test_only_model_and_training_may_be_searched_and_all_faults_come_together():
    raw = {"cohort": {"split": {"seed": {"search": [1, 2]}}}, "training": {"search": [1, 2]}}
    message = r"cohort\.split\.seed: only values inside model and training.*; training: only values inside"
    with pytest.raises(StudyError, match=message):
        extract(raw)
