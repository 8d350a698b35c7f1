"""The files of a new study, rendered from templates."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from primum.errors import OutputError
from primum.files import write_text

_TEMPLATES = {"study.yaml": "study.yaml.j2", "README.md": "study-readme.md.j2"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A role that a column may have, and why."""

    column: str
    role: str
    """text, vitals, image, target, id, patient, sensitive, site, time, consent, split or ignore."""
    why: str


def scaffold(directory: Path, *, data: Path | None, proposals: Sequence[Proposal]) -> list[Path]:
    """Write study.yaml and README.md into `directory` and return their paths.

    Raises:
        OutputError: one of them exists already (nothing is written), or the folder cannot be written to.
    """
    if directory.exists() and not directory.is_dir():
        raise OutputError(f"{directory}: is a file, so no study can be scaffolded in it; choose another folder.")
    paths = {name: directory / name for name in _TEMPLATES}
    present = [name for name, path in paths.items() if path.exists()]
    if present:
        raise OutputError(f"{directory}: holds {' and '.join(present)} already; choose another folder.")
    rendered = {name: _rendered(name, directory, data=data, proposals=proposals) for name in _TEMPLATES}
    for name, path in paths.items():
        write_text(path, rendered[name])
    return list(paths.values())


def _rendered(name: str, directory: Path, *, data: Path | None, proposals: Sequence[Proposal]) -> str:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    # JSON strings are YAML strings, whatever the column is called.
    environment.filters["yaml"] = lambda value: json.dumps(value, ensure_ascii=False)
    template = (files("primum.cli") / "templates" / _TEMPLATES[name]).read_text(encoding="utf-8")
    source = "records.csv" if data is None else Path(os.path.relpath(data, directory)).as_posix()
    return environment.from_string(template).render(
        name=directory.resolve().name, source=source, given=data is not None, columns=_columns(proposals)
    )


def _columns(proposals: Sequence[Proposal]) -> dict[str, list[str]]:
    """Return the proposed columns by role."""
    by_role: dict[str, list[str]] = {}
    for proposal in proposals:
        by_role.setdefault(proposal.role, []).append(proposal.column)
    return by_role
