"""`primum people add`, `list` and `reset`: the accounts of the service, from its own terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from primum.cli.options import USE, AsJson, Lang, Language, Quiet
from primum.cli.terminal import Answer, Terminal
from primum.errors import ServiceError

if TYPE_CHECKING:  # the service is an optional part
    from primum.serve.people import People

EXAMPLE_ADD = 'primum people add "Dr. Ada Lovelace" --role clinician --db primum-serve.sqlite'
EXAMPLE_LIST = "primum people list --db primum-serve.sqlite"
EXAMPLE_RESET = 'primum people reset "Dr. Ada Lovelace" --db primum-serve.sqlite'
FIRST = "admin"
"""The name of the first account where nobody is at the terminal to choose one."""

ServiceDatabase = Annotated[
    str | None,
    typer.Option(
        "--db",
        metavar="URL",
        help="The service's database: a file or an SQLAlchemy URL; left out: PRIMUM_DB, else primum-serve.sqlite.",
    ),
]
Name = Annotated[str, typer.Argument(metavar="NAME", help="What the account goes by.")]


def add(
    name: Name,
    role: Annotated[
        str, typer.Option("--role", metavar="ROLE", help="clinician, reviewer, board, auditor or admin.")
    ] = "clinician",
    db: ServiceDatabase = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    lang: Language = Lang.en,
) -> Answer:
    """Make an account. Its password is asked for; where nobody can be asked, one is made that must be changed at first
    use, and it is printed once.
    """
    terminal = Terminal(as_json=as_json, quiet=quiet, lang=lang)
    asked = None if as_json or not sys.stdin.isatty() else _ask_password(terminal)
    with opened(db) as people:
        account, password = people.add(name, role, password=asked)
    return _told(terminal, account.name, account.role, None if asked else password)


def reset(
    name: Name,
    db: ServiceDatabase = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    lang: Language = Lang.en,
) -> Answer:
    """Give an account a password that must be changed at first use, and print it once. Its sessions end."""
    from primum.serve.people.keeper import TERMINAL

    terminal = Terminal(as_json=as_json, quiet=quiet, lang=lang)
    with opened(db) as people:
        account = people.accounts.named(name)
        if account is None:
            raise ServiceError(f"NAME: there is no account {name!r}; `primum people list` shows them all.")
        password = people.reset_password(account.id, by=TERMINAL)
    return _told(terminal, account.name, account.role, password)


def listed(
    db: ServiceDatabase = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    lang: Language = Lang.en,
) -> Answer:
    """List the accounts by name."""
    terminal = Terminal(as_json=as_json, quiet=quiet, lang=lang)
    with opened(db) as people:
        accounts = people.accounts.all()
    shown = [{"id": one.id, "name": one.name, "role": one.role, "active": one.active} for one in accounts]
    lines = [
        f"{one.name}  {one.role}" + ("" if one.active else f"  {terminal.say('people.closed')}") for one in accounts
    ]
    return terminal.answer({"people": shown}, lines or [terminal.say("people.none")])


def ensure_admin(people: People, terminal: Terminal) -> None:
    """Make the first account, an administrator's, where there is none yet.

    At a terminal its name and password are asked for. Elsewhere it is called `admin`, and a password that must be
    changed at first use is written to stderr once.
    """
    if people.accounts.all():
        return
    if not sys.stdin.isatty():
        _, password = people.add(FIRST, "admin")
        sys.stderr.write(terminal.say("people.first", name=FIRST, password=password) + "\n")
        return
    typer.echo(terminal.say("people.ask_first"), err=True)
    name = str(typer.prompt(terminal.say("people.name"), default=FIRST, err=True))
    people.add(name, "admin", password=_ask_password(terminal))


@contextmanager
def opened(db: str | None) -> Iterator[People]:
    """Yield the people of the service's database, who are written into its ledger."""
    from primum.ethics.ledger import Ledger
    from primum.serve.people import People, database_place

    place = database_place(db)
    with Ledger.open(place) as ledger:
        people = People.open(place, ledger=ledger)
        try:
            yield people
        finally:
            people.close()


def _ask_password(terminal: Terminal) -> str:
    return str(typer.prompt(terminal.say("people.password"), hide_input=True, confirmation_prompt=True, err=True))


def _told(terminal: Terminal, name: str, role: str, password: str | None) -> Answer:
    lines = [terminal.say("people.has", name=name, role=role)]
    lines += [] if password is None else [terminal.say("people.once", password=password)]
    return terminal.answer({"name": name, "role": role, "password": password}, lines)


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(no_args_is_help=True, help="The accounts of the service: who may use it, and in which role.")
    group.command(epilog=f"Example: {EXAMPLE_ADD}")(add)
    group.command("list", epilog=f"Example: {EXAMPLE_LIST}")(listed)
    group.command(epilog=f"Example: {EXAMPLE_RESET}")(reset)
    app.add_typer(group, name="people", rich_help_panel=USE, epilog=f"Example: {EXAMPLE_ADD}")
