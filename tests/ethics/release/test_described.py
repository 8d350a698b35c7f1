"""The list of software and the provenance: what is installed, and where the model comes from."""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import distribution, version

import pytest


@pytest.fixture(scope="module")
def software(built):
    return json.loads((built / "sbom.cdx.json").read_text(encoding="utf-8"))


def test_the_software_is_what_is_installed(software):
    libraries = {one["name"].lower(): one["version"] for one in software["components"] if one["type"] == "library"}
    for name in ("primum", "torch", "numpy", "pyarrow", "transformers", "sqlalchemy", "tokenizers"):
        assert libraries[name] == version(name)
    assert "pytest" not in libraries and "ruff" not in libraries
    for name, said in libraries.items():
        assert distribution(name).version == said


def test_the_model_files_are_listed_with_their_hashes(software, built):
    files = {one["name"]: one["hashes"][0]["content"] for one in software["components"] if one["type"] == "file"}
    assert "model/model.safetensors" in files
    for name, sha256 in files.items():
        assert hashlib.sha256((built / name).read_bytes()).hexdigest() == sha256


def test_every_dependency_refers_to_a_component(software):
    known = {one["bom-ref"] for one in software["components"]} | {software["metadata"]["component"]["bom-ref"]}
    assert len(known) == len(software["components"]) + 1
    for one in software["dependencies"]:
        assert one["ref"] in known and set(one["dependsOn"]) <= known
    of_primum = next(one for one in software["dependencies"] if one["ref"].startswith("pkg:pypi/primum@"))
    assert f"pkg:pypi/numpy@{version('numpy')}" in of_primum["dependsOn"]


def test_it_is_cyclonedx(software):
    """By the official schema, where its package is installed."""
    schema = pytest.importorskip("cyclonedx.schema")
    validation = pytest.importorskip("cyclonedx.validation.json")
    found = validation.JsonStrictValidator(schema.SchemaVersion.V1_6).validate_str(json.dumps(software))
    assert found is None


def test_the_provenance_names_study_cohort_code_and_model(built, overseen_run):
    said = json.loads((built / "provenance.json").read_text(encoding="utf-8"))
    assert said["_type"] == "https://in-toto.io/Statement/v1"
    assert said["predicateType"] == "https://slsa.dev/provenance/v1"
    subjects = {one["name"]: one["digest"]["sha256"] for one in said["subject"]}
    weights = (built / "model" / "model.safetensors").read_bytes()
    assert subjects["model/model.safetensors"] == hashlib.sha256(weights).hexdigest()
    definition = said["predicate"]["buildDefinition"]
    study = hashlib.sha256((overseen_run / "study.yaml").read_bytes()).hexdigest()
    assert definition["externalParameters"]["study"]["sha256"] == study
    materials = {one["name"]: one["digest"] for one in definition["resolvedDependencies"]}
    records = (overseen_run.parent.parent / "records.csv").read_bytes()
    assert materials["records"]["sha256"] == hashlib.sha256(records).hexdigest()
    cohort = json.loads((overseen_run / "cohort.json").read_text(encoding="utf-8"))
    assert materials["cohort"]["primumCohort"] == cohort["fingerprint"]
    assert len(materials["primum"]["sha256"]) == 64
    assert said["predicate"]["runDetails"]["builder"]["version"]["primum"] == version("primum")
