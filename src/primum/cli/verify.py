"""`primum verify`: whether a Release may be used."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from primum.cli.options import OVERSEE, AsJson, Lang, Language, Quiet, Trust
from primum.cli.outcome import EXIT_CODES
from primum.cli.releases import untrusted_lines
from primum.cli.terminal import Answer, Terminal

EXAMPLE = "primum verify releases/heart --trust trust.yaml"


def verify(
    release: Annotated[Path, typer.Argument(metavar="RELEASE", help="Folder of a Release.")],
    trust: Trust = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    lang: Language = Lang.en,
) -> Answer:
    """Check every byte, every signature, the verdict and the date of a Release. Needs no training library.

    Exit codes: 0 it may be used; 4 it must not (altered, unsigned, refused, blocked or expired); 2 there is none.
    """
    from primum.ethics.release import verify_release
    from primum.ethics.signing import find_trust
    from primum.study.released import fault_sentence

    terminal = Terminal(as_json=as_json, quiet=quiet, lang=lang)
    listed = find_trust(trust)
    found = verify_release(release, trust=listed)
    faults = [fault_sentence(fault, lang.value) for fault in found.faults]
    value = {
        "ok": found.ok,
        "sha256": None if found.manifest is None else found.manifest.sha256,
        "verdict": None if found.manifest is None else found.manifest.verdict,
        "expires": None if found.manifest is None else found.manifest.expires,
        "trust": listed is not None,
        "faults": [{"kind": f.kind, **f.values, "sentence": s} for f, s in zip(found.faults, faults, strict=True)],
        "signatures": [{"role": one.role, "name": one.name, "decision": one.decision} for one in found.signatures],
        "untrusted": [{"name": name, "role": role, "key": key} for name, role, key in found.untrusted],
    }
    lines = [terminal.say("verify_failed", path=release), *(f"  {one}" for one in faults)]
    if found.ok and found.manifest is not None:
        lines = [terminal.say("verify_ok", path=release, sha256=found.manifest.sha256)]
        lines += [
            terminal.say(f"signed.{one.decision}", name=one.name, role=one.role, sha256=one.sha256)
            for one in found.signatures
        ]
    lines += [] if listed is not None else [terminal.say("no_trust")]
    lines += untrusted_lines(terminal, found.untrusted)
    return terminal.answer(value, lines, exit_code=0 if found.ok else EXIT_CODES["block"])


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(rich_help_panel=OVERSEE, epilog=f"Example: {EXAMPLE}")(verify)
