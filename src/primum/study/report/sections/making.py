"""How the run was made: versions, hardware, durations, seeds, hashes, and every setting of the study."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePath

from primum.study.report.context import Context
from primum.study.report.wording import number


def making_section(context: Context) -> Mapping[str, object] | None:
    """Return tables of the environment, the hashes and the resolved study; None when none is there."""
    run, words = context.run, context.words
    tables = [
        (words("making.environment"), list(_leaves(run.environment))),
        (words("making.hashes"), _hashes(context)),
        (words("making.settings"), [(key, _bare(value)) for key, value in _leaves(run.study)]),
    ]
    present = [(title, rows) for title, rows in tables if rows]
    return {"tables": present} if run.environment or run.study else None


def _bare(value: str) -> str:
    """Return the last part of an absolute path: a report says nothing of the machine it was made on."""
    return PurePath(value).name if PurePath(value).is_absolute() else value


def _hashes(context: Context) -> list[tuple[str, str]]:
    """Return every hash of the cohort file and the policy's."""
    rows = [(key, value) for key, value in _leaves(context.run.cohort) if _is_hash(value)]
    digest = str(context.run.verdict.get("policy_sha256") or "")
    return [*rows, ("policy_sha256", digest)] if digest else rows


def _is_hash(value: str) -> bool:
    return len(value) == 64 and all(letter in "0123456789abcdef" for letter in value)


def _leaves(value: object, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Yield (dotted key, value in words) for every leaf; a list of plain values is one leaf."""
    if isinstance(value, Mapping) and value:
        for key, below in value.items():
            yield from _leaves(below, f"{prefix}.{key}" if prefix else str(key))
    elif isinstance(value, list | tuple) and any(isinstance(one, Mapping) for one in value):
        for place, below in enumerate(value):
            yield from _leaves(below, f"{prefix}[{place}]")
    elif prefix:
        yield prefix, _leaf(value)


def _leaf(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(_leaf(one) for one in value) or "–"
    if value is None or value == {}:
        return "–"
    if isinstance(value, float) and 0.01 <= abs(value) < 1e6 and round(value, 6) != value:
        return number(value)
    return f"{value:g}" if isinstance(value, float) else str(value)
