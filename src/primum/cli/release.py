"""`primum release`: from a judged and signed run to a Release."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Annotated, Any

import typer

from primum.cli.keyfiles import opened_key
from primum.cli.options import OVERSEE, AsJson, Database, Lang, Language, Quiet, Trust
from primum.cli.outcome import EXIT_CODES, verdict_lines
from primum.cli.releases import untrusted_lines
from primum.cli.terminal import Answer, Terminal
from primum.errors import ReleaseError, SignatureError

EXAMPLE = "primum release runs/heart --out releases/heart --key release.key"


def release(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="Folder of a finished and signed run.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the Release.")],
    key: Annotated[
        Path | None,
        typer.Option("--key", metavar="FILE", help="Key that signs the Release.", envvar="PRIMUM_RELEASE_KEY"),
    ] = None,
    trust: Trust = None,
    db: Database = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    lang: Language = Lang.en,
) -> Answer:
    """Build a Release: a signed folder with everything that answering needs, and nothing that can run code.

    Exit codes: 0 built; 4 the run is blocked; 2 signatures or files are lacking.
    """
    from primum.ethics.release import build_release
    from primum.ethics.signing import find_trust

    terminal = Terminal(as_json=as_json, quiet=quiet, lang=lang)
    blocked = _blocked(run)
    if blocked is not None:
        lines = [*verdict_lines(terminal, blocked, n_findings=0)[:-1], terminal.say("release_blocked", path=run)]
        return terminal.answer({**blocked, "ok": False, "out": None}, lines, exit_code=EXIT_CODES["block"])
    if key is None:
        raise SignatureError("--key: a Release is signed; name a key file, or set PRIMUM_RELEASE_KEY.")
    signing, listed = opened_key(key), find_trust(trust)
    ledger_folder = run.absolute().parent
    from primum.ethics.ledger import Draft, open_ledger

    with open_ledger(ledger_folder, given=db) as ledger:
        built = build_release(run, out, key=signing, trust=listed)
        about = {"study": built.manifest.study[:120], "run": built.manifest.run, "verdict": built.manifest.verdict}
        content = {**about, "key": signing.public, "files": len(built.manifest.files)}
        try:
            ledger.append_all([Draft(kind="release", subject=built.manifest.sha256, content=content)])
        except BaseException:
            shutil.rmtree(out)  # what is not on record was not released
            raise
    lines = [terminal.say("release_built", sha256=built.manifest.sha256)]
    lines += untrusted_lines(terminal, [(one.name, one.role, one.key) for one in built.untrusted])
    lines.append(terminal.say("written", path=out))
    value = {**about, "sha256": built.manifest.sha256, "expires": built.manifest.expires, "out": str(out)}
    return terminal.answer(value, lines)


def _blocked(run: Path) -> dict[str, Any] | None:
    """Return verdict.json's object where it says block."""
    path = run / "verdict.json"
    try:
        verdict = json.loads(path.read_text(encoding="utf-8"))
        return dict(verdict) if verdict["verdict"] == "block" else None
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise ReleaseError(f"{run}: no finished run there; give the folder that `primum run` wrote.") from exc


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(rich_help_panel=OVERSEE, epilog=f"Example: {EXAMPLE}")(release)
