"""`primum backbones`: the pretrained models that have a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from primum.cli.options import BUILT_IN, AsJson, Lang, Language, Quiet
from primum.cli.terminal import Answer, Terminal

if TYPE_CHECKING:
    from primum.model.backbones import Backbone
    from primum.model.image_backbones import ImageBackbone

EXAMPLE = "primum backbones"


def backbones(as_json: AsJson = False, quiet: Quiet = False, lang: Language = Lang.en) -> Answer:
    """List the built-in backbones of texts and images; any Hugging Face encoder's id or folder may be named as well."""
    from primum.model.backbones import BACKBONES
    from primum.model.image_backbones import IMAGE_BACKBONES

    terminal = Terminal(as_json=as_json, quiet=quiet, lang=lang)
    rows = [_row(BACKBONES.get(name)) for name in BACKBONES]
    rows += [_image_row(IMAGE_BACKBONES.get(name)) for name in IMAGE_BACKBONES]
    width = max((len(str(row["name"])) for row in rows), default=0)
    return terminal.answer({"backbones": rows}, [f"{row['name']:<{width}}  {row['about']}" for row in rows])


def _row(backbone: Backbone) -> dict[str, object]:
    return {
        "name": backbone.name,
        "reads": "text",
        "about": backbone.about,
        "parameters": backbone.parameters,
        "languages": list(backbone.languages),
        "licence": backbone.licence,
    }


def _image_row(backbone: ImageBackbone) -> dict[str, object]:
    return {
        "name": backbone.name,
        "reads": "image",
        "about": backbone.about,
        "parameters": backbone.parameters,
        "pretrained": backbone.pretrained,
        "licence": backbone.licence,
    }


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(rich_help_panel=BUILT_IN, epilog=f"Example: {EXAMPLE}")(backbones)
