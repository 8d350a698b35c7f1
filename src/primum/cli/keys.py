"""`primum keys new` and `primum keys show`: a person's key."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from primum.cli.keyfiles import new_passphrase
from primum.cli.options import OVERSEE, AsJson, Lang, Language, Quiet
from primum.cli.terminal import Answer, Terminal
from primum.errors import SignatureError

EXAMPLE_NEW = 'primum keys new ada.key --name "Ada Lovelace" --passphrase'
EXAMPLE_SHOW = "primum keys show ada.key"
_ROLES = "[clinical_lead]"


def new(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the key goes; nobody else may read it.")],
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="Of the person whose key it is.")],
    passphrase: Annotated[
        bool,
        typer.Option("--passphrase", help="Lock it: asks for a passphrase, or takes that in PRIMUM_KEY_PASSPHRASE."),
    ] = False,
    as_json: AsJson = False,
    quiet: Quiet = False,
    lang: Language = Lang.en,
) -> Answer:
    """Make a key (Ed25519) for one person, and print the line that lets others trust it."""
    from primum.ethics.signing import new_key

    terminal = Terminal(as_json=as_json, quiet=quiet, lang=lang)
    secret = new_passphrase() if passphrase else None
    if passphrase and secret is None:
        raise SignatureError("--passphrase: nobody is there to be asked; set PRIMUM_KEY_PASSPHRASE.")
    made = new_key(file, name=name, passphrase=secret)
    return _told(terminal, file, made.name, made.public)


def show(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A key file.")],
    as_json: AsJson = False,
    quiet: Quiet = False,
    lang: Language = Lang.en,
) -> Answer:
    """Print whose key it is, its public part, and the line that lets others trust it. No passphrase is needed."""
    from primum.ethics.signing.keys import public_of

    terminal = Terminal(as_json=as_json, quiet=quiet, lang=lang)
    name, public = public_of(file)
    return _told(terminal, file, name, public)


def _told(terminal: Terminal, file: Path, name: str, public: str) -> Answer:
    import json

    line = f'  - {{name: {json.dumps(name, ensure_ascii=False)}, key: "{public}", roles: {_ROLES}}}'
    lines = [terminal.say("key_of", name=name, path=file), terminal.say("key_trust"), line]
    return terminal.answer({"name": name, "public": public, "file": str(file)}, lines)


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(no_args_is_help=True, help="Make a key for a person, or show the public part of one.")
    group.command(epilog=f"Example: {EXAMPLE_NEW}")(new)
    group.command(epilog=f"Example: {EXAMPLE_SHOW}")(show)
    app.add_typer(group, name="keys", rich_help_panel=OVERSEE, epilog=f"Example: {EXAMPLE_NEW}")
