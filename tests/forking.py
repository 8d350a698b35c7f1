"""Processes of their own for less: forked from one that has imported the libraries of a run, and nothing else.

A command that is to be killed, to crash, or to be searched for what it says needs a process; that each imports torch
and transformers anew is most of what it costs. What a process says while it imports is another test's business.
"""

from __future__ import annotations

import atexit
import json
import os
import runpy
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path

LIBRARIES = (
    "torch.onnx", "torch._dynamo", "torch.export", "transformers.trainer", "peft", "accelerate", "onnxscript",
    "sklearn.ensemble", "sklearn.linear_model", "optuna", "alembic.command",
    "primum.cli.main", "primum.ethics.ledger", "primum.study.runner", "primum.study.fitting", "primum.training.fit",
)  # fmt: skip


class Forked:
    """A process that was begun; stdout and stderr go to files of its own."""

    def __init__(self, server: Forks, pid: int, said: Path) -> None:
        self.pid, self._server, self._said = pid, server, said

    def poll(self) -> int | None:
        """Return its exit code, negative for a signal; None while it runs."""
        return self._server.ask({"poll": self.pid})

    def wait(self) -> subprocess.CompletedProcess[str]:
        """Wait for its end, and return what it said."""
        while (code := self.poll()) is None:
            time.sleep(0.02)
        out, err = ((self._said / name).read_text(encoding="utf-8") for name in ("out", "err"))
        return subprocess.CompletedProcess((), code, out, err)


class Forks:
    """The process that others are forked from; begun when it is first asked."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._number, self._process = folder, 0, None

    def begin(
        self, *arguments: str, cwd: Path, env: Mapping[str, str] | None = None, code: str | None = None
    ) -> Forked:
        """Begin `python -m primum` with these arguments, or `python -c` with this code."""
        self._number += 1
        said = self._folder / str(self._number)
        said.mkdir()
        whole = {**os.environ, **(env or {})}
        pid = self.ask({"arguments": arguments, "code": code, "cwd": str(cwd), "env": whole, "said": str(said)})
        return Forked(self, pid, said)

    def run(self, *arguments: str, **options) -> subprocess.CompletedProcess[str]:
        """Begin a process and wait for its end."""
        return self.begin(*arguments, **options).wait()

    def ask(self, question: Mapping[str, object]) -> int | None:
        """Put a question to the server and return its answer."""
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        """End the server."""
        if self._process is not None:
            self._process.stdin.close()
            self._process.wait()
            self._process.stdout.close()


def _serve() -> None:
    """Fork on every line of stdin, and answer on stdout with a process's number or its exit code."""
    for name in LIBRARIES:
        __import__(name)
    ended: dict[int, int] = {}
    for line in sys.stdin:
        asked = json.loads(line)
        if "poll" in asked:
            pid = asked["poll"]
            if pid not in ended:
                gone, status = os.waitpid(pid, os.WNOHANG)
                if gone:
                    ended[pid] = os.waitstatus_to_exitcode(status)
            answer = ended.get(pid)
        else:
            answer = os.fork()
            if answer == 0:
                _become(asked)
        print(json.dumps(answer), flush=True)


def _become(asked: Mapping[str, object]) -> None:
    """Be the process that was asked for, to its end."""
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["env"])
    tempfile.tempdir = None  # what TMPDIR says now
    sys.modules["numpy"].random.seed()  # not the same in each
    for number, place in ((0, os.devnull), (1, f"{asked['said']}/out"), (2, f"{asked['said']}/err")):
        opened = os.open(place, os.O_RDWR | os.O_CREAT)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin, sys.stdout = open(0, encoding="utf-8"), open(1, "w", encoding="utf-8")  # noqa: SIM115 - till the end
    sys.stderr = open(2, "w", encoding="utf-8", buffering=1)  # noqa: SIM115
    code = 0
    try:
        _carry_out(asked["arguments"], asked["code"])
    except SystemExit as exc:
        code = exc.code if isinstance(exc.code, int) else int(exc.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    atexit._run_exitfuncs()
    sys.stdout.flush()
    os._exit(code)


def _carry_out(arguments: Sequence[str], code: str | None) -> None:
    if code is None:
        sys.argv = ["primum", *arguments]
        runpy.run_module("primum", run_name="__main__", alter_sys=True)
    else:
        sys.argv = ["-c", *arguments]
        exec(compile(code, "<string>", "exec"), {"__name__": "__main__"})


if __name__ == "__main__":
    _serve()
