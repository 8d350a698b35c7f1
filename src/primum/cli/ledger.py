"""`primum ledger show`, `verify` and `head`: the record, whether it is whole, and where it ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from primum.cli.options import OVERSEE, AsJson, Database, Lang, Language, Quiet, Trust
from primum.cli.outcome import EXIT_CODES
from primum.cli.terminal import Answer, Terminal
from primum.errors import LedgerError

if TYPE_CHECKING:  # the ledger is an optional part
    from primum.ethics.ledger import Head

EXAMPLE_SHOW = "primum ledger show --db runs/ledger.sqlite --last 20"
EXAMPLE_VERIFY = "primum ledger verify --db runs/ledger.sqlite --against head.json"
EXAMPLE_HEAD = "primum ledger head --db runs/ledger.sqlite --out head.json"
LEDGER_ROLE = "ledger"
"""The role of keys that sign the ledger's heads."""


def show(
    db: Database = None,
    kind: Annotated[str | None, typer.Option("--kind", metavar="KIND", help="Only entries of this kind.")] = None,
    subject: Annotated[
        str | None, typer.Option("--subject", metavar="SHA256", help="Only entries about this run, Release or Case.")
    ] = None,
    last: Annotated[int | None, typer.Option("--last", metavar="N", min=1, help="Only the last N entries.")] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    lang: Language = Lang.en,
) -> Answer:
    """List what happened, oldest first."""
    from primum.ethics.ledger import KINDS, open_ledger

    terminal = Terminal(as_json=as_json, quiet=quiet, lang=lang)
    if kind is not None:
        KINDS.get(kind)
    with open_ledger(None, given=db, create=False) as ledger:
        entries = ledger.entries(kind=kind, subject=subject, last=last)
    lines = [
        f"{entry.number}  {entry.at}  {entry.kind}  {entry.subject[:16]}  "
        + ", ".join(f"{name}={_short(value)}" for name, value in entry.content.items())
        for entry in entries
    ]
    return terminal.answer({"entries": [entry.to_json() for entry in entries]}, lines)


def verify(
    db: Database = None,
    against: Annotated[
        list[Path] | None,
        typer.Option("--against", metavar="FILE", help="A head exported earlier; shows whether the end was cut."),
    ] = None,
    trust: Trust = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    lang: Language = Lang.en,
) -> Answer:
    """Read every entry and name the first that was changed, removed, moved or inserted. With a list of trusted keys,
    the end must be signed by a key in the role `ledger`.

    Exit codes: 0 whole; 4 not.
    """
    from primum.ethics.ledger import open_ledger
    from primum.ethics.signing import find_trust

    terminal = Terminal(as_json=as_json, quiet=quiet, lang=lang)
    heads = [read_head(path) for path in against or ()]
    listed = find_trust(trust)
    keys = None if listed is None else {p.key for p in listed.people.values() if LEDGER_ROLE in p.roles}
    with open_ledger(None, given=db, create=False) as ledger:
        found = ledger.verify(against=heads, keys=keys or None)
    value = {"ok": found.ok, "entries": found.entries, "fault": found.fault, "number": found.number}
    said = "ledger_ok" if found.ok else f"ledger.fault.{found.fault}"
    signed = terminal.say("ledger_signed" if found.head.key else "ledger_not_signed", public=found.head.key)
    lines = [terminal.say(said, entries=found.entries, number=found.number)] + ([signed] if found.ok else [])
    return terminal.answer(
        {**value, "head": found.head.to_json()}, lines, exit_code=0 if found.ok else EXIT_CODES["block"]
    )


def head(
    db: Database = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="File to keep it in, elsewhere.")] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    lang: Language = Lang.en,
) -> Answer:
    """Say where the ledger ends. Kept in another place, it shows later whether the end was cut off."""
    from primum.ethics.ledger import open_ledger
    from primum.files import write_json

    terminal = Terminal(as_json=as_json, quiet=quiet, lang=lang)
    with open_ledger(None, given=db, create=False) as ledger:
        end = ledger.head()
    if out is not None:
        write_json(out, end.to_json())
    lines = [terminal.say("ledger_head", number=end.number, hash=end.hash)]
    lines += [] if out is None else [terminal.say("written", path=out)]
    return terminal.answer({**end.to_json(), "out": None if out is None else str(out)}, lines)


def read_head(path: Path) -> Head:
    """Return an exported head.

    Raises:
        LedgerError: the file holds none.
    """
    from primum.ethics.ledger import Head

    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        return Head(number=int(content["number"]), hash=str(content["hash"]))
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise LedgerError(f"{path}: not a head that `primum ledger head --out` wrote.") from exc


def _short(value: object) -> str:
    text = str(value)
    return f"{text[:12]}…" if len(text) == 64 and " " not in text else text


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(no_args_is_help=True, help="The record of everything that happened, and whether it is whole.")
    group.command(epilog=f"Example: {EXAMPLE_SHOW}")(show)
    group.command(epilog=f"Example: {EXAMPLE_VERIFY}")(verify)
    group.command(epilog=f"Example: {EXAMPLE_HEAD}")(head)
    app.add_typer(group, name="ledger", rich_help_panel=OVERSEE, epilog=f"Example: {EXAMPLE_SHOW}")
