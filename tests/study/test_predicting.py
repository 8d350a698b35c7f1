"""Predicting new records: a vital keeps the kind it was tuned as, whatever a new file's values look like."""

import csv

import pytest

from primum.errors import CohortError, OutputError
from primum.study import Study
from primum.study.predicting import predict_run

STUDY = """
study: small
cohort:
  source: records.csv
  id: id
  inputs: {vitals: [age, ward]}
  target: {column: dx}
training: {epochs: 2, track: []}
assess: {baselines: false, resamples: 100}
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A finished run in which age is a number and ward a category of digits and a letter."""
    folder = tmp_path_factory.mktemp("small")
    lines = [f"r{i},{30 + i % 50},{'12A'[i % 3]},{('ill', 'well')[i % 2]}" for i in range(120)]
    (folder / "records.csv").write_text("\n".join(["id,age,ward,dx", *lines]), encoding="utf-8")
    (folder / "study.yaml").write_text(STUDY, encoding="utf-8")
    return Study.load(folder / "study.yaml").run(out=folder / "run").path


def _answers(run, folder, *lines):
    (folder / "new.csv").write_text("\n".join(["id,age,ward", *lines]) + "\n", encoding="utf-8")
    predict_run(run, folder / "new.csv", folder / "answers.csv")
    with (folder / "answers.csv").open(encoding="utf-8") as stream:
        return {row["id"]: float(row["p:ill"]) for row in csv.DictReader(stream)}


def test_a_word_where_a_number_belongs_names_the_column_and_not_the_word(run, tmp_path):
    with pytest.raises(CohortError, match="age") as caught:
        _answers(run, tmp_path, "q1,planted-word,1")
    assert "planted-word" not in str(caught.value)
    assert not (tmp_path / "answers.csv").exists()


def test_a_category_of_digits_answers_alone_as_in_company(run, tmp_path):
    together = _answers(run, tmp_path, "q1,61,2", "q2,61,A")
    assert _answers(run, tmp_path, "q1,61,2")["q1"] == pytest.approx(together["q1"], abs=1e-6)
    assert together["q1"] != pytest.approx(together["q2"], abs=1e-4)


def test_a_vital_that_is_missing_throughout_is_missing(run, tmp_path):
    together = _answers(run, tmp_path, "q1,,2", "q2,50,A")
    assert _answers(run, tmp_path, "q1,,2")["q1"] == pytest.approx(together["q1"], abs=1e-6)


def test_each_patient_can_have_a_page_that_says_what_the_table_says_and_names_nobody(run, tmp_path):
    (tmp_path / "new.csv").write_text("id,age,ward\nzq-anna,41,1\nzq-bert,77,A\n", encoding="utf-8")
    predict_run(run, tmp_path / "new.csv", tmp_path / "answers.csv", patient_pages=tmp_path / "pages")
    with (tmp_path / "answers.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert sorted(path.name for path in (tmp_path / "pages").iterdir()) == ["1.html", "2.html"]
    for number, row in enumerate(rows, start=1):
        page = (tmp_path / "pages" / f"{number}.html").read_text(encoding="utf-8")
        likelier = max(("ill", "well"), key=lambda name: float(row[f"p:{name}"]))
        told = f"it is true for about {round(100 * float(row[f'p:{likelier}']))} and"
        assert f"“{likelier}”" in page and told in page
        assert ("Your record is not like" in page) == (row["novel"] == "true")
        assert "zq-" not in page
    with pytest.raises(OutputError, match="pages: the place is taken"):
        predict_run(run, tmp_path / "new.csv", tmp_path / "more.csv", patient_pages=tmp_path / "pages")
    assert not (tmp_path / "more.csv").exists()
