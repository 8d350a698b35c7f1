"""`primum sign`: a person's decision on a run or a Release."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from primum.cli.keyfiles import opened_key
from primum.cli.options import OVERSEE, AsJson, Database, KeyFile, Lang, Language, Quiet, Trust
from primum.cli.terminal import Answer, Terminal
from primum.errors import SignatureError

if TYPE_CHECKING:  # signatures are an optional part
    from primum.ethics.signing import Signature
    from primum.ethics.signing.signature import Subject

EXAMPLE = (
    'primum sign runs/heart --as clinical_lead --key ada.key --reason "Figures read; used as a second opinion only."'
)


class Decided(StrEnum):
    """What a person decides."""

    approve = "approve"
    refuse = "refuse"


def sign(
    target: Annotated[Path, typer.Argument(metavar="RUN_OR_RELEASE", help="Folder of a finished run or a Release.")],
    role: Annotated[str, typer.Option("--as", metavar="ROLE", help="In which role, e.g. clinical_lead.")],
    key: KeyFile,
    decision: Annotated[Decided, typer.Option("--decision", help="A refusal needs a reason.")] = Decided.approve,
    reason: Annotated[
        str, typer.Option("--reason", metavar="TEXT", help="Why. A verdict of review needs it too. No patient's words.")
    ] = "",
    trust: Trust = None,
    db: Database = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    lang: Language = Lang.en,
) -> Answer:
    """Sign a run or a Release: every byte of it, with role, name, decision, reason and time. The signature is kept
    beside, in `signatures`, and written to the ledger.
    """
    from primum.ethics.signing import find_trust, make_signature

    terminal = Terminal(as_json=as_json, quiet=quiet, lang=lang)
    subject, sha256 = _what(target)
    signing, listed = opened_key(key), find_trust(trust)
    made = make_signature(signing, subject=subject, sha256=sha256, role=role, decision=decision.value, reason=reason)
    path = _kept(target, made, db)
    trusted = listed is not None and listed.trusts(key=made.key, name=made.name, role=made.role)
    lines = [terminal.say(f"signed.{made.decision}", name=made.name, role=made.role, sha256=sha256)]
    if not trusted:
        lines.append(terminal.say("untrusted", name=made.name, role=made.role, public=made.key))
    lines.append(terminal.say("written", path=path))
    value = {**made.drafted(), "subject": subject, "sha256": sha256, "at": made.at, "trusted": trusted}
    return terminal.answer({**value, "out": str(path)}, lines)


def _what(target: Path) -> tuple[Subject, str]:
    """Return whether a folder is a run or a Release, and the hash that stands for its bytes."""
    from primum.ethics.release.layout import is_release
    from primum.ethics.signing import hash_files

    if is_release(target):
        from primum.ethics.release import release_id

        return "release", release_id(target)
    if not (target / "verdict.json").is_file():
        raise SignatureError(f"{target}: neither a finished run nor a Release is there; nothing was signed.")
    return "run", hash_files(target).sha256


def _kept(target: Path, made: Signature, db: str | None) -> Path:
    """Write the signature beside what it is about and to the ledger, or to neither, and return its file."""
    from primum.ethics.ledger import Draft, open_ledger
    from primum.ethics.signing import write_signature

    with open_ledger(target.absolute().parent, given=db) as ledger:
        path = write_signature(target, made)
        try:
            ledger.append_all([Draft(kind="signature", subject=made.sha256, content=made.drafted())])
        except BaseException:
            path.unlink()  # what is not on record was not signed
            raise
    return path


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(rich_help_panel=OVERSEE, epilog=f"Example: {EXAMPLE}")(sign)
