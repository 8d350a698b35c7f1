"""The service beside plain ones over the same network: throughput, waiting time, errors, memory.

    python benchmarks/serving.py                   # makes a small Release first, about a minute
    python benchmarks/serving.py --release DIR     # one made before, of a study with a single text column `note`
    python benchmarks/serving.py --peers plain,bare,litserve
    python benchmarks/serving.py --masking         # what masking notes costs a server: none, by rules, and by models

primum    `primum serve`: guarded answers, sealed Cases, one Ledger entry an answer, tokens checked, signed
bare      FastAPI around the served model alone: tokenizer and ONNX Runtime, no guard, nothing stored
plain     FastAPI around `transformers.pipeline("text-classification")`, the same backbone
litserve  LitServe around the same pipeline, where it is installed

Every server is a process of one thread. One client of plain sockets asks over loopback on 1, 8 and 32 connections that
are kept open, each time for `--seconds`; rounds go around the servers. Requests per second of a server's own processor
time stand beside the wall clock: neighbours disturb them little.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil
from notes import CLASSES, hf_classifier, minilm, notes
from pydantic import BaseModel

try:
    import litserve
except ImportError:  # a peer that need not be there
    litserve = None

CONNECTIONS = (1, 8, 32)
NAMED = "Seen with Mrs Jane Albright of Oakham, who was told. "
"""What stands before each note where masking is measured: models are asked only about words that may be names."""
MASKING = {"none": "false", "rules": "{ner: []}", "rules and models": "{}"}
STUDY = """
study: notes
question: Which of four clinics is this note for?
intended_use: {population: Generated notes., not_for: Patients., risk: low}
cohort:
  source: notes.csv
  id: id
  inputs: {text: note}
  target: {column: label}
  sensitive: [sex]
  deid: %s
model: {adapt: head, ensemble: null}
training: {epochs: 3, track: []}
assess: {baselines: false, counterfactual: false, resamples: 100}
policy: written.yaml
"""
POLICY = """
policy: benchmark
title: {en: For benchmarks, zh: 用于基准测试}
rules:
  - rule: safety.accuracy
    where: {metric: accuracy}
    must_be: {at_least: 0.1}
    on_failure: review
    because: {en: It must answer., zh: 必须作答。}
"""


class Body(BaseModel):
    """A question to a plain server."""

    text: str


@dataclass
class Load:
    """What one server did under one load, over all rounds."""

    seconds: float = 0.0
    cpu: float = 0.0
    errors: int = 0
    busy: int = 0
    times: list[float] = field(default_factory=list)

    @property
    def throughput(self) -> float:
        """Return answers a second."""
        return len(self.times) / self.seconds

    def at(self, percent: float) -> float:
        """Return a percentile of the waiting times in ms."""
        return 1000 * float(np.percentile(self.times, percent)) if self.times else float("nan")


def make_release(folder: Path, *, masking: str) -> Path:
    """Carry a small study out, sign it with a key made for the occasion, and return its Release."""
    from primum.ethics.release import build_release
    from primum.ethics.signing import new_key
    from primum.study import Study

    texts, labels = notes(600, seed=1)
    lines = [f"r{i},{text},c{label},{'FM'[i % 2]}" for i, (text, label) in enumerate(zip(texts, labels, strict=True))]
    (folder / "notes.csv").write_text("\n".join(["id,note,label,sex", *lines]), encoding="utf-8")
    (folder / "study.yaml").write_text(STUDY % MASKING[masking], encoding="utf-8")
    (folder / "written.yaml").write_text(POLICY, encoding="utf-8")
    run = Study.load(folder / "study.yaml").run(out=folder / "run").path
    assert run is not None
    history = json.loads((run / "history.json").read_text(encoding="utf-8"))
    print(f"engine of the run: {history['engine']['used']}; served: {history['served']['agreement']}")
    return build_release(run, folder / "release", key=new_key(folder / "release.key", name="Benchmark")).path


def start(name: str, port: int, release: Path, work: Path) -> tuple[subprocess.Popen[bytes], dict[str, str]]:
    """Start a server and return it with the headers that its requests need, once it answers."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false", "HF_HUB_OFFLINE": "1"}
    headers: dict[str, str] = {}
    if name == "primum":
        db, key = work / "service.sqlite", work / "service.key"
        headers["authorization"] = f"Bearer {_token(db)}"
        command = [sys.executable, "-m", "primum", "serve", str(release), "--any-key", "--db", str(db), "--quiet"]
        command += ["--key-file", str(work / "cases.key"), "--signing-key", str(key), "--port", str(port)]
    else:
        command = [sys.executable, __file__, "--run", name, "--port", str(port), "--release", str(release)]
    log = (work / f"{name}.log").open("wb")
    server = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    until = time.monotonic() + 180
    while time.monotonic() < until:
        if server.poll() is not None:
            raise SystemExit(f"{name} did not start: {(work / f'{name}.log').read_text()[-2000:]}")
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return server, headers
        time.sleep(0.2)
    server.kill()
    raise SystemExit(f"{name} did not start in time")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _token(db: Path) -> str:
    from primum.ethics.signing import new_key
    from primum.serve.people import People

    new_key(db.parent / "service.key", name="Service")
    people = People.open(str(db))
    people.add("admin", "admin", password="seven small boats at sea")
    account, _ = people.add("bench", "clinician", password="seven small boats at sea")
    secret = people.tokens.make(account, "benchmark", ["answer"], days=1)[1]
    people.close()
    return secret


