"""A server that is killed in mid-load loses no Case that it acknowledged, and its ledger stays whole."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request

import pytest

from primum.ethics.ledger import Ledger
from primum.ethics.signing import new_key
from primum.privacy.at_rest import read_keys
from primum.serve.cases import Cases
from primum.serve.people import People

RECORD = {"age": 66, "sbp": 131, "ward": "A", "sex": "F", "hospital": "H1"}
_CLIENTS, _ENOUGH = 6, 60


@pytest.fixture
def server(served_release, tmp_path):
    """A server in a process of its own: how to ask it, and its database."""
    db = tmp_path / "service.sqlite"
    with Ledger.open(str(db)) as ledger:
        people = People.open(str(db), ledger=ledger)
        account, _ = people.add("ann", "clinician", password="seven small boats at sea")
        secret = people.tokens.make(account, "test", ["answer"], days=1)[1]
        people.close()
    new_key(tmp_path / "service.key", name="Service")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "primum", "serve", str(served_release[0]), "--trust", str(served_release[1])]
    command += ["--db", str(db), "--key-file", str(tmp_path / "cases.key"), "--port", str(port), "--quiet"]
    command += ["--signing-key", str(tmp_path / "service.key")]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 180
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    yield process, f"http://127.0.0.1:{port}/api/v1/answer", secret, db
    if process.poll() is None:
        process.kill()
    process.wait(10)


def test_no_acknowledged_case_is_lost(server, tmp_path):
    process, url, secret, db = server
    acknowledged: list[str] = []
    stop = threading.Event()

    def ask() -> None:
        headers = {"authorization": f"Bearer {secret}", "content-type": "application/json"}
        body = json.dumps({"inputs": RECORD, "patient": "P1"}).encode()
        while not stop.is_set():
            try:
                request = urllib.request.Request(url, body, headers)
                with urllib.request.urlopen(request, timeout=60) as answer:
                    acknowledged.append(json.load(answer)["case"])
            except (OSError, ValueError):
                return

    threads = [threading.Thread(target=ask) for _ in range(_CLIENTS)]
    for thread in threads:
        thread.start()
    until = time.monotonic() + 120
    while len(acknowledged) < _ENOUGH and time.monotonic() < until and process.poll() is None:
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGKILL)
    process.wait(10)
    stop.set()
    for thread in threads:
        thread.join(70)
    assert len(acknowledged) >= _ENOUGH
    with Ledger.open(str(db)) as ledger:
        assert ledger.verify().ok
        entries = {one.subject for one in ledger.entries(kind="case")}
        cases = Cases.open(str(db), ledger=ledger, masters=read_keys(tmp_path / "cases.key"))
        stored = [cases.get(case) for case in acknowledged]
        assert len({one.head.id for one in stored}) == len(acknowledged)
        assert all(one.inputs == RECORD for one in stored) and set(acknowledged) <= entries
        cases.close()
