"""What commands on Releases share: verifying before opening, and saying what was found."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from primum.cli.terminal import Terminal

if TYPE_CHECKING:  # signatures are an optional part
    from collections.abc import Iterable


def check_if_release(folder: Path, trust: Path | None) -> bool:
    """Return whether a folder is a Release, after verifying it; a run is not verified.

    Raises:
        ReleaseError: it is a Release that must not be used.
    """
    from primum.ethics.release.layout import is_release

    if not is_release(folder):
        return False
    from primum.ethics.signing import find_trust
    from primum.study.released import verified_release

    verified_release(folder, trust=find_trust(trust))
    return True


def untrusted_lines(terminal: Terminal, people: Iterable[tuple[str, str, str]]) -> list[str]:
    """Return a line about each key that is on no list of trusted keys."""
    return [terminal.say("untrusted", name=name, role=role, public=key) for name, role, key in people]
