"""Each package says what it exports, and exports what it says."""

from __future__ import annotations

import importlib
import pkgutil
import types

import pytest

import primum

PACKAGES = [
    "primum",
    *(info.name for info in pkgutil.walk_packages(primum.__path__, "primum.") if info.ispkg),
]


def test_the_packages_are_found():
    assert {"primum.cohort", "primum.evidence", "primum.ethics", "primum.study", "primum.cli"} <= set(PACKAGES)


def _constants_classes_functions(name: str) -> tuple[int, str]:
    return (0 if name.isupper() else 1 if name[0].isupper() else 2, name)


@pytest.mark.parametrize("name", PACKAGES)
def test_all_is_sorted_and_complete(name):
    package = importlib.import_module(name)
    exported = package.__all__
    assert exported == sorted(set(exported), key=_constants_classes_functions)
    assert all(hasattr(package, public) for public in exported)
    visible = {
        public
        for public, value in vars(package).items()
        if not public.startswith("_") and not isinstance(value, types.ModuleType) and public != "annotations"
    }
    assert visible - {"TYPE_CHECKING"} <= set(exported)
