"""`primum registry add`, `promote`, `rollback`, `fetch` and `show`: which Release is in use, and who put it there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from primum.cli.keyfiles import opened_key
from primum.cli.options import OVERSEE, AsJson, Database, KeyFile, Lang, Language, Quiet, Trust
from primum.cli.terminal import Answer, Terminal

if TYPE_CHECKING:  # signatures are an optional part
    from primum.ethics.release import Change

EXAMPLES = {
    "add": "primum registry add releases/heart --registry registry",
    "promote": "primum registry promote SHA256 --registry registry --key ada.key",
    "rollback": "primum registry rollback --registry registry --key ada.key",
    "fetch": "primum registry fetch --registry registry --out in-use",
    "show": "primum registry show --registry registry",
}
Place = Annotated[
    str,
    typer.Option(
        "--registry", metavar="URL", help="Folder, or any fsspec URL, of the registry.", envvar="PRIMUM_REGISTRY"
    ),
]
Channel = Annotated[str, typer.Option("--channel", metavar="NAME", help="What uses the Release.")]


def add(
    release: Annotated[Path, typer.Argument(metavar="RELEASE", help="Folder of a Release.")],
    registry: Place,
    trust: Trust = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    lang: Language = Lang.en,
) -> Answer:
    """Verify a Release and keep it in the registry, under its SHA-256."""
    from primum.ethics.release import ReleaseRegistry
    from primum.ethics.signing import find_trust

    terminal = Terminal(as_json=as_json, quiet=quiet, lang=lang)
    sha256 = ReleaseRegistry(registry).add(release, trust=find_trust(trust))
    value = {"sha256": sha256, "registry": registry}
    return terminal.answer(value, [terminal.say("registry_added", sha256=sha256, path=registry)])


def promote(
    sha256: Annotated[str, typer.Argument(metavar="SHA256", help="The Release, as `registry add` printed it.")],
    registry: Place,
    key: KeyFile,
    channel: Channel = "production",
    trust: Trust = None,
    db: Database = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    lang: Language = Lang.en,
) -> Answer:
    """Put a Release into use, or propose it: its policy says how many different people have to ask for it."""
    from primum.ethics.release import ReleaseRegistry
    from primum.ethics.signing import find_trust

    terminal = Terminal(as_json=as_json, quiet=quiet, lang=lang)
    signing, listed = opened_key(key), find_trust(trust)
    kept = ReleaseRegistry(registry)
    change = kept.promote(sha256, channel=channel, key=signing, trust=listed)
    return _told(terminal, change, registry, db)


def rollback(
    registry: Place,
    key: KeyFile,
    channel: Channel = "production",
    trust: Trust = None,
    db: Database = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    lang: Language = Lang.en,
) -> Answer:
    """Go back to the Release that was in use before, or propose it."""
    from primum.ethics.release import ReleaseRegistry
    from primum.ethics.signing import find_trust

    terminal = Terminal(as_json=as_json, quiet=quiet, lang=lang)
    change = ReleaseRegistry(registry).roll_back(channel=channel, key=opened_key(key), trust=find_trust(trust))
    return _told(terminal, change, registry, db)


def fetch(
    registry: Place,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Empty folder for the Release.")],
    channel: Channel = "production",
    trust: Trust = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    lang: Language = Lang.en,
) -> Answer:
    """Copy the Release in use to a folder and verify it there."""
    from primum.errors import ReleaseError
    from primum.ethics.release import ReleaseRegistry
    from primum.ethics.signing import find_trust

    terminal = Terminal(as_json=as_json, quiet=quiet, lang=lang)
    kept = ReleaseRegistry(registry)
    current = kept.current(channel)
    if current is None:
        raise ReleaseError(f"{registry}: {terminal.say('registry_nothing', channel=channel)}")
    kept.fetch(current, out, trust=find_trust(trust))
    lines = [terminal.say("registry_current", channel=channel, sha256=current), terminal.say("written", path=out)]
    return terminal.answer({"sha256": current, "channel": channel, "out": str(out)}, lines)


def show(
    registry: Place,
    channel: Channel = "production",
    as_json: AsJson = False,
    quiet: Quiet = False,
    lang: Language = Lang.en,
) -> Answer:
    """Say which Release is in use and list who asked for what, oldest first."""
    from dataclasses import asdict

    from primum.ethics.release import ReleaseRegistry

    terminal = Terminal(as_json=as_json, quiet=quiet, lang=lang)
    kept = ReleaseRegistry(registry)
    current, events = kept.current(channel), kept.history()
    said = "registry_nothing" if current is None else "registry_current"
    lines = [terminal.say(said, channel=channel, sha256=current)]
    lines += [terminal.say("registry_event", sha256=one.release[:16], **_shown(asdict(one))) for one in events]
    return terminal.answer({"channel": channel, "current": current, "events": [asdict(one) for one in events]}, lines)


def _shown(event: dict[str, object]) -> dict[str, object]:
    return {name: event[name] for name in ("number", "at", "action", "channel", "name")}


def _told(terminal: Terminal, change: Change, registry: str, db: str | None) -> Answer:
    """Write a change to the ledger beside the registry and say what came of it."""
    from primum.ethics.ledger import Draft, record

    event = change.event
    content: dict[str, str | int] = {
        "action": event.action,
        "channel": event.channel,
        "name": event.name,
        "key": event.key,
    }
    content |= {"event": event.sha256, "effective": int(change.effective)}
    beside = Path("runs") if "://" in registry else Path(registry).absolute().parent
    record(beside, [Draft(kind="deployment", subject=event.release, content=content)], given=db)
    said = "registry_effective" if change.effective else "registry_proposed"
    line = terminal.say(said, name=event.name, sha256=event.release, channel=event.channel, missing=change.missing)
    return terminal.answer({**content, "sha256": event.release, "missing": change.missing}, [line])


def register(app: typer.Typer) -> None:
    """Add the commands to the program."""
    group = typer.Typer(no_args_is_help=True, help="Keep Releases, put one into use, take it back.")
    for command in (add, promote, rollback, fetch, show):
        group.command(epilog=f"Example: {EXAMPLES[command.__name__]}")(command)
    app.add_typer(group, name="registry", rich_help_panel=OVERSEE, epilog=f"Example: {EXAMPLES['show']}")