async def load(
    name: str, port: int, headers: dict[str, str], connections: int, seconds: float, into: Load, *, before: str = ""
) -> None:
    """Ask a server over some connections for some seconds; `before` stands before each note."""
    texts = [before + text for text in notes(400, seed=2)[0]]
    path, bodies = "/predict", [json.dumps({"text": text}).encode() for text in texts]
    if name == "primum":
        path, bodies = "/api/v1/answer", [json.dumps({"inputs": {"note": text}}).encode() for text in texts]
    head = f"POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
    head += "".join(f"{key}: {value}\r\n" for key, value in headers.items())
    requests = [f"{head}content-length: {len(body)}\r\n\r\n".encode() + body for body in bodies]
    until = time.perf_counter() + seconds

    async def one(offset: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        place = offset
        while time.perf_counter() < until:
            place = (place + 37) % len(requests)
            began = time.perf_counter()
            writer.write(requests[place])
            status = await _answer(reader)
            if status == 200:
                into.times.append(time.perf_counter() - began)
            elif status == 429:
                into.busy += 1
            else:
                into.errors += 1
        writer.close()

    began = time.perf_counter()
    await asyncio.gather(*(one(13 * number) for number in range(connections)))
    into.seconds += time.perf_counter() - began


async def _answer(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    length = next(int(line.split(b":")[1]) for line in lines if line.lower().startswith(b"content-length:"))
    await reader.readexactly(length)
    return int(lines[0].split()[1])


def cpu_of(server: subprocess.Popen[bytes]) -> float:
    """Return the processor seconds of a server and its children so far."""
    process = psutil.Process(server.pid)
    several = [process, *process.children(recursive=True)]
    return sum(sum(one.cpu_times()[:2]) for one in several)


def memory_of(server: subprocess.Popen[bytes]) -> float:
    """Return the resident MiB of a server and its children."""
    process = psutil.Process(server.pid)
    return sum(one.memory_info().rss for one in [process, *process.children(recursive=True)]) / 2**20


def measure(names: list[str], release: Path, work: Path, *, seconds: float, rounds: int) -> None:
    """Ask all servers in turn and print what came of it."""
    found = {(name, count): Load() for name in names for count in CONNECTIONS}
    memory: dict[str, float] = {}
    servers: dict[str, tuple[int, subprocess.Popen[bytes], dict[str, str]]] = {}
    try:
        for name in names:
            port = _free_port()
            servers[name] = (port, *start(name, port, release, work))
        for name, (port, _, headers) in servers.items():
            asyncio.run(load(name, port, headers, 4, 2.0, Load()))  # warm
        for _ in range(rounds):
            for count in CONNECTIONS:
                for name, (port, server, headers) in servers.items():
                    before = cpu_of(server)
                    asyncio.run(load(name, port, headers, count, seconds, found[name, count]))
                    found[name, count].cpu += cpu_of(server) - before
                    memory[name] = max(memory.get(name, 0.0), memory_of(server))
    finally:
        _stop([server for _, server, _ in servers.values()])
    _tell(names, found, memory)


def measure_masking(work: Path, *, seconds: float, rounds: int) -> None:
    """Ask one server for each way of masking notes, in turn and over one connection, and print what each takes."""
    servers: dict[str, tuple[int, subprocess.Popen[bytes], dict[str, str]]] = {}
    found = {name: Load() for name in MASKING}
    try:
        for name in MASKING:
            folder, port = work / name.replace(" ", "-"), _free_port()
            folder.mkdir()
            servers[name] = (port, *start("primum", port, make_release(folder, masking=name), folder))
        for port, _, headers in servers.values():
            asyncio.run(load("primum", port, headers, 1, 2.0, Load(), before=NAMED))  # warm
        for _ in range(rounds):
            for name, (port, server, headers) in servers.items():
                before = cpu_of(server)
                asyncio.run(load("primum", port, headers, 1, seconds, found[name], before=NAMED))
                found[name].cpu += cpu_of(server) - before
        memory = {name: memory_of(server) for name, (_, server, _) in servers.items()}
    finally:
        _stop([server for _, server, _ in servers.values()])
    for name, one in found.items():
        cpu = f"{1000 * one.cpu / len(one.times):.2f} ms of processor an answer"
        print(
            f"masking by {name}: {cpu}, p50 {one.at(50):.1f} ms, {memory[name]:.0f} MiB resident, {one.errors} errors"
        )


def _stop(servers: list[subprocess.Popen[bytes]]) -> None:
    for server in servers:
        several = [psutil.Process(server.pid), *psutil.Process(server.pid).children(recursive=True)]
        for one in several:
            one.terminate()
        _, left = psutil.wait_procs(several, timeout=30)
        for one in left:
            one.kill()


def _tell(names: list[str], found: dict[tuple[str, int], Load], memory: dict[str, float]) -> None:
    print(f"{'server':10}{'conn':>5}{'req/s':>9}{'req/cpu-s':>11}{'p50 ms':>9}{'p99 ms':>9}{'errors':>8}{'429':>6}")
    for (name, count), one in found.items():
        per_cpu = len(one.times) / one.cpu if one.cpu else float("nan")
        numbers = f"{one.throughput:9.1f}{per_cpu:11.1f}{one.at(50):9.2f}{one.at(99):9.1f}{one.errors:8}{one.busy:6}"
        print(f"{name:10}{count:5}{numbers}")
    print("resident MiB: " + ", ".join(f"{name} {memory[name]:.0f}" for name in names))
    ours = {count: found["primum", count] for count in CONNECTIONS}
    for peer in (name for name in names if name != "primum"):
        theirs = {count: found[peer, count] for count in CONNECTIONS}
        cpu = (len(ours[8].times) / ours[8].cpu) / (len(theirs[8].times) / theirs[8].cpu)
        print(
            f"primum : {peer}: throughput at 8 x {ours[8].throughput / theirs[8].throughput:.2f} (by processor time x "
            f"{cpu:.2f}); p50 at 1 x {ours[1].at(50) / theirs[1].at(50):.2f}"
        )
    print(f"primum: p99 at 32 is {ours[32].at(99) / ours[32].at(50):.1f} x p50")


def run_server(name: str, port: int, release: Path) -> None:
    """Be one of the plain servers until stopped."""
    if name == "litserve":
        _run_litserve(port)
        return
    import uvicorn
    from fastapi import FastAPI

    app = FastAPI()
    ask = _pipeline() if name == "plain" else _served(release)

    @app.post("/predict")
    def predict(body: Body):  # type: ignore[no-untyped-def]
        return ask(body.text)

    uvicorn.run(app, port=port, log_level="warning", access_log=False)


def _pipeline():  # type: ignore[no-untyped-def]
    import torch
    from transformers import AutoTokenizer, pipeline

    torch.set_num_threads(1)
    tokenizer = AutoTokenizer.from_pretrained(str(minilm()))
    asked = pipeline("text-classification", model=hf_classifier(), tokenizer=tokenizer, top_k=None, device="cpu")
    return lambda text: asked(text, truncation=True)


def _served(release: Path):  # type: ignore[no-untyped-def]
    from primum.cohort.records import Records, TextList
    from primum.model.served import Served

    served = Served.load(release / "model", threads=1)
    assert served is not None
    return lambda text: served.predict(Records(n=1, text=TextList([text])))[0].tolist()


def _run_litserve(port: int) -> None:
    if litserve is None:
        raise SystemExit("litserve is not installed")
    litserve.LitServer(PipelineApi(), accelerator="cpu").run(port=port, log_level="warning", generate_client_file=False)


class PipelineApi(object if litserve is None else litserve.LitAPI):  # type: ignore[misc]
    """What LitServe asks; at the top of the file, for its workers import it."""

    def setup(self, device):  # type: ignore[no-untyped-def]
        """Load the pipeline."""
        self.ask = _pipeline()

    def decode_request(self, request):  # type: ignore[no-untyped-def]
        """Return the text."""
        return request["text"]

    def predict(self, x):  # type: ignore[no-untyped-def]
        """Ask."""
        return self.ask(x)

    def encode_response(self, output):  # type: ignore[no-untyped-def]
        """Return the answer."""
        return {"output": output}


def main() -> None:
    """Read the arguments."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--release", type=Path)
    parser.add_argument("--peers", default="bare,plain")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--deid", choices=MASKING, default="none", help="how the study takes identifiers out of notes")
    parser.add_argument("--masking", action="store_true", help="compare the three ways of --deid instead")
    parser.add_argument("--make", type=Path, help="only make the Release, in this folder")
    parser.add_argument("--run", help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, default=0, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.run:
        run_server(given.run, given.port, given.release)
        return
    if given.make:
        given.make.mkdir(parents=True)
        make_release(given.make, masking=given.deid)
        return
    work = Path(tempfile.mkdtemp(prefix="primum-serving-"))
    try:
        if given.masking:
            measure_masking(work, seconds=min(given.seconds, 15.0), rounds=given.rounds)
            return
        release = given.release or make_release(work, masking=given.deid)
        peers = [name for name in given.peers.split(",") if name]
        measure(["primum", *peers], release, work, seconds=min(given.seconds, 15.0), rounds=given.rounds)
    finally:
        shutil.rmtree(work)


if __name__ == "__main__":
    assert CLASSES == 4
    main()
