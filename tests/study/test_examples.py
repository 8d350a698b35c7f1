"""The study files of examples/ are what the program reads, name columns their data has, and run."""

from __future__ import annotations

import csv
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import yaml
from PIL import Image

from primum.model.backbones import locate_backbone
from primum.study import Study
from primum.study.loading import validate
from primum.study.search_space import extract
from primum.study.spec import StudySpec

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = ("symptom2disease", "vaers-reports", "zh-medical-dialogue")
MARKED = ("bccd", "isic2017")
"""Those of marked places, which a run of every kind is tested on in test_regions.py."""
OWN = ("film-and-note",)
"""Those that are written for a reader's own table; their kind of run is tested in test_images.py."""


def spec_of(name):
    plain, _ = extract(yaml.safe_load((EXAMPLES / name / "study.yaml").read_text(encoding="utf-8")))
    return validate(StudySpec, plain, source=name)


def test_every_example_is_tested():
    assert sorted(path.parent.name for path in EXAMPLES.glob("*/study.yaml")) == sorted([*NAMES, *MARKED, *OWN])


@pytest.mark.parametrize("name", [*NAMES, *MARKED])
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


@pytest.mark.parametrize("name", MARKED)
def test_an_example_of_marked_places_reads_its_data(name, shared_data):
    place = shared_data / name
    overrides = [f"cohort.source={place / 'metadata.csv'}"]
    overrides += [f"cohort.target.boxes={place / 'boxes.csv'}"] if name == "bccd" else []
    cohort = Study.load(EXAMPLES / name / "study.yaml", overrides=overrides).read_cohort()
    with (place / "metadata.csv").open(encoding="utf-8", newline="") as stream:
        known = list(csv.DictReader(stream))
    assert len(cohort) == len(known) and cohort.regions is not None
    if name == "bccd":
        assert sum(map(len, cohort.regions.marks)) == 3943 - 2 and cohort.source["boxes_without_area"] == 2
    else:
        shares = [float(row["lesion_area_fraction"]) for row in known]
        assert cohort.target.values == pytest.approx(shares, abs=1e-4)


def test_an_example_for_an_own_table_reads_the_columns_it_names(tmp_path):
    spec = spec_of("film-and-note")
    page = (EXAMPLES / "film-and-note" / "README.md").read_text(encoding="utf-8")
    assert spec.study == "film-and-note" and spec.cohort.source in page
    Image.new("L", (32, 32), 90).save(tmp_path / "a.png")
    lines = ["patient_id,film,note,age_years,crp,ldh,lymphocytes,intensive_care,sex"]
    for i in range(40):
        lines.append(f"{i},{'a.png' if i % 3 else ''},supine,{40 + i},{i}.5,{200 + i},1.1,{i % 2},{'fm'[i % 2]}")
    (tmp_path / "own.csv").write_text("\n".join(lines), encoding="utf-8")
    study = Study.load(EXAMPLES / "film-and-note" / "study.yaml", overrides=[f"cohort.source={tmp_path / 'own.csv'}"])
    cohort = study.read_cohort()
    assert len(cohort) == 40 and set(cohort.records.input_names()) == {"image", "text", "vitals"}


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_an_example_runs_from_records_to_report(name, shared_data, short_backbone, tmp_path):
    cohort = spec_of(name).cohort
    assert locate_backbone(spec_of(name).model.backbone).is_dir()
    records = _a_part_of(shared_data / name / Path(cohort.source).name, cohort.target.column, tmp_path / "part.csv")
    quick = ["training.epochs=1", "training.early_stopping=null", "training.track=[]", "assess.resamples=200"]
    quick += [f"model.backbone={short_backbone}"]
    study = Study.load(EXAMPLES / name / "study.yaml", overrides=[*quick, f"cohort.source={tmp_path / 'part.csv'}"])
    run = study.run(out=tmp_path / "run")
    predicted = pq.read_table(run.path / "predictions.parquet")
    assert predicted.num_rows == len(records)
    assert sorted(c[2:] for c in predicted.column_names if c.startswith("p:")) == sorted(set(records))
    measured = {(finding.metric, finding.split) for finding in run.findings}
    assert {("accuracy", "test"), ("auroc", "test"), ("accuracy_gain", "test")} <= measured
    assert (run.path / "report.html").stat().st_size > 50_000


def _a_part_of(source, target, out, each=24):
    """Write the first records of every class that has as many, and return their classes."""
    with source.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    groups = {}
    for row in rows:
        groups.setdefault(row[target], []).append(row)
    kept = [row for group in groups.values() if len(group) >= each for row in group[:each]]
    with out.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0].keys())
        writer.writeheader()
        writer.writerows(kept)
    return [row[target] for row in kept]


def test_no_example_looks_at_what_its_target_was_made_from():
    assert set(spec_of("vaers-reports").cohort.inputs.text) == {"text"}
    assert "answer" not in spec_of("zh-medical-dialogue").cohort.inputs.text
