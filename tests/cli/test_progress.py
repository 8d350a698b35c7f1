"""Progress on stderr."""

from __future__ import annotations

import io
import re

import pytest

from primum.cli.options import Lang
from primum.cli.progress import BarProgress, LineProgress, step_title
from primum.cli.terminal import Terminal
from primum.progress import Silent


def test_a_line_a_step_on_stderr(capsys):
    progress = LineProgress("en")
    progress.step("train", "heart")
    progress.advance(1, 10, loss=0.5)
    progress.note("12 texts were cut.")
    progress.step("judge")
    progress.close()
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "Training heart\n  12 texts were cut.\nJudging\n"


def test_a_long_step_says_how_long_it_took(capsys, monkeypatch):
    clock = iter([0.0, 65.4])
    monkeypatch.setattr("primum.cli.progress.time.monotonic", lambda: next(clock))
    progress = LineProgress("en")
    progress._finish = lambda: None
    progress.step("train")
    del progress._finish
    progress.close()
    assert capsys.readouterr().err == "Training\n  Training: done in 65 s\n"


def test_bars_show_title_and_figures(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    progress = BarProgress("zh")
    progress.step("train")
    progress.advance(3, 10, loss=0.25)
    progress.note("[bold]no markup[/bold]")
    progress.close()
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", stream.getvalue())
    assert "训练" in shown
    assert "loss 0.25" in shown
    assert "[bold]no markup[/bold]" in shown


def test_bars_ignore_figures_before_a_step():
    progress = BarProgress("en")
    progress.advance(1, 2)
    progress.close()


@pytest.mark.parametrize(("lang", "title"), [("en", "Training"), ("zh", "训练")])
def test_step_titles(lang, title):
    assert step_title("train", lang) == title
    assert step_title("no such step", lang) == "no such step"


def test_quiet_is_silent():
    terminal = Terminal(as_json=False, quiet=True, lang=Lang.en)
    with terminal.progress() as progress:
        assert isinstance(progress, Silent)


def test_off_a_terminal_lines_are_written(monkeypatch):
    monkeypatch.setattr("sys.stderr", io.StringIO())
    terminal = Terminal(as_json=False, quiet=False, lang=Lang.en)
    with terminal.progress() as progress:
        assert isinstance(progress, LineProgress)
