"""What the pages tell a reader to type exists: commands, options, links, study keys, Python."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer.main
import yaml

from primum.cli.main import app
from primum.study.loading import validate
from primum.study.spec import AuditSpec, StudySpec

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "README.zh-CN.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
_BLOCK = re.compile(r"^ *```(\w+)[^\n]*\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")


def _blocks(language: str) -> list[tuple[str, str]]:
    return [
        (page.name, body)
        for page in PAGES
        for kind, body in _BLOCK.findall(page.read_text(encoding="utf-8"))
        if kind == language
    ]


def _commands() -> list[tuple[str, list[str]]]:
    found = []
    for page, body in _blocks("bash"):
        for line in body.replace("\\\n", " ").splitlines():
            if line.strip().startswith("primum "):
                found.append((page, shlex.split(line.partition("  #")[0])[1:]))
    return found


def test_the_pages_are_found():
    assert len(PAGES) >= 17


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    links = [link for link in _LINK.findall(page.read_text(encoding="utf-8")) if "://" not in link]
    missing = [link for link in links if not (page.parent / link).exists()]
    assert missing == []


def test_commands_can_be_typed_as_they_stand():
    commands = _commands()
    assert len(commands) > 25
    group = typer.main.get_command(app)
    for page, words in commands:
        if words[0].startswith("-"):
            continue
        command = group.commands.get(words[0])
        assert command is not None, f"{page}: primum {words[0]}"
        if hasattr(command, "commands"):
            assert words[1] in command.commands, f"{page}: primum {words[0]} {words[1]}"
            command, words = command.commands[words[1]], words[1:]
        command.make_context(words[0], list(words[1:]))


def test_studies_on_the_pages_are_valid():
    studies = [body for _, body in _blocks("yaml") if body.startswith("study:")]
    assert len(studies) >= 2
    for body in studies:
        study = yaml.safe_load(body)
        validate(StudySpec if "source" in study["cohort"] else AuditSpec, study, source="the page")


def test_python_on_the_pages_compiles():
    blocks = _blocks("python")
    assert len(blocks) >= 3
    for page, body in blocks:
        compile(body, page, "exec")


def test_make_targets_on_the_pages_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = {name for _, body in _blocks("bash") for name in re.findall(r"^make ([a-z-]+)", body, re.MULTILINE)}
    assert {"quickstart", "test"} <= named
    for name in named:
        assert re.search(rf"^{name}:", makefile, re.MULTILINE), name


def test_both_readmes_give_the_same_commands():
    english = [body for page, body in _blocks("bash") if page == "README.md"]
    chinese = [body for page, body in _blocks("bash") if page == "README.zh-CN.md"]
    assert [re.sub(r" *#.*", "", body) for body in english] == [re.sub(r" *#.*", "", body) for body in chinese]
