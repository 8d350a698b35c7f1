"""Pages of papers: one self-contained HTML file each, light and dark, made to be printed."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from primum.errors import InputError
from primum.ethics.papers.wording import listing, word
from primum.ethics.sentences import LANGUAGES


def page(template: str, lang: str, **values: object) -> str:
    """Return a page from a template; what a study says is escaped.

    Raises:
        InputError: `lang` is not known.
    """
    if lang not in LANGUAGES:
        raise InputError(f"lang: {lang!r} is not known; choose one of {', '.join(LANGUAGES)}.")
    return (
        _environment()
        .get_template(template)
        .render(
            lang=lang,
            html_lang="zh-CN" if lang == "zh" else "en",
            word=lambda key, **said: word(key, lang, **said),
            listing=lambda names: listing(names, lang),
            style=_style(),
            **values,
        )
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("primum.ethics.papers", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@cache
def _style() -> Markup:
    return Markup(files("primum.ethics.papers").joinpath("templates", "page.css").read_text(encoding="utf-8").strip())
