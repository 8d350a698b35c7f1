"""The study files of examples/ are what the program reads, and name columns their data has."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
import yaml

from primum.study.loading import validate
from primum.study.search_space import extract
from primum.study.spec import StudySpec

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = ("symptom2disease", "vaers-reports", "zh-medical-dialogue")


def spec_of(name):
    plain, _ = extract(yaml.safe_load((EXAMPLES / name / "study.yaml").read_text(encoding="utf-8")))
    return validate(StudySpec, plain, source=name)


def test_every_example_is_tested():
    assert sorted(path.parent.name for path in EXAMPLES.glob("*/study.yaml")) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_a_valid_study_with_a_page_on_its_data(name):
    assert spec_of(name).study == name
    readme = (EXAMPLES / name / "README.md").read_text(encoding="utf-8")
    assert spec_of(name).cohort.source in readme
    assert "**Licence:**" in readme


@pytest.mark.parametrize("name", NAMES)
def test_an_example_names_columns_that_its_data_has(name, shared_data):
    cohort = spec_of(name).cohort
    path = shared_data / name / Path(cohort.source).name
    with path.open(encoding="utf-8", newline="") as stream:
        columns = set(next(csv.reader(stream)))
    named = {*cohort.inputs.text, cohort.target.column, *(role.column for role in cohort.sensitive)}
    named |= {column for column in (cohort.id, cohort.patient) if column}
    assert named <= columns


def test_no_example_looks_at_what_its_target_was_made_from():
    assert set(spec_of("vaers-reports").cohort.inputs.text) == {"text"}
    assert "answer" not in spec_of("zh-medical-dialogue").cohort.inputs.text
