"""Opening a key file at the command line: a passphrase is asked for, or taken from the environment; never an option."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:  # signatures are an optional part
    from primum.ethics.signing import SigningKey


def opened_key(path: Path) -> SigningKey:
    """Return the key of a file; where it is locked and a person is at the terminal, the passphrase is asked for.

    Raises:
        SignatureError: no key file, open to others, or it does not open.
    """
    from primum.ethics.signing import load_key
    from primum.ethics.signing.keys import PASSPHRASE_VARIABLE, is_locked

    passphrase = None
    if is_locked(path) and not os.environ.get(PASSPHRASE_VARIABLE) and sys.stdin.isatty():
        passphrase = typer.prompt(f"Passphrase of {path}", hide_input=True, err=True)
    return load_key(path, passphrase=passphrase)


def new_passphrase() -> str | None:
    """Return the passphrase for a new key, asked twice or from the environment; None where nobody can be asked."""
    from primum.ethics.signing.keys import PASSPHRASE_VARIABLE

    given = os.environ.get(PASSPHRASE_VARIABLE)
    if given or not sys.stdin.isatty():
        return given or None
    return str(typer.prompt("Passphrase of the new key", hide_input=True, confirmation_prompt=True, err=True))
