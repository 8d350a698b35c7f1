"""Lower floors know nothing of higher ones, and the core needs no training library."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = (
    "torch",
    "transformers",
    "peft",
    "accelerate",
    "sklearn",
    "pandas",
    "polars",
    "optuna",
    "onnxruntime",
    "safetensors",
)
CORE = (
    "primum",
    "primum.cohort",
    "primum.evidence",
    "primum.knowledge.rules",
    "primum.ethics",
    "primum.study",
    "primum.study.spec",
    "primum.study.assess",
    "primum.study.report",
    "primum.cli.main",
)

_WITHOUT = f"""
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {HEAVY!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Refuse())
"""


def _python(code: str, **kwargs) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", _WITHOUT + code], capture_output=True, text=True, **kwargs)


def test_floors(root):
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([shutil.which(program) or program], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


@pytest.mark.parametrize("module", CORE)
def test_core_imports_without_any_extra(module):
    done = _python(f"import {module}")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("module", CORE)
def test_core_does_not_even_try_a_heavy_import(module):
    code = f"import sys, {module}; print(sorted({{*{HEAVY!r}}} & {{*sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "arguments", [["--help"], ["run", "--help"], ["studies"], ["policies", "--metrics"], ["backbones"]]
)
def test_the_program_speaks_without_any_extra(arguments):
    done = _python(f"from primum.cli.main import main; sys.exit(main({arguments!r}))")
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_training_without_its_extra_names_the_extra(tmp_path):
    done = _python(
        f"from primum.cli.main import main; sys.exit(main(['run', 'heart', '--out', {str(tmp_path / 'r')!r}]))"
    )
    assert done.returncode == 2, done.stderr
    assert 'pip install "primum[train]"' in done.stderr


def test_an_audit_needs_no_extra(tmp_path):
    (tmp_path / "spec.yaml").write_text("study: audit\ncohort: {target: {column: target}}\n", encoding="utf-8")
    rows = "".join(f"{i},{'yn'[i % 2]},{0.2 + 0.6 * (i % 3 == 0)}\n" for i in range(60))
    (tmp_path / "p.csv").write_text("id,target,p:y\n" + rows, encoding="utf-8")
    arguments = ["assess", str(tmp_path / "p.csv"), "--spec", str(tmp_path / "spec.yaml"), "--json"]
    done = _python(f"from primum.cli.main import main; sys.exit(main({arguments!r}))")
    assert done.returncode in (0, 3, 4), done.stderr
    assert '"findings"' in done.stdout
