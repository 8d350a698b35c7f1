"""`primum serve`: the service for programs and people, over signed Releases."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import ValidationError

from primum.cli.options import USE, AsJson, Lang, Language, Quiet, Trust
from primum.cli.people import ServiceDatabase, ensure_admin
from primum.cli.terminal import Answer, Terminal
from primum.errors import InputError
from primum.extras import require

if TYPE_CHECKING:  # the service is an optional part
    from primum.serve.settings import Settings

EXAMPLE = "primum serve releases/heart --trust trust.yaml"


def serve(
    releases: Annotated[
        list[Path], typer.Argument(metavar="RELEASE...", help="Folders of Releases; the first answers by default.")
    ],
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", help="Port to listen on.")] = 8000,
    db: ServiceDatabase = None,
    trust: Trust = None,
    any_key: Annotated[
        bool, typer.Option("--any-key", help="Serve Releases whose signers are on no list. For trying out only.")
    ] = False,
    key_file: Annotated[
        str,
        typer.Option(
            "--key-file",
            metavar="WHERE",
            help="Master keys that encrypt Cases: a file, env:NAME or command:PROGRAM; a file that is not there is "
            "made.",
            envvar="PRIMUM_CASE_KEYS",
        ),
    ] = "primum-serve.key",
    signing_key: Annotated[
        Path | None,
        typer.Option("--signing-key", metavar="FILE", help="Key file of the service; signs answers and the ledger."),
    ] = None,
    tls_cert: Annotated[Path | None, typer.Option("--tls-cert", metavar="FILE", help="Certificate chain.")] = None,
    tls_key: Annotated[Path | None, typer.Option("--tls-key", metavar="FILE", help="Its private key.")] = None,
    behind_tls: Annotated[
        bool, typer.Option("--behind-tls", help="A proxy in front speaks TLS; cookies then go over nothing else.")
    ] = False,
    threads: Annotated[int, typer.Option("--threads", help="Questions that are answered at the same time.")] = 1,
    queue: Annotated[
        int, typer.Option("--queue", help="Questions that may wait; beyond them the answer is 429.")
    ] = 256,
    timeout: Annotated[float, typer.Option("--timeout", help="Seconds a question may take; then 503.")] = 30.0,
    image_megabytes: Annotated[
        float, typer.Option("--image-megabytes", help="Largest image file, in millions of bytes; beyond it 413.")
    ] = 20.0,
    retention_days: Annotated[
        int | None, typer.Option("--retention-days", help="Erase the content of Cases after so many days.")
    ] = None,
    second_reader: Annotated[
        bool, typer.Option("--second-reader", help="Held Cases are decided by two different reviewers.")
    ] = False,
    sso: Annotated[
        Path | None,
        typer.Option("--sso", metavar="FILE", help="The hospital's own sign-on (OpenID Connect), described in a file."),
    ] = None,
    traces_to: Annotated[
        str | None,
        typer.Option("--traces-to", metavar="URL", help="Collector for spans of requests, OTLP over HTTP; else none."),
    ] = None,
    as_json: AsJson = False,
    quiet: Quiet = False,
    lang: Language = Lang.en,
) -> Answer:
    """Serve verified Releases: guarded answers over HTTP, Cases kept encrypted and in the ledger, a page for people.

    Without options: one SQLite file, a key file beside it, plain HTTP on this machine alone. The first account, an
    administrator's, is made at the terminal.
    """
    terminal = Terminal(as_json=as_json, quiet=quiet, lang=lang)
    require("fastapi", extra="serve", purpose="The service")
    from primum.serve.people import database_place

    settings = _settings(
        releases=tuple(releases),
        host=host,
        port=port,
        db=database_place(db),
        trust=trust,
        any_key=any_key,
        keys=key_file,
        signing_key=signing_key,
        tls_cert=tls_cert,
        tls_key=tls_key,
        behind_tls=behind_tls,
        threads=threads,
        queue=queue,
        timeout_s=timeout,
        image_megabytes=image_megabytes,
        retention_days=retention_days,
        second_reader=second_reader,
        sso=sso,
        traces_to=traces_to,
    )
    return _run(settings, terminal)


def _settings(**given: Any) -> Settings:
    from primum.serve.settings import Settings

    try:
        return Settings(**given)
    except ValidationError as exc:
        first = exc.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "options"
        raise InputError(f"--{place.replace('_', '-')}: {first['msg'].removeprefix('Value error, ')}.") from exc


def _run(settings: Settings, terminal: Terminal) -> Answer:
    uvicorn = require("uvicorn", extra="serve", purpose="The service")
    from primum.serve.app import create_app

    level = logging.WARNING if terminal.quiet else logging.INFO
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for name in ("alembic", "uvicorn"):
        logging.getLogger(name).setLevel(logging.WARNING)
    app = create_app(settings)
    ensure_admin(app.state.people, terminal)
    url = f"{'https' if settings.tls_cert else 'http'}://{settings.host}:{settings.port}"
    if not terminal.quiet:
        sys.stderr.write(terminal.say("serve.begins", url=url) + "\n")
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        ssl_certfile=settings.tls_cert,
        ssl_keyfile=settings.tls_key,
        log_config=None,
        access_log=False,  # the service's own names the route, and never the address that was typed
        server_header=False,
        proxy_headers=settings.behind_tls,
        timeout_graceful_shutdown=max(int(settings.drain_s), 1),
    )
    server = uvicorn.Server(config)
    try:
        server.run()
    except SystemExit:  # how it says that it could not begin
        pass
    if not server.started:
        raise InputError(f"--port: {settings.host}:{settings.port} cannot be listened on; choose another.")
    return terminal.answer({"url": url}, [])


def register(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command(rich_help_panel=USE, epilog=f"Example: {EXAMPLE}")(serve)
