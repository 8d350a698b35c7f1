"""A running service for the tests of its routes."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

_SPEC = importlib.util.spec_from_file_location("serve_running", Path(__file__).parents[1] / "running.py")
assert _SPEC is not None and _SPEC.loader is not None
running = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(running)


@pytest.fixture(scope="session")
def run_service():
    """Start a service with settings."""
    return running


@pytest.fixture
def service(served_release, tmp_path):
    """A service over the Release of vitals."""
    with running.running(running.settings_of(served_release, tmp_path)) as started:
        yield started
