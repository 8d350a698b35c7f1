"""The rules in use, whole, beside a model: what answers are held against can be read, and is not changed unseen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from primum.files import read_saved, write_json
from primum.knowledge.rules.reading import rules_of
from primum.knowledge.rules.rule import ClinicalRule

RULES_FILE = "rules.json"
"""In a run's model folder."""


def save_rules(folder: Path, rules: Sequence[ClinicalRule]) -> None:
    """Write the rules and the SHA-256 of what they say into a model's folder."""
    plain = [rule.to_json() for rule in rules]
    write_json(folder / RULES_FILE, {"format": 1, "sha256": digest(plain), "rules": plain})


def load_rules(folder: Path) -> tuple[ClinicalRule, ...] | None:
    """Return the rules saved in a model's folder; None where there are none.

    Raises:
        InputError: the file is damaged, or its rules are not those that were saved.
    """
    return read_saved(folder / RULES_FILE, _loaded, what="a file of clinical rules")


def digest(plain: Sequence[Any]) -> str:
    """Return the SHA-256 of rules as plain JSON, in an order that does not depend on how a file was written."""
    return hashlib.sha256(json.dumps(list(plain), sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _loaded(given: dict[str, Any]) -> tuple[ClinicalRule, ...]:
    if digest(given["rules"]) != given["sha256"]:
        raise ValueError("changed since it was saved")
    found: list[ClinicalRule] = []
    for one in given["rules"]:
        plain = {key: value for key, value in one.items() if key not in ("pack", "own")}
        found += rules_of([plain], pack=str(one["pack"]), own=bool(one["own"]))
    return tuple(found)
