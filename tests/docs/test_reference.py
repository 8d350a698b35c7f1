"""The reference pages say what the code says now."""

from __future__ import annotations

import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parents[2] / "docs"
sys.path.insert(0, str(DOCS))
import build_reference  # noqa: E402


def test_the_reference_is_up_to_date():
    assert build_reference.outdated() == [], "run `make reference`"
    assert len(build_reference.PAGES) == 6
