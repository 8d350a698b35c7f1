"""What is public is documented: in the code, and on the reference pages."""

from __future__ import annotations

import ast
import inspect
import sys
from pathlib import Path

import pytest

from primum import errors
from primum.ethics import load_policy, policy_names
from primum.evidence import METRICS
from primum.study.spec import StudySpec

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "src" / "primum").rglob("*.py"))
sys.path.insert(0, str(ROOT / "docs"))
import build_reference  # noqa: E402


def _page(name: str) -> str:
    return (ROOT / "docs" / "reference" / name).read_text(encoding="utf-8")


def _public(tree: ast.AST) -> list[ast.AST]:
    found = []
    for node in getattr(tree, "body", []):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and not node.name.startswith("_"):
            found.append(node)
            if isinstance(node, ast.ClassDef):
                found += _public(node)
    return found


def test_the_sources_are_found():
    assert len(SOURCES) > 40


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT / "src")))
def test_everything_public_has_a_docstring(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    if path.name != "__init__.py" or tree.body:
        assert ast.get_docstring(tree), "the module says nothing"
    silent = [node.name for node in _public(tree) if not ast.get_docstring(node)]
    assert silent == []


def test_commands_and_options_are_on_their_page():
    page = _page("commands.md")
    commands = build_reference.commands()
    assert len(commands) >= 20
    for name, command in commands:
        assert f"## primum {name}\n" in page
        for parameter in command.params:
            assert f"`{parameter.opts[0]}`" in page or f"`{parameter.human_readable_name}`" in page


def test_study_keys_are_on_their_page():
    page = _page("study.md")
    keys = [key for key, _ in build_reference.study_keys(StudySpec)]
    assert {"cohort.target.column", "cohort.sensitive[].bins", "training.optimizer.lr"} <= set(keys)
    rows = {line.split(" | ")[0]: line for line in page.splitlines() if line.startswith("| `")}
    for key in keys:
        assert not rows[f"| `{key}`"].endswith("|  |"), key


def test_metrics_are_on_their_page():
    page = _page("metrics.md")
    assert len(METRICS) > 15
    for name in METRICS:
        metric = METRICS.get(name)
        assert f"| `{name}` |" in page
        assert metric.definition["en"] and metric.definition["zh"] and metric.unit and metric.reference


def test_rules_are_on_their_page():
    page = _page("policies.md")
    names = policy_names()
    assert "default" in names
    for name in names:
        assert f"## {name}\n" in page
        for rule in load_policy(name).rules:
            assert f"| `{rule.name}` |" in page


def test_errors_are_on_their_page():
    page = _page("errors.md")
    classes = [name for name, value in vars(errors).items() if inspect.isclass(value) and issubclass(value, Exception)]
    assert len(classes) > 10
    for name in classes:
        assert name in page


def test_public_names_are_on_their_page():
    page = _page("python.md")
    for package in build_reference.packages():
        for name in package.__all__:
            assert f"| `{name}" in page, f"{package.__name__}.{name}"
