"""The options that several commands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Lang(StrEnum):
    """A language of messages and reports."""

    en = "en"
    zh = "zh"


AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout and nothing else there.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")]
Language = Annotated[Lang, typer.Option("--lang", help="Language of messages and report.", envvar="PRIMUM_LANG")]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY.PATH=VALUE", help="Override a study key; the value is read as YAML. Repeatable."
    ),
]
StudyName = Annotated[str, typer.Argument(metavar="STUDY", help="A study.yaml, or the name of a built-in study.")]
Out = Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Folder for the results.")]
Trust = Annotated[
    Path | None,
    typer.Option("--trust", metavar="FILE", help="List of trusted keys and their roles.", envvar="PRIMUM_TRUST"),
]
Database = Annotated[
    str | None,
    typer.Option(
        "--db",
        metavar="URL",
        help="The ledger: a file or an SQLAlchemy URL; left out: PRIMUM_LEDGER, else ledger.sqlite beside the runs.",
    ),
]
KeyFile = Annotated[Path, typer.Option("--key", metavar="FILE", help="Key file made by `primum keys new`.")]

BEGIN = "Begin"
TRAIN = "Train"
ASSESS = "Assess and judge"
OVERSEE = "Sign, release, keep record"
USE = "Use"
BUILT_IN = "What is built in"
