"""No tensor of another device becomes an array unasked, and what is asked of a network goes to where the network is.

There is no accelerator in the tests; so the rules are held over the text of the code that touches networks.
"""

import ast
from pathlib import Path

import pytest

import primum

SOURCE = Path(primum.__file__).parent
FOLDERS = ("model", "training", "transparency")
ASKING = ("model/gradients.py", "model/picture_gradients.py", "model/attacking.py", "model/attacking_blind.py",
          "model/inputs/cells.py", "training/hardened_pictures.py")  # fmt: skip
"""Files that make tensors to be used beside a network's own."""
MAKERS = {"from_numpy", "tensor", "zeros", "ones", "arange", "full", "empty"}
MOVED_BY_CALLER = {"_shares"}
"""Functions whose result their only caller moves."""


def _links(node):
    """Yield the names of the calls and attributes that a value went through, the last first."""
    while isinstance(node, ast.Call | ast.Attribute | ast.Subscript):
        if isinstance(node, ast.Attribute):
            yield node.attr
        node = node.func if isinstance(node, ast.Call) else node.value


def kept_on_its_device(tree):
    """Return the lines where a tensor becomes an array without having come to the processor."""
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)]
    return [n.lineno for n in calls if n.func.attr == "numpy" and "cpu" not in list(_links(n.func.value))]


def made_here_alone(tree):
    """Return the lines where a tensor is made and neither given a device nor moved to one."""
    moved, found = set(), []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name in MOVED_BY_CALLER:
            moved |= {id(inner) for inner in ast.walk(node)}
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "to":
            moved |= {id(inner) for inner in ast.walk(node.func.value)}
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in MAKERS):
            continue
        if not (isinstance(node.func.value, ast.Name) and node.func.value.id == "torch") or id(node) in moved:
            continue
        if "device" not in {word.arg for word in node.keywords}:
            found.append(node.lineno)
    return found


def test_every_array_comes_from_the_processor():
    files = [path for folder in FOLDERS for path in sorted((SOURCE / folder).rglob("*.py"))]
    assert len(files) > 90
    found = {
        str(p.relative_to(SOURCE)): lines for p in files if (lines := kept_on_its_device(ast.parse(p.read_text())))
    }
    assert not found, f"call .cpu() before .numpy() in {found}"


@pytest.mark.parametrize("name", ASKING)
def test_what_is_asked_goes_to_the_network(name):
    lines = made_here_alone(ast.parse((SOURCE / name).read_text()))
    assert not lines, f"give a device, or .to(one), in {name} at lines {lines}"


def test_the_rules_see_what_they_should():
    bad = (
        "a = x.detach().numpy()\nb = torch.from_numpy(y)\nc = x.cpu().double().numpy()\nd = torch.from_numpy(y).to(e)\n"
    )
    bad += "f = torch.zeros(3, device=e)\ng = torch.zeros(3)\n"
    assert kept_on_its_device(ast.parse(bad)) == [1] and made_here_alone(ast.parse(bad)) == [2, 6]
