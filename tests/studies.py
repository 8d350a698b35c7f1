"""Small studies whose runs and Releases many tests ask, and what builds them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

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

MARKS_STUDY = """
study: discs
question: Where are discs?
intended_use: {population: Adults., not_for: Children., risk: high}
cohort:
  source: records.csv
  id: id
  inputs: {image: {column: film, size: 64}}
  target: {type: regions, boxes: boxes.csv}
  split: {train: 0.45, validation: 0.15, calibration: 0.3, test: 0.1}
training: {epochs: 14, batch: 4, early_stopping: {patience: 14}, track: [], optimizer: {head_lr: 1.0e-2}}
assess: {baselines: false, privacy: false, error_places: false, resamples: 100}
policy: written.yaml
"""

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


def run_overseen(folder: Path) -> None:
    from primum.study import Study

    lines = [f"r{i},{30 + i % 50},{'12A'[i % 3]},{('ill', 'well')[i % 2]}" for i in range(120)]
    (folder / "records.csv").write_text("\n".join(["id,age,ward,dx", *lines]), encoding="utf-8")
    (folder / "study.yaml").write_text(OVERSEEN_STUDY, encoding="utf-8")
    (folder / "written.yaml").write_text(OVERSEEN_POLICY, encoding="utf-8")
    Study.load(folder / "study.yaml").run(out=folder / "runs" / "small")


def build_served(folder: Path) -> None:
    rng = np.random.default_rng(5)
    lines = ["id,age,sbp,ward,sex,hospital,dx"]
    for i in range(400):
        ill = rng.random() < 0.5
        age, sbp = (72 if ill else 42) + rng.normal(0, 6), 128 + rng.normal(0, 12)
        lines.append(f"r{i},{age:.0f},{sbp:.0f},{'ABC'[i % 3]},{'FM'[i % 2]},H{i % 2},{'ill' if ill else 'well'}")
    (folder / "records.csv").write_text("\n".join(lines), encoding="utf-8")
    _build_release(folder, SERVED_STUDY)


def build_films(folder: Path) -> None:
    from PIL import Image

    lines = ["id,film,age,sex,hospital,dx"]
    for i in range(120):
        Image.fromarray(film(i)).save(folder / f"{i}.png")
        lines.append(f"r{i},{i}.png,{30 + (7 * i) % 50},{'FM'[i // 2 % 2]},H{i % 3},{('well', 'ill')[i % 2]}")
    (folder / "records.csv").write_text("\n".join(lines), encoding="utf-8")
    _build_release(folder, IMAGE_STUDY)


def film(i: int) -> np.ndarray:
    """A noisy film; those of odd numbers have a bright spot at the top left."""
    pixels = np.random.default_rng(i).integers(60, 120, size=(48, 40)).astype(np.uint8)
    if i % 2:
        pixels[6:18, 6:18] = 230
    return pixels


def build_discs(folder: Path) -> None:
    from PIL import Image

    records, boxes = ["id,film"], ["film,label,xmin,ymin,xmax,ymax"]
    for i in range(80):
        pixels, (y, x) = disc(i)
        Image.fromarray(pixels).save(folder / f"{i}.png")
        records.append(f"r{i},{i}.png")
        boxes.append(f"{i}.png,{'dark' if i % 3 else 'light'},{x - 14},{y - 14},{x + 14},{y + 14}")
    (folder / "records.csv").write_text("\n".join(records), encoding="utf-8")
    (folder / "boxes.csv").write_text("\n".join(boxes), encoding="utf-8")
    _build_release(folder, MARKS_STUDY)


def disc(i: int) -> tuple[np.ndarray, tuple[int, int]]:
    """A noisy film of 96 by 80 with a disc, and where its centre is: row and column."""
    rng = np.random.default_rng(i)
    pixels = rng.integers(60, 90, size=(96, 80)).astype(np.uint8)
    y, x = (int(one) for one in rng.integers(18, 62, 2))
    down, across = np.mgrid[:96, :80]
    pixels[(down - y) ** 2 + (across - x) ** 2 <= 196] = 200 if i % 3 else 140
    return pixels, (y, x)


def build_noted(folder: Path) -> None:
    rng = np.random.default_rng(6)
    lines = ["id,note,age,sbp,dx"]
    for i in range(160):
        note = ("chest pain on effort", "routine visit without complaint")[i % 2]
        age, sbp = (68, 44)[i % 2] + rng.normal(0, 6), 128 + rng.normal(0, 12)
        lines.append(f"r{i},{note},{age:.0f},{sbp:.0f},{('ill', 'well')[i % 2]}")
    (folder / "records.csv").write_text("\n".join(lines), encoding="utf-8")
    _build_release(folder, NOTED_STUDY)


def _build_release(folder: Path, study: str) -> None:
    """Write the signed Release of a study whose records are in the folder, and the list of its signers' keys."""
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
