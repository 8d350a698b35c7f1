"""The `primum` program: its commands, and what happens when one fails."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from importlib.metadata import version
from typing import Annotated

import typer
from click.exceptions import Abort, ClickException, UsageError

from primum.cli import (
    assess,
    backbones,
    check,
    deid,
    erase,
    explain,
    fetch,
    init,
    keys,
    ledger,
    mark,
    people,
    policies,
    predict,
    registry,
    release,
    report,
    run,
    search,
    serve,
    sign,
    studies,
    verify,
)
from primum.cli.failures import INPUT_WRONG, interrupted, report_failure
from primum.cli.terminal import Answer
from primum.errors import InputError
from primum.i18n import LANGUAGES, translate


def _show_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"primum {version('primum')}\n")
        raise typer.Exit


app = typer.Typer(
    name="primum",
    epilog="Example: primum run heart",
    no_args_is_help=True,
    suggest_commands=False,
    context_settings={"help_option_names": ["--help", "-h"]},
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)


@app.callback()
def _program(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and stop.")
    ] = False,
) -> None:
    """First, do no harm: from a labelled clinical cohort to a model with evidence, or to a refusal that says why."""


_COMMANDS = (init, check, run, search, assess, report, sign, release, verify, registry, ledger, keys)
for _command in (*_COMMANDS, predict, explain, fetch, mark, serve, people, deid, erase, studies, backbones, policies):
    _command.register(app)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code (0, 1, 2, 3, 4 or 130)."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in given and "--help" not in given
    lang = _language(given)
    answer: Answer | int | None = None
    try:
        # Only the answer may stand on stdout with --json, whatever a library prints.
        with redirect_stdout(sys.stderr if as_json else sys.stdout):
            answer = app(args=given, prog_name="primum", standalone_mode=False)
    except UsageError as exc:
        return _usage(exc, given, as_json=as_json, lang=lang)
    except (KeyboardInterrupt, Abort):
        return interrupted(given, lang=lang)
    except ClickException as exc:
        return report_failure(InputError(exc.format_message()), as_json=as_json, lang=lang)
    except BrokenPipeError:
        return _reader_left()
    except Exception as exc:
        return report_failure(exc, as_json=as_json, lang=lang)
    if not isinstance(answer, Answer):
        return answer or 0
    if answer.text:
        sys.stdout.write(answer.text + "\n")
        sys.stdout.flush()
    return answer.exit_code


def _usage(exc: UsageError, given: Sequence[str], *, as_json: bool, lang: str) -> int:
    if type(exc).__name__ == "NoArgsIsHelpError":
        sys.stdout.write(exc.format_message() + "\n")
        return INPUT_WRONG
    command = exc.ctx.info_name if exc.ctx is not None and exc.ctx.parent is not None else None
    fault = exc.format_message()
    fault = fault if fault.endswith(("?", ".")) else f"{fault}."
    said = translate("usage", lang, message=fault, command=f"{command} " if command else "")
    return report_failure(InputError(said), as_json=as_json, lang=lang)


def _language(given: Sequence[str]) -> str:
    """Return the language for failures, which may come before the options are parsed."""
    chosen = os.environ.get("PRIMUM_LANG", "en")
    for place, word in enumerate(given):
        if word == "--lang" and place + 1 < len(given):
            chosen = given[place + 1]
        elif word.startswith("--lang="):
            chosen = word.removeprefix("--lang=")
    return chosen if chosen in LANGUAGES else "en"


def _reader_left() -> int:
    # Python would complain again when it flushes stdout at exit.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0
